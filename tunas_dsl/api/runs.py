"""A search in Python: how it is started, and its run folder as an object."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from numpy.typing import NDArray

from tunas_dsl.api.architecture import Architecture
from tunas_dsl.api.costs import Cost
from tunas_dsl.api.folders import holding, run_folder
from tunas_dsl.api.pictures import run_html
from tunas_dsl.api.run_folders import OF_TRAININGS, Hold, cleared_if_empty, create_run, reopen_run
from tunas_dsl.api.searching import Device, Listener, run_driven, run_supernet
from tunas_dsl.api.subjects import Subject
from tunas_dsl.api.training import data_name
from tunas_dsl.cost.model import CostModel
from tunas_dsl.errors import SearchError
from tunas_dsl.report.page import page
from tunas_dsl.report.reading import SearchRecord, read_record
from tunas_dsl.runs.generations import KEPT
from tunas_dsl.runs.setting import Settings
from tunas_dsl.search.algorithms.own import AlgorithmClass, checked_class, name_of, named_algorithm
from tunas_dsl.search.algorithms.registry import SETTINGS, settings_kind
from tunas_dsl.search.on_target import on_target
from tunas_dsl.search.presets import with_preset
from tunas_dsl.search.progress import Outcome, Progress
from tunas_dsl.search.quality import load_class
from tunas_dsl.search.run import RunFolder
from tunas_dsl.search.settings import PolicySettings, SearchSettings
from tunas_dsl.storage.files import write_atomically
from tunas_dsl.training.quality import settled

if TYPE_CHECKING:
    from tunas_dsl.api.space import Space


class Run:
    """The search in the folder ``path``, finished or not.

    Raises:
        UserError: it is no folder of a search, or damaged.
    """

    def __init__(self, path: str | Path, space: Space | None = None) -> None:
        record = read_record(Path(path))
        if not isinstance(record, SearchRecord):
            raise SearchError(f"{path} is the folder of a training: open it with tunas.Trained")
        self.record = record
        self._space = space

    @property
    def path(self) -> Path:
        """Its run folder."""
        return self.record.run.path

    @cached_property
    def space(self) -> Space:
        """The space that was searched, with the cost of the search."""
        from tunas_dsl.api.space import Space

        bundle = self.record.bundle
        return self._space or Space(Subject(bundle.space, bundle.source, bundle.models))

    @property
    def cost(self) -> Cost:
        """What architectures cost in this search."""
        return Cost(self.record.model)

    @property
    def target(self) -> float:
        """The cost that was wanted, in the unit of :attr:`cost`."""
        return float(self.record.run.settings.to_json()["target"])

    @property
    def finished(self) -> bool:
        """Whether it reached its last step."""
        return self.record.finished

    @property
    def best(self) -> Architecture:
        """What it found, or as of the last checkpoint would end with.

        Raises:
            SearchError: there is none yet.
        """
        return self._architecture(self.record.run.found(self.record.space, self.record.model))

    @property
    def best_evaluated(self) -> Architecture:
        """The best of those that the quality was asked for, of those that cost no more than the target.

        Raises:
            SearchError: there is none, or the ratings came from weights in training.
        """
        return self._architecture(self.record.run.best_evaluated(self.record.space))

    def on_target(self, within: float | None = None) -> Architecture:
        """The one to whose decisions the policy gives the highest probability, of those at the target.

        Give or take ``within``, or 1 % of the target.

        Raises:
            UserError: there is no policy, or no architecture so near the target.
        """
        found = on_target(self.record.run, self.record.space, self.record.model, within)
        return self._architecture(found.on_target.indices)

    @property
    def history(self) -> Sequence[Mapping[str, Any]]:
        """The logged steps in order: step, accuracy, cost, reward, entropy, samples and so on."""
        return self.record.steps

    @property
    def policy(self) -> Mapping[str, NDArray[np.float64]] | None:
        """The probabilities of the options of each decision by its id; nothing where none is learnt."""
        rows = self.record.probabilities
        if rows is None:
            return None
        return {decision.id: row for decision, row in zip(self.record.space.decisions, rows, strict=True)}

    def report(self, path: str | Path, title: str = "Architecture searches") -> None:
        """Write a page on it to ``path``, one HTML file that needs no network. Raises OSError."""
        write_atomically(Path(path), page([self.record], title))

    def __repr__(self) -> str:
        ended = "finished" if self.finished else "not finished"
        steps = self.record.steps[-1]["step"] + 1 if self.record.steps else 0
        return f"<Run {self.path}: {self.record.space.name}, {ended}, {steps:,} steps>"

    def _repr_html_(self) -> str:
        unit = f"cost ({self.cost.unit})"
        return run_html(f"{self.record.space.name}: {self.path}", self.record.steps, (unit, self.target))

    def _architecture(self, indices: Sequence[int]) -> Architecture:
        return Architecture(self.space, indices, run=self.record.name)


def search(
    space: Space,
    quality: Callable[[NDArray[np.int64]], Any] | str | None = None,
    *,
    cost: Cost | str,
    target: float,
    data: object | None = None,
    algorithm: str | type = "reinforce",
    options: Mapping[str, Any] | None = None,
    evaluations: int | None = None,
    preset: str | None = None,
    train: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    keep: int = KEPT,
    device: str = "cpu",
    threads: int | None = None,
    report: Callable[[Progress], None] = lambda _: None,
    tell: Callable[[str], None] = lambda _: None,
    **settings: Any,
) -> Run:
    """Search ``space`` for a good architecture that costs the ``target``, in the unit of ``cost``.

    How good architectures are says either ``quality``, a function of index vectors ``(n, D)`` that gives n
    numbers (or the name of one, as for ``tunas search --quality``; ``train`` are the settings of the
    trainings of "training:DATA"), or a supernet that is trained on ``data``: a name, or a pair of data sets,
    to train and to validate on. ``algorithm`` is reinforce, which learns a policy for as many ``steps``, or
    random, evolution or optuna, for as many ``evaluations``; or a class of one's own (docs/quality.md), which
    gets ``options``. The other ``settings`` are those of the
    algorithm, ``seed`` among them; ``preset`` is as for ``tunas search``.

    The run folder ``out`` is temporary where it is left out; with ``resume`` the search in it goes on, bit
    for bit. ``report`` hears of every logged step, ``tell`` gets sentences that the user should read.

    Raises:
        UserError: a setting is out of range, no architecture costs the target, the quality fails, the images
            cannot be used, or the folder is taken.
        KeyboardInterrupt: Ctrl-C came, and the state was saved.
    """
    if (quality is None) == (data is None):
        raise SearchError("a search has one source of quality: give either a quality or data")
    folder = run_folder(out)
    name, own = _named(algorithm, quality is None)
    given = {"target": target, "n": evaluations, "options": options}
    wanted = {**settings, **{key: value for key, value in given.items() if value is not None}}
    kind = SearchSettings if quality is None else settings_kind(name)
    if issubclass(kind, PolicySettings):
        wanted = with_preset(kind, preset, wanted)
    source = {"data": _data_name(data)} if quality is None else {"quality": quality_name(quality)}
    listener, place = Listener(report, tell), Device(device, threads)
    with holding() as hold:
        subject, run = _opened(space, cost, kind, folder.path, wanted, source, name, train, resume, hold)
        run = attrs.evolve(run, keep=keep)
        with cleared_if_empty(folder.path, resume):
            if quality is None:
                images = None if isinstance(data, str) else data
                outcome: Outcome = run_supernet(subject, run, listener, place, resume=resume, images=images)
            else:
                rating = None if isinstance(quality, str) else _made(quality, space)
                outcome = run_driven(subject, run, listener, place, resume=resume, quality=rating, own=own)
    folder.check_finished(outcome.status, outcome.step)
    return folder.keep_with(Run(folder.path, space))


def quality_name(quality: object) -> str:
    """How a run folder names a quality: ``module:function``, by which it may be found again."""
    if isinstance(quality, str):
        return quality
    named = quality if hasattr(quality, "__qualname__") else type(quality)
    return f"{named.__module__}:{named.__qualname__}"


def _data_name(data: object) -> str:
    return data if isinstance(data, str) else data_name(data)


def _made(quality: Any, space: Space) -> Callable[[NDArray[np.int64]], Any]:
    """The function; a class is made with the space, as ``tunas search --quality`` makes it."""
    made: Callable[[NDArray[np.int64]], Any] = quality(space.ir) if isinstance(quality, type) else quality
    return made


def _named(algorithm: str | type, over_images: bool) -> tuple[str, AlgorithmClass | None]:
    """The algorithm's name, and the class that makes it where it does not come along."""
    if over_images and algorithm != "reinforce":
        raise SearchError(f"`{algorithm}` needs a quality: only a policy is learnt along with a supernet")
    if isinstance(algorithm, type):
        name = name_of(algorithm)
        return name, checked_class(name, algorithm)
    return algorithm, None if algorithm in SETTINGS else named_algorithm(algorithm, load_class)


def _opened(
    space: Space,
    cost: Cost | str,
    kind: type[Settings],
    path: Path,
    wanted: dict[str, Any],
    source: dict[str, str],
    algorithm: str,
    train: Mapping[str, Any] | None,
    resume: bool,
    hold: Hold,
) -> tuple[Subject, RunFolder]:
    """The run folder, new or to go on with, and the space with the cost of the search."""
    if resume:
        of_trainings = {f"{OF_TRAININGS}{name}": setting for name, setting in (train or {}).items()}
        given = wanted | of_trainings | source | ({"algorithm": algorithm} if "quality" in source else {})
        return reopen_run(path, (space.name, space.subject), given, hold)
    made = kind.from_json(wanted)
    recipe = None if train is None else settled({"seed": made.seed, **train})
    model: CostModel = (cost if isinstance(cost, Cost) else space.cost(cost)).model
    subject = attrs.evolve(space.subject, models={model.name: model})
    return create_run(path, hold, subject, model.name, made, algorithm=algorithm, recipe=recipe, **source)
