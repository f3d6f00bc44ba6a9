"""Run folders as records: what a search or a training was asked, did, and ended with."""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from tunas_dsl.cost.model import CostModel
from tunas_dsl.diagnostics.printable import in_one_line
from tunas_dsl.errors import SearchError, UserError
from tunas_dsl.exchange.architecture_json import ArchitectureDocument, read_architecture
from tunas_dsl.exchange.bundle import Bundle, read_bundle
from tunas_dsl.ir import space as ir
from tunas_dsl.runs.events import step_history
from tunas_dsl.runs.folder import RESULT, RUN_SCHEMA, TRAINING_SCHEMA
from tunas_dsl.search.phases import SHORT_LIST
from tunas_dsl.search.run import RunFolder
from tunas_dsl.storage import documents
from tunas_dsl.training.run import TrainingFolder

Floats = NDArray[np.float64]

_KINDS = {f'"{RUN_SCHEMA}"': "search", f'"{TRAINING_SCHEMA}"': "training"}
_HEAD = 200
"""The schema stands in so many first characters of a run's settings."""


@attrs.frozen(eq=False)
class Samples:
    """N rated architectures: the ``steps`` they belong to, their index vectors, qualities and costs.

    ``indices`` is ``(N, D)``, with -1 where op warmup averaged; the others are ``(N,)``.
    """

    steps: NDArray[np.int64]
    indices: NDArray[np.int64]
    qualities: Floats
    costs: Floats

    def where(self, rows: NDArray[np.bool_]) -> "Samples":
        """Some of the architectures."""
        return Samples(self.steps[rows], self.indices[rows], self.qualities[rows], self.costs[rows])

    def __len__(self) -> int:
        return len(self.steps)


@attrs.frozen(eq=False, slots=False)
class SearchRecord:
    """One search or baseline, finished or not. ``steps`` are the logged ones, in order."""

    run: RunFolder
    bundle: Bundle
    steps: tuple[dict[str, Any], ...]

    @property
    def name(self) -> str:
        """The folder's name."""
        return in_one_line(self.run.path.resolve().name)

    @property
    def space(self) -> ir.Space:
        """The space that was searched."""
        return self.bundle.space

    @property
    def model(self) -> CostModel:
        """What architectures cost."""
        return self.bundle.models[self.run.cost]

    @property
    def finished(self) -> bool:
        """Whether there is a result."""
        return (self.run.path / RESULT).exists()

    @cached_property
    def found(self) -> tuple[int, ...] | None:
        """The index vector that it ended with, or the most probable as of the last checkpoint, if any."""
        try:
            if self.finished:
                return self.run.found(self.space, self.model)
            return self.run.most_probable(self.space)
        except SearchError:
            return None

    @cached_property
    def probabilities(self) -> tuple[Floats, ...] | None:
        """The policy as of the last checkpoint: a vector for each decision; a baseline has none."""
        try:
            _, logits = self.run.read_policy()
            rows = [np.array(logits[decision.id]) for decision in self.space.decisions]
        except (SearchError, KeyError):
            return None
        shapes = [(len(decision.options),) for decision in self.space.decisions]
        if [row.shape for row in rows] != shapes:
            raise SearchError(f"{self.run.path} has the policy of another space")
        powers = [np.exp(row - row.max()) for row in rows]
        return tuple(row / row.sum() for row in powers)

    @cached_property
    def samples(self) -> Samples:
        """Every architecture that the log shows, but for those that a short list trained alone."""
        rated = [step for step in self.steps if step.get("phase") != SHORT_LIST]
        rows = [(step["step"], *sample) for step in rated for sample in step.get("samples", ())]
        vectors = [[int(index) for index in row[1].split(":")] for row in rows]
        indices = np.array(vectors, dtype=np.int64).reshape(len(rows), len(self.space.decisions))
        numbers = np.array([(row[0], row[2], row[3]) for row in rows]).reshape(len(rows), 3)
        return Samples(numbers[:, 0].astype(np.int64), indices, numbers[:, 1], numbers[:, 2])

    @cached_property
    def snapshots(self) -> tuple[tuple[int, list[list[float]]], ...]:
        """The steps at which the log shows the policy, each with the probabilities of every decision."""
        return tuple(
            (step["step"], step["probabilities"]) for step in self.steps if step.get("probabilities")
        )


