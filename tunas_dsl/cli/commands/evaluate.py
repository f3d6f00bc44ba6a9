"""``tunas evaluate``: how good a trained architecture is."""

from functools import partial
from pathlib import Path

import attrs
import click

from tunas_dsl.backend import load_backend
from tunas_dsl.cli.commands.train import sentence
from tunas_dsl.cli.options import accept_changed_data as accept_option
from tunas_dsl.cli.options import data as data_option
from tunas_dsl.cli.options import device as device_option
from tunas_dsl.cli.options import output_format
from tunas_dsl.cli.options import threads as threads_option
from tunas_dsl.runs.data_place import absolute_place
from tunas_dsl.storage import documents
from tunas_dsl.training.network import trained_network
from tunas_dsl.training.progress import Part
from tunas_dsl.training.run import TrainingFolder

_LIKELY = 5
"""How many classes of a picture are shown."""


@click.command("evaluate")
@click.argument("run", type=click.Path(exists=True, path_type=Path))
@click.option("--test", is_flag=True, help="On the test images instead of the validation images.")
@click.option(
    "--image",
    "images",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Say what this picture shows, instead; may be given several times.",
)
@data_option
@accept_option
@device_option
@threads_option
@output_format
def command(
    run: Path,
    test: bool,
    images: tuple[Path, ...],
    data: str | None,
    accept_changed_data: bool,
    device: str,
    threads: int | None,
    format: str,
) -> None:
    """Evaluate what `tunas train` left in RUN, as of its last checkpoint, on all validation images.

    With --data the same images are found at another place.
    """
    folder = attrs.evolve(TrainingFolder.open(run), accept_changed_data=accept_changed_data)
    if data is not None:
        folder = attrs.evolve(folder, data=absolute_place(data))
    if images:
        _classify(folder, images, device, threads, format)
        return
    network = trained_network(folder)
    split: Part = "test" if test else "validation"
    found = load_backend().evaluate(
        network, folder, split=split, device=device, threads=threads, tell=partial(click.echo, err=True)
    )
    if format == "json":
        click.echo(documents.dump(attrs.asdict(found)), nl=False)
    else:
        click.echo(sentence(found))


def _classify(
    folder: TrainingFolder, images: tuple[Path, ...], device: str, threads: int | None, format: str
) -> None:
    """Say of each of ``images`` what it shows, with the probabilities of the likeliest classes."""
    backend = load_backend()
    found = {str(image): backend.classify(folder, image, device=device, threads=threads) for image in images}
    if format == "json":
        click.echo(documents.dump({image: dict(classes) for image, classes in found.items()}), nl=False)
        return
    for image, classes in found.items():
        likely = ", ".join(f"{name} {probability:.4f}" for name, probability in classes[:_LIKELY])
        click.echo(f"{image}: {likely}")
