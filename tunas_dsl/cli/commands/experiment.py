"""``tunas experiment``: an experiment of the paper, run, kept, and tabulated."""

import sys
from pathlib import Path

import click

from tunas_dsl import __version__
from tunas_dsl.experiments.conduct import Trial, conduct
from tunas_dsl.experiments.jobs import InterruptedJobError, Jobs
from tunas_dsl.experiments.plan import SCALES, Experiment, Scale, load_experiment, names
from tunas_dsl.experiments.table import summary, table
from tunas_dsl.runs.interruption import interruption
from tunas_dsl.storage import documents
from tunas_dsl.storage.files import write_atomically
from tunas_dsl.storage.locking import locked

SCHEMA = "tunas.experiment/1"


@click.command("experiment")
@click.argument("name", required=False, metavar="[NAME|FILE]")
@click.option("--scale", type=click.Choice(SCALES), default="smoke", show_default=True, help="How large.")
@click.option("--data", help="Other images than the experiment's.")
@click.option("--seeds", type=click.IntRange(min=1), help="How often each row is repeated.")
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("runs/experiments"),
    show_default=True,
    help="Where all runs and the tables are kept.",
)
@click.option(
    "--allow-code", is_flag=True, help="Import the modules that FILE names as qualities: you trust it."
)
@click.option(
    "--quality",
    "code",
    multiple=True,
    metavar="MODULE:FUNCTION",
    help="Import this one of those that FILE names; may be given several times.",
)
@click.option("--format", type=click.Choice(["text", "json"]), default="text", help="What to print.")
def command(
    name: str | None,
    scale: Scale,
    data: str | None,
    seeds: int | None,
    output: Path,
    allow_code: bool,
    code: tuple[str, ...],
    format: str,
) -> None:
    """Run an experiment, and print its table: mean and standard deviation over seeds.

    Without NAME, list the experiments. What is done already is used again, and what was interrupted goes
    on; so the same command again prints the same table at once.
    """
    if name is None:
        for known in names():
            click.echo(f"{known:<10} {load_experiment(known, 'smoke').title}")
        return
    experiment = load_experiment(
        name, scale, data=data, seeds=seeds, allowed=lambda module: allow_code or module in code
    )
    _show(experiment, scale, _conducted(experiment, output), output, format)


def _conducted(experiment: Experiment, output: Path) -> list[Trial]:
    """All trials; an interruption ends the program with status 130, after the job that runs has saved."""
    try:
        with locked(output, inside=True), interruption() as interrupted:
            jobs = Jobs(output, lambda sentence: click.echo(sentence, err=True), interrupted)
            return list(conduct(experiment, output, jobs))
    except (InterruptedJobError, KeyboardInterrupt):
        click.echo("interrupted; the same command goes on", err=True)
        sys.exit(130)


def _show(experiment: Experiment, scale: str, trials: list[Trial], output: Path, format: str) -> None:
    rows = summary(trials)
    document = {
        "schema": SCHEMA,
        "experiment": experiment.name,
        "scale": scale,
        "version": __version__,
        "title": experiment.title,
        "expect": experiment.expect,
        "rows": rows,
    }
    text = f"{experiment.title}, at the scale {scale}. {experiment.expect}\n\n{table(rows)}"
    write_atomically(output / f"{experiment.name}-{scale}.json", documents.dump(document))
    write_atomically(output / f"{experiment.name}-{scale}.md", text)
    click.echo(documents.dump(document) if format == "json" else text, nl=False)
