"""``tunas export``: the architecture that a search found, without torch."""

from pathlib import Path

import click

from tunas_dsl import documents
from tunas_dsl.architecture_json import architecture_document, read_architecture
from tunas_dsl.bundle import read_bundle
from tunas_dsl.ir.selection import prune
from tunas_dsl.search.run import RunFolder
from tunas_dsl.unparse import unparse


@click.command("export")
@click.argument("run", type=click.Path(exists=True, path_type=Path), metavar="RUN|ARCH")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="The file to write.")
@click.option(
    "--format",
    type=click.Choice(["json", "indices", "space"]),
    default="json",
    show_default=True,
    help="What to write.",
)
def command(run: Path, output: Path | None, format: str) -> None:
    """Write the most probable architecture of a search, or an architecture in another format."""
    text = _of_run(run, format) if run.is_dir() else _of_file(run, format)
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")


def _of_run(path: Path, format: str) -> str:
    run = RunFolder.open(path)
    bundle = read_bundle(run.bundle)
    indices = run.found(bundle.space)
    if format == "indices":
        return _vector(indices)
    network = unparse(prune(bundle.space, indices))
    if format == "space":
        return network
    origin = {"space": bundle.space.name, "sha256": bundle.sha256, "run": path.resolve().name}
    model = bundle.models.get(run.cost)
    return documents.dump(
        architecture_document(bundle.space, indices, model=model, origin=origin, network_text=network)
    )


def _of_file(path: Path, format: str) -> str:
    document = read_architecture(path)
    if format == "indices":
        return _vector(document.indices)
    return document.network if format == "space" else path.read_text(encoding="utf-8")


def _vector(indices: tuple[int, ...]) -> str:
    return ":".join(map(str, indices)) + "\n"