@attrs.frozen(eq=False)
class TrainingRecord:
    """One architecture's training from scratch; ``result`` is missing until it has finished."""

    run: TrainingFolder
    architecture: ArchitectureDocument
    steps: tuple[dict[str, Any], ...]
    result: dict[str, Any] | None

    @property
    def name(self) -> str:
        """The folder's name."""
        return in_one_line(self.run.path.resolve().name)


Record = SearchRecord | TrainingRecord


def find_runs(paths: Iterable[Path]) -> Iterator[Path]:
    """The run folders among ``paths`` and in the folders below them, each folder's in the order of names.

    Those inside another run, the trainings of a search that rates by them, belong to it.

    Raises:
        SearchError: a path is no folder, or there is no run in it.
    """
    for path in paths:
        if not path.is_dir():
            raise SearchError(f"{path} is not a folder")
        found = [path] if _kind(path) else sorted(below.parent for below in path.rglob("settings.json"))
        every = [folder for folder in found if _kind(folder)]
        known = set(every)
        runs = [folder for folder in every if known.isdisjoint(folder.parents)]
        if not runs:
            raise SearchError(f"{path} is no run, and there is none in it")
        yield from runs


def whole_records(paths: Iterable[Path], tell: Callable[[str], None]) -> list[Record]:
    """The runs among and below ``paths`` that can be read; ``tell`` hears why the others are passed over.

    Raises:
        UserError: there are none, or none of them can be read.
    """
    records: list[Record] = []
    damage: UserError | None = None
    for path in find_runs(paths):
        try:
            records.append(read_record(path))
        except (UserError, OSError) as error:
            tell(f"{path} is passed over: {error}")
            damage = error if isinstance(error, UserError) else SearchError(str(error))
    if damage is not None and not records:
        raise damage
    return records


def read_record(path: Path) -> Record:
    """The run in the folder ``path``.

    Raises:
        SearchError, BundleError, ArchitectureError: it is no run, or damaged.
    """
    return _training(path) if _kind(path) == "training" else _search(path)


def _kind(path: Path) -> str | None:
    """What the folder is of, without reading it all."""
    try:
        with (path / "settings.json").open(encoding="utf-8") as file:
            head = file.read(_HEAD)
    except (OSError, UnicodeDecodeError):
        return None
    return next((kind for schema, kind in _KINDS.items() if schema in head), None)


def _search(path: Path) -> SearchRecord:
    run = RunFolder.open(path)
    bundle = read_bundle(run.bundle)
    if run.cost not in bundle.models:
        raise SearchError(f"{run.bundle} has no cost model `{run.cost}`")
    steps = _steps(run.events)
    for step in steps:
        if not _is_of(bundle.space, step):
            raise SearchError(
                f"{run.events} has an event that is none of this search: remove that of step {step['step']}"
            )
    return SearchRecord(run, bundle, steps)


def _training(path: Path) -> TrainingRecord:
    run = TrainingFolder.open(path)
    architecture = read_architecture(run.architecture)
    return TrainingRecord(run, architecture, _steps(run.events), run.read_result())


def _is_of(space: ir.Space, step: dict[str, Any]) -> bool:
    """Whether the architectures and the probabilities that an event shows can be of ``space``."""
    options = [len(decision.options) for decision in space.decisions]
    try:
        for vector, *numbers in step.get("samples", ()):
            indices = [int(index) for index in vector.split(":")]
            within = (-1 <= index < count for index, count in zip(indices, options, strict=True))
            if len([documents.finite(number) for number in numbers]) != 2 or not all(within):
                return False
        rows = step.get("probabilities")
        return not rows or [len([documents.finite(share) for share in row]) for row in rows] == options
    except (TypeError, ValueError, AttributeError):
        return False


def _steps(events: Path) -> tuple[dict[str, Any], ...]:
    return tuple(step_history(events)) if events.exists() else ()
