"""``tunas export``: the architecture that a search found, in the formats of this and of other programs."""

from collections.abc import Callable
from pathlib import Path
from typing import cast

import click

from tunas_dsl.api.subjects import load_subject
from tunas_dsl.backend import ExportFormat, load_backend
from tunas_dsl.cli.options import FiniteRange
from tunas_dsl.errors import NotInSpace
from tunas_dsl.exchange.architecture_json import architecture_document, read_architecture
from tunas_dsl.exchange.bundle import Bundle, read_bundle, source_sha256
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import prune
from tunas_dsl.language.compiler import compile_text
from tunas_dsl.language.unparse import unparse
from tunas_dsl.runs.folder import check_folder
from tunas_dsl.search.on_target import on_target
from tunas_dsl.search.run import RunFolder
from tunas_dsl.storage import documents
from tunas_dsl.storage.files import write_atomically

Choice = Callable[[RunFolder, Bundle], tuple[int, ...]]


@click.command("export")
@click.argument("run", type=click.Path(exists=True, path_type=Path), metavar="RUN|ARCH")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="The file to write.")
@click.option(
    "--format",
    type=click.Choice(["json", "indices", "space", "python", "onnx", "executorch"]),
    default="json",
    show_default=True,
    help="What to write.",
)
@click.option("--on-target", is_flag=True, help="The most probable architecture of those on target instead.")
@click.option(
    "--within",
    type=FiniteRange(min=0),
    help="How far from the target, in ms (with macs: in millions).  [default: 1 % of the target]",
)
@click.option(
    "--pick",
    type=click.Choice(["argmax", "best"]),
    help="The most probable option of each decision, whatever they cost; or of a search with --quality the "
    "best evaluated of those at most at the target.  [default: what the search ended with]",
)
def command(
    run: Path, output: Path | None, format: str, on_target: bool, within: float | None, pick: str | None
) -> None:
    """Write what a search found, or an architecture in another format.

    A search ends with the architecture to whose decisions the policy gives the highest probability, of all
    that are within 1 % of the target, or else nearest to it; where its quality has no noise, with the best
    that was evaluated. --on-target and --within take another distance. The most probable options,
    each taken alone, may miss the target: --pick argmax writes them.

    RUN is the folder of a search or of a training, ARCH an architecture as JSON or as a
    .space file without decisions. python, onnx and executorch are networks that run without this
    program, with the weights of a training, or initial ones.
    """
    if within is not None and not on_target:
        raise click.UsageError("--within belongs to --on-target")
    if on_target and not run.is_dir():
        raise click.UsageError("--on-target takes the folder of a search")
    if pick == "best" and (on_target or not run.is_dir()):
        raise click.UsageError("--pick best takes the folder of a search, and excludes --on-target")
    choose = _choice(within, "on-target" if on_target else pick)
    if format in ("python", "onnx", "executorch"):
        _network(run, output, format, choose)
        return
    text = _of_run(run, format, choose) if run.is_dir() else _of_file(run, format)
    if output is None:
        click.echo(text, nl=False)
    else:
        write_atomically(output, text)


def _network(run: Path, output: Path | None, format: str, choose: Choice) -> None:
    if output is None:
        raise click.UsageError(f"--format {format} writes a file: name it with -o")
    if run.is_dir():
        check_folder(run)
    weights = run / "weights.safetensors" if (run / "weights.safetensors").is_file() else None
    text = _of_run(run, "space", choose) if run.is_dir() and weights is None else None
    if text is not None:
        architecture = compile_text(text, str(run))
    else:
        architecture = load_subject(str(run / "architecture.json" if weights else run)).space
    _check_decided(architecture, run)
    said = load_backend().export(architecture, cast(ExportFormat, format), output, weights)
    click.echo(said, err=True)


def _of_run(path: Path, format: str, choose: Choice) -> str:
    run = RunFolder.open(path)
    bundle = read_bundle(run.bundle)
    indices = choose(run, bundle)
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


def _choice(within: float | None, how: str | None) -> Choice:
    """What of a search is exported."""
    if how == "on-target":
        return lambda run, bundle: _on_target(run, bundle, within)
    if how == "best":
        return lambda run, bundle: run.best_evaluated(bundle.space)
    if how == "argmax":
        return lambda run, bundle: _argmax(run, bundle)
    return lambda run, bundle: run.found(bundle.space, run.costs(bundle))


def _argmax(run: RunFolder, bundle: Bundle) -> tuple[int, ...]:
    """The most probable architecture; of a baseline, which has no policy, what it ended with."""
    if run.algorithm == "reinforce":
        return run.most_probable(bundle.space)
    return run.found(bundle.space, run.costs(bundle))


def _on_target(run: RunFolder, bundle: Bundle, within: float | None) -> tuple[int, ...]:
    """The most probable architecture within so much of the target; it and the argmax are told of."""
    found = on_target(run, bundle.space, run.costs(bundle), within)
    for name, point in (("argmax", found.argmax), ("on target", found.on_target)):
        gap = point.cost - run.settings.target
        click.echo(
            f"{name}: {point.cost:.4f} {found.unit}, {gap:+.4f} from the target, "
            f"probability {point.probability:.3g}, {':'.join(map(str, point.indices))}",
            err=True,
        )
    return found.on_target.indices


def _of_file(path: Path, format: str) -> str:
    if path.suffix == ".space":
        return _of_network(path, format)
    document = read_architecture(path)
    if format == "indices":
        return _vector(document.indices)
    return document.network if format == "space" else path.read_text(encoding="utf-8")


def _of_network(path: Path, format: str) -> str:
    """A .space file in which nothing is left to decide, in ``format``."""
    subject = load_subject(str(path))
    _check_decided(subject.space, path)
    indices = (0,) * len(subject.space.decisions)
    if format == "indices":
        return _vector(indices)
    network = unparse(prune(subject.space, indices))
    if format == "space":
        return network
    origin = {"space": subject.space.name, "sha256": source_sha256(subject.text)}
    return documents.dump(
        architecture_document(subject.space, indices, model=None, origin=origin, network_text=network)
    )


def _check_decided(space: ir.Space, path: Path) -> None:
    if not space.is_architecture:
        raise NotInSpace(
            f"{path} is a space with decisions: name the folder of a search in it or an architecture, "
            f"or draw architectures with `tunas sample {path}`"
        )


def _vector(indices: tuple[int, ...]) -> str:
    return ":".join(map(str, indices)) + "\n"
