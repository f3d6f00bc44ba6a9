"""``tunas train``: one architecture trained alone, and the resumption of that."""

from pathlib import Path
from typing import Any

import attrs
import click

from tunas_dsl.api.subjects import load_indices, load_subject
from tunas_dsl.api.training import create_training, reopen_training
from tunas_dsl.backend import load_backend
from tunas_dsl.cli.display.progress import Reporter, training_line
from tunas_dsl.cli.holding import hold_folder
from tunas_dsl.cli.options import accept_changed_data as accept_option
from tunas_dsl.cli.options import data as data_option
from tunas_dsl.cli.options import device as device_option
from tunas_dsl.cli.options import keep_checkpoints as keep_option
from tunas_dsl.cli.options import threads as threads_option
from tunas_dsl.cli.options.completion import complete_space
from tunas_dsl.cli.options.settings import settings_options
from tunas_dsl.cli.run_folders import end_interrupted, needed, until_ctrl_c
from tunas_dsl.exchange.architecture_json import read_architecture
from tunas_dsl.exchange.bundle import source_sha256
from tunas_dsl.ir import space as ir
from tunas_dsl.language.compiler import compile_text
from tunas_dsl.runs.ranks import alone
from tunas_dsl.training.network import architecture_text
from tunas_dsl.training.progress import Evaluation, TrainingOutcome
from tunas_dsl.training.recipe import PRESETS
from tunas_dsl.training.run import TrainingFolder
from tunas_dsl.training.settings import TrainingSettings


@click.command("train")
@click.argument("space", required=False, metavar="ARCH|SPACE", shell_complete=complete_space)
@click.argument("architecture", required=False, metavar="[ARCH]")
@data_option
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The run folder.")
@click.option("--resume", is_flag=True, help="Go on with the training in the run folder.")
@accept_option
@keep_option
@device_option
@threads_option
@click.option(
    "--preset", type=click.Choice(PRESETS), help="The paper's recipe for so many epochs, with its dropout."
)
@click.option("--test", is_flag=True, help="At the end, evaluate on the test images too.")
@settings_options(TrainingSettings)
def command(
    space: str | None,
    architecture: str | None,
    data: str | None,
    output: Path,
    resume: bool,
    accept_changed_data: bool,
    keep: int,
    device: str,
    threads: int | None,
    preset: str | None,
    test: bool,
    **given: Any,
) -> None:
    """Train ARCH from scratch: an architecture as JSON, a .space file without decisions, or one of SPACE.

    In SPACE, ARCH is an index vector such as 0:2:1 or a file. A resumed training keeps the
    architecture and the settings that it began with; with --data it finds the same images at another place.
    """
    alone("a training")
    settings = {name: setting for name, setting in given.items() if setting is not None}
    if resume:
        network, run = _reopened(output, space, architecture, data, preset, settings)
    else:
        network, run = _created(output, space, architecture, data, preset, settings)
    click.echo(
        f"training {network.name} with {run.data}, seed {run.settings.seed}, into {run.path}", err=True
    )
    run = attrs.evolve(run, keep=keep, accept_changed_data=accept_changed_data)
    _finish(_train(network, run, test, resume, device, threads), run)


def _train(
    network: ir.Space, run: TrainingFolder, test: bool, resume: bool, device: str, threads: int | None
) -> TrainingOutcome | None:
    """The outcome; nothing after a second Ctrl-C."""
    with until_ctrl_c(run.path, resume), Reporter(training_line) as reporter:
        return load_backend().train(
            network,
            run,
            test=test,
            resume=resume,
            report=reporter.report,
            tell=reporter.tell,
            device=device,
            threads=threads,
        )
    return None


def _created(
    output: Path,
    space: str | None,
    architecture: str | None,
    data: str | None,
    preset: str | None,
    given: dict[str, Any],
) -> tuple[ir.Space, TrainingFolder]:
    length = given.get("epochs", given.get("steps", preset))
    needed("training", ARCH=space, data=data, **{"epochs, --steps or --preset": length})
    return create_training(
        output, _architecture(str(space), architecture)[1], str(data), preset, given, hold_folder
    )


def _reopened(
    output: Path,
    space: str | None,
    architecture: str | None,
    data: str | None,
    preset: str | None,
    given: dict[str, Any],
) -> tuple[ir.Space, TrainingFolder]:
    named = None if space is None else (architecture or space, _architecture(space, architecture)[0])
    return reopen_training(output, named, data, preset, given, hold_folder)


def _architecture(space: str, architecture: str | None) -> tuple[ir.Space, str]:
    """The network, and the document about it, which names the space that it is from."""
    if architecture is None and space.endswith(".json"):
        network = read_architecture(Path(space)).network
        return compile_text(network, space), Path(space).read_text(encoding="utf-8")
    subject = load_subject(space)
    indices = load_indices(subject.space, architecture)
    document = architecture_text(subject.space, indices, source_sha256(subject.text))
    return compile_text(read_architecture(document).network), document


def _finish(outcome: TrainingOutcome | None, run: TrainingFolder) -> None:
    if outcome is None or outcome.status == "interrupted":
        end_interrupted(run.path, None if outcome is None else outcome.step, "tunas train")
    click.echo(f"trained {outcome.step} steps, {outcome.epochs:.4g} epochs; the run is in {run.path}")
    for evaluation in (outcome.validation, outcome.test):
        if evaluation is not None:
            click.echo(sentence(evaluation))


def sentence(evaluation: Evaluation) -> str:
    """An evaluation in words."""
    return (
        f"{evaluation.split} accuracy {evaluation.accuracy:.4f}, loss {evaluation.loss:.4f}, "
        f"on {evaluation.images:,} images"
    )
