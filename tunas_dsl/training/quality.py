"""A quality that trains every architecture from scratch: each in a run folder of its own, and each once."""

import gc
import hashlib
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
from numpy.typing import NDArray

from tunas_dsl.errors import SearchError
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import prune
from tunas_dsl.runs.folder import RESULT, has_begun
from tunas_dsl.runs.generations import KEPT
from tunas_dsl.runs.interruption import InterruptedStep
from tunas_dsl.storage.locking import locked
from tunas_dsl.training.network import architecture_text, trained_network
from tunas_dsl.training.progress import TrainingOutcome
from tunas_dsl.training.recipe import recipe
from tunas_dsl.training.run import TrainingFolder
from tunas_dsl.training.settings import TrainingSettings

Train = Callable[[ir.Space, TrainingFolder, bool], TrainingOutcome]
"""Trains an architecture in its folder, from its checkpoint on where the last argument says so."""

_LONGEST = 200
"""So many characters of an index vector are a folder's name; of a longer one, a hash is."""


@attrs.frozen(kw_only=True)
class Trainings:
    """What all trainings of a search share: the ``folder`` that theirs lie in, images and settings.

    ``recipe`` has the settings as :func:`settled` gives them, ``sha256`` is of the space's text, and of the
    checkpoints ``keep`` stay.
    """

    folder: Path
    data: str
    recipe: Mapping[str, Any]
    sha256: str
    keep: int = KEPT


class TrainedQuality:
    """A :class:`~tunas_dsl.search.quality.Quality`: the accuracy, 0 to 1, on validation images, when trained.

    A training that is in the folder already is used if it has finished, and goes on if it has not. One that
    has finished keeps its weights, but no checkpoint.
    """

    def __init__(self, space: ir.Space, shared: Trainings, train: Train) -> None:
        self._space, self._shared, self._train = space, shared, train

    @property
    def trainings(self) -> int:
        """How many architectures have been trained."""
        return sum(1 for _ in self._shared.folder.glob(f"*/{RESULT}"))

    def __call__(self, architectures: NDArray[Any]) -> list[float]:
        """The accuracies of ``architectures``, ``(n, D)``.

        Raises:
            InterruptedStep: an interruption ended a training, which can go on.
            SearchError: a training failed, or is not one of this search.
            DataError: the images cannot be used.
        """
        return [self._accuracy(tuple(row)) for row in architectures.tolist()]

    def _accuracy(self, indices: tuple[int, ...]) -> float:
        run = self._folder(indices)
        result = run.read_result() or self._trained(indices, run)
        run.checkpoints.delete()  # of many trainings they would fill the disk
        if result["validation"] is None:
            raise SearchError(f"`{run.data}` has no validation images, by which architectures could be rated")
        return float(result["validation"]["accuracy"])

    def _folder(self, indices: tuple[int, ...]) -> TrainingFolder:
        """The run folder of an architecture, made where nothing was begun."""
        shared = self._shared
        path = shared.folder / folder_name(indices)
        settings = TrainingSettings(**recipe(prune(self._space, indices), None, dict(shared.recipe)))
        if has_begun(path):
            run = TrainingFolder.open(path)
            if (run.settings, run.data) != (settings, shared.data):
                raise SearchError(f"{path} is a training with other settings or images than this search's")
        else:
            if path.exists():
                with locked(path, inside=True):  # else somebody trains there
                    shutil.rmtree(path, ignore_errors=True)  # what a kill left
            run = TrainingFolder.create(path, settings, shared.data)
            run.architecture.write_text(
                architecture_text(self._space, indices, shared.sha256), encoding="utf-8"
            )
        return attrs.evolve(run, keep=shared.keep)

    def _trained(self, indices: tuple[int, ...], run: TrainingFolder) -> dict[str, Any]:
        """What ``result.json`` says at the end of the training."""
        try:
            outcome = self._train(trained_network(run), run, has_begun(run.path))
        except SearchError as error:
            vector = ":".join(map(str, indices))
            raise SearchError(
                f"the training of {vector}, with the --train settings, failed: {error}"
            ) from None
        gc.collect()  # a training is a cycle, which holds its images
        if outcome.status == "interrupted":
            raise InterruptedStep
        return attrs.asdict(outcome)


def settled(given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of trainings of which some are ``given``, by name: all that do not depend on the network.

    What is left out is its dropout, which :func:`~tunas_dsl.training.recipe.recipe` knows.

    Raises:
        SearchError: a name is unknown, or a setting is out of range.
    """
    settings = TrainingSettings.from_json(given).to_json()
    known = given.keys() | settings.keys() - {"dropout"}
    return {name: value for name, value in settings.items() if name in known and value is not None}


def folder_name(indices: tuple[int, ...]) -> str:
    """The name of the folder of an architecture's training: its index vector such as ``0:2:1``."""
    vector = ":".join(map(str, indices))
    return vector if len(vector) <= _LONGEST else hashlib.sha256(vector.encode()).hexdigest()[:32]
