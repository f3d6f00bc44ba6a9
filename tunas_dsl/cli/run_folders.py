"""The run folder of a command: made, opened again, or cleared away where nothing came of it."""

import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

import attrs
import click

from tunas_dsl.cli.holding import hold_folder
from tunas_dsl.cli.options.recipe import kept_recipe
from tunas_dsl.cli.subjects import Subject, load_subject
from tunas_dsl.cost.extremes import maximum, minimum
from tunas_dsl.cost.model import CostModel
from tunas_dsl.errors import SearchError
from tunas_dsl.exchange.bundle import read_bundle, source_sha256, write_bundle
from tunas_dsl.runs.data_place import absolute_place
from tunas_dsl.runs.folder import has_worth
from tunas_dsl.runs.ranks import rank, ranks
from tunas_dsl.runs.setting import Settings
from tunas_dsl.search.outlook import check_decisions, outlook
from tunas_dsl.search.progress import Outcome
from tunas_dsl.search.quality import is_own_code
from tunas_dsl.search.run import RunFolder
from tunas_dsl.search.settings import PolicySettings
from tunas_dsl.storage.locking import LOCK

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
def made_whole(folder: Path) -> Iterator[None]:
    """What makes the folder of a new run; where that fails half-way, nothing is left of it."""
    taken = folder.exists() and any(entry.name != LOCK for entry in folder.iterdir())
    try:
        yield
    except BaseException:
        if not taken:
            shutil.rmtree(folder, ignore_errors=True)
        raise


def create_run(
    output: Path,
    space: str,
    latency: str | None,
    settings: Settings,
    *,
    data: str | None = None,
    quality: str | None = None,
    algorithm: str = "reinforce",
    recipe: Mapping[str, Any] | None = None,
) -> tuple[Subject, RunFolder]:
    """A new run in the folder ``output``, with the compiled space; ``recipe`` is that of trainings, if any.

    Raises:
        SearchError: nothing is left to decide, the target is out of range, or the folder is taken.
    """
    data = None if data is None else absolute_place(data)
    subject = load_subject(space)
    check_decisions(subject.space)
    model = subject.model(latency)
    low, high = minimum(model).cost, maximum(model).cost
    if not low <= settings.target <= high:
        raise SearchError(
            f"the target of {settings.target:g} {model.unit} is out of range: the architectures of "
            f"`{subject.space.name}` cost {low:g} to {high:g} {model.unit}"
        )
    if rank():  # that of rank 0 makes the folder
        return subject, RunFolder(output, settings, data, model.name, quality, algorithm)
    hold_folder(output)
    with made_whole(output):
        run = RunFolder.create(
            output, settings, data, model.name, quality=quality, algorithm=algorithm, recipe=recipe
        )
        write_bundle(subject.space, subject.text, [model], run.bundle)
    return attrs.evolve(subject, models={model.name: model}), run


def reopen_run(output: Path, space: str | None, given: Mapping[str, Any]) -> tuple[Subject, RunFolder]:
    """The run in ``output``, to go on with; ``space`` and the settings ``given`` must be those that it has.

    Raises:
        SearchError: there is no run, or something differs.
    """
    run = RunFolder.open(output)
    if not rank():
        hold_folder(output)
        run = RunFolder.open(output)  # as it is now that nobody else writes to it
    _check_code(run, given.get("quality"))
    bundle = read_bundle(run.bundle)
    if run.data is not None and (place := given.get("data")):
        run = attrs.evolve(run, data=absolute_place(place))  # what is there is held against the run's record
        given = {name: setting for name, setting in given.items() if name != "data"}
    kept = {**run.settings.to_json(), "data": run.data, "quality": run.quality, "algorithm": run.algorithm}
    check_unchanged(output, kept | kept_recipe(run.recipe), given)
    if space is not None and source_sha256(load_subject(space).text) != bundle.sha256:
        raise SearchError(f"{space} is not the space that {output} was started with")
    run.costs(bundle)
    return Subject(bundle.space, bundle.source, bundle.models), run


def _check_code(run: RunFolder, typed: str | None) -> None:
    """Refuse code that only the folder names: it may come from elsewhere, and importing runs it."""
    name = run.quality
    if name is not None and typed is None and is_own_code(name):
        raise SearchError(
            f"{run.path} was started with the quality `{name}`, a module of its user's, and nothing that a "
            f"folder names is imported: if you trust it, say so by --quality {name}"
        )


def check_unchanged(output: Path, kept: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Hold the settings ``given`` at a resumption against those that the run in ``output`` has ``kept``.

    Raises:
        SearchError: one is another.
    """
    for name, setting in given.items():
        if kept.get(name) != setting:
            raise SearchError(f"`{name}` is {setting!r}, but {output} was started with {kept.get(name)!r}")


def heading(subject: Subject, model: CostModel, run: RunFolder) -> str:
    """What is about to be searched, and for a policy what there is to learn from, a line each."""
    how = run.algorithm if run.quality is not None else f"{run.settings.to_json()['steps']} steps"
    expected = []
    if isinstance(run.settings, PolicySettings):
        expected = outlook(subject.space, model, run.settings, ranks())
    sentence = (
        f"searching {subject.space.name} ({len(subject.space.decisions)} decisions) with "
        f"{run.quality or run.data} for {run.settings.target:g} {model.unit} by {model.name}, {how}, "
        f"seed {run.settings.seed}, into {run.path}"
    )
    return "\n".join([sentence, *expected])


@contextmanager
def until_ctrl_c(path: Path, resume: bool) -> Iterator[None]:
    """What works on the run in ``path``: it ends at a second Ctrl-C, which does not wait for a step.

    The folder of a new run in which no step was done is removed, since it would be in the way of the next.
    """
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        if not resume and not has_worth(path):
            shutil.rmtree(path, ignore_errors=True)


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
