"""What a command that works on a run folder needs, and says at its end."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

import click

from tunas_dsl.api.run_folders import cleared_if_empty
from tunas_dsl.search.progress import Outcome
from tunas_dsl.search.quality import is_own_code
from tunas_dsl.search.run import RunFolder

USUAL = {
    "--data": "--data digits|fashion-mnist|folder:PATH (or --quality MODULE:FUNCTION)",
    "--quality": "--quality MODULE:FUNCTION|synthetic|training:DATA",
    "--latency": "--latency macs|TABLE",
    "--target": "--target NUMBER (ms, with macs millions; `tunas cost SPACE` shows the range)",
    "--steps": "--steps NUMBER",
}
"""What options are usually given as."""


def needed(run: str = "search", /, **options: object) -> None:
    """A usage error where one of ``options``, named as they are shown but for dashes, has no value."""
    flags = [name if name.isupper() else f"--{name.replace('_', '-')}" for name in options]
    names = [USUAL.get(flag, flag) if run == "search" else flag for flag in flags]
    if missing := [name for name, given in zip(names, options.values(), strict=True) if given is None]:
        raise click.UsageError(f"a new {run} needs {', '.join(missing)}")


@contextmanager
def until_ctrl_c(path: Path, resume: bool) -> Iterator[None]:
    """What works on the run in ``path``: it ends at a second Ctrl-C, which does not wait for a step.

    The folder of a new run in which no step was done is removed.
    """
    with cleared_if_empty(path, resume), suppress(KeyboardInterrupt):
        yield


def conclude(outcome: Outcome | None, run: RunFolder, command: str) -> None:
    """Say what was found, or how to go on after an interruption, which exits with status 130."""
    if outcome is None or outcome.status == "interrupted":
        own = run.quality is not None and is_own_code(run.quality)
        again = f" --quality {run.quality}" if own else ""
        end_interrupted(run.path, None if outcome is None else outcome.step, command, again)
    gap = 100 * (outcome.cost / run.settings.target - 1)
    rated = "" if outcome.quality is None else f", quality {outcome.quality:.4g}"
    count = "" if outcome.evaluations is None else f" after {outcome.evaluations:,} evaluations"
    trained = "" if outcome.trainings is None else f", for which {outcome.trainings:,} were trained"
    found = f"found {outcome.cost:.4g} {outcome.unit}, {gap:+.1f} % from the target{rated}{count}{trained}"
    click.echo(f"{found}; the run is in {run.path}")
    if outcome.argmax is not None and outcome.argmax.indices != outcome.indices:
        argmax, gap = outcome.argmax.cost, 100 * (outcome.argmax.cost / run.settings.target - 1)
        click.echo(
            f"the most probable options, each taken alone: {argmax:.4g} {outcome.unit}, {gap:+.1f} % "
            f"from the target (tunas export --pick argmax)",
            err=True,
        )
    if outcome.best is not None and outcome.best.indices != outcome.indices:
        best = outcome.best
        click.echo(
            f"the best evaluated, at most at the target: quality {best.quality:.4g}, {best.cost:.4g} "
            f"{outcome.unit} (tunas export --pick best)"
        )


def end_interrupted(run: Path, step: int | None, command: str, again: str = "") -> NoReturn:
    """Say how to go on after an interruption, after ``step`` steps where that is known, and exit.

    ``again`` are the options that have to be given again.
    """
    steps = "" if step is None else f" after {step} steps"
    how = f"go on with: {command} --resume -o {run}{again}" if run.exists() else "nothing is kept"
    click.echo(f"interrupted{steps}; {how}", err=True)
    sys.exit(130)
