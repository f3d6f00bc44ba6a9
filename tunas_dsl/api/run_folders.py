"""The run folder of a search: made, opened again, or cleared away where nothing came of it."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs

from tunas_dsl.api.subjects import Subject
from tunas_dsl.cost.extremes import maximum, minimum
from tunas_dsl.errors import SearchError
from tunas_dsl.exchange.bundle import read_bundle, source_sha256, write_bundle
from tunas_dsl.runs.data_place import absolute_place
from tunas_dsl.runs.folder import has_worth
from tunas_dsl.runs.ranks import rank
from tunas_dsl.runs.setting import Settings
from tunas_dsl.search.outlook import check_decisions
from tunas_dsl.search.quality import is_own_code
from tunas_dsl.search.run import RunFolder
from tunas_dsl.storage.locking import LOCK

Hold = Callable[[Path], None]
"""Makes this process the one that writes to a folder, or raises LockedError."""

OF_TRAININGS = "train_"
"""What the names of the settings of a search's trainings begin with."""


def create_run(
    output: Path,
    hold: Hold,
    subject: Subject,
    latency: str | None,
    settings: Settings,
    *,
    data: str | None = None,
    quality: str | None = None,
    algorithm: str = "reinforce",
    recipe: Mapping[str, Any] | None = None,
) -> tuple[Subject, RunFolder]:
    """A new run in the folder ``output``, held by ``hold``; ``recipe`` is that of trainings, if any.

    Raises:
        SearchError: nothing is left to decide, the target is out of range, or the folder is taken.
    """
    data = None if data is None else absolute_place(data)
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
    hold(output)
    with made_whole(output):
        run = RunFolder.create(
            output, settings, data, model.name, quality=quality, algorithm=algorithm, recipe=recipe
        )
        write_bundle(subject.space, subject.text, [model], run.bundle)
    return attrs.evolve(subject, models={model.name: model}), run


def reopen_run(
    output: Path, named: tuple[str, Subject] | None, given: Mapping[str, Any], hold: Hold
) -> tuple[Subject, RunFolder]:
    """The run in ``output``, to go on with.

    The space, if one is ``named``, and the settings ``given`` must be those that it has.

    Raises:
        SearchError: there is no run, or something differs.
    """
    run = RunFolder.open(output)
    if not rank():
        hold(output)
        run = RunFolder.open(output)  # as it is now that nobody else writes to it
    _check_code(run, given.get("quality"))
    bundle = read_bundle(run.bundle)
    if run.data is not None and (place := given.get("data")):
        run = attrs.evolve(run, data=absolute_place(place))  # what is there is held against the run's record
        given = {name: setting for name, setting in given.items() if name != "data"}
    kept = {**run.settings.to_json(), "data": run.data, "quality": run.quality, "algorithm": run.algorithm}
    of_trainings = {f"{OF_TRAININGS}{name}": setting for name, setting in (run.recipe or {}).items()}
    check_unchanged(output, kept | of_trainings, given)
    if named is not None and source_sha256(named[1].text) != bundle.sha256:
        raise SearchError(f"{named[0]} is not the space that {output} was started with")
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


@contextmanager
def cleared_if_empty(path: Path, resume: bool) -> Iterator[None]:
    """What works on the run in ``path``; that of a new run in which no step was done is removed at the end.

    It would be in the way of the next.
    """
    try:
        yield
    finally:
        if not resume and not has_worth(path):
            shutil.rmtree(path, ignore_errors=True)
