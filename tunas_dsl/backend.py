"""What runs a search or a training: the protocol of a backend, and the way from its name to it."""

import importlib
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Literal, Protocol, cast

from tunas_dsl.cost.model import CostModel
from tunas_dsl.errors import SearchError
from tunas_dsl.ir import space as ir
from tunas_dsl.profiling.bench import Bench, Runtime
from tunas_dsl.search.measurement import Measurement
from tunas_dsl.search.progress import Outcome, Progress
from tunas_dsl.search.quality import Quality
from tunas_dsl.search.run import RunFolder
from tunas_dsl.search.settings import SearchSettings
from tunas_dsl.training.progress import Evaluation, Part, TrainingOutcome, TrainingProgress
from tunas_dsl.training.run import TrainingFolder

ExportFormat = Literal["python", "onnx", "executorch"]

GROUP = "tunas_dsl.backends"


class Backend(Protocol):
    """A tensor library's side of the compiler."""

    def search(
        self,
        space: ir.Space,
        model: CostModel,
        run: RunFolder,
        *,
        resume: bool,
        report: Callable[[Progress], None],
        tell: Callable[[str], None],
        device: str,
        threads: int | None,
        started: Callable[[], None] = lambda: None,
        images: object | None = None,
    ) -> Outcome:
        """Search ``space`` with the settings and data of ``run``, from its checkpoint on with ``resume``.

        ``images`` are data sets of the tensor library, training and validation, instead of those that the
        run names.

        ``started`` is called once everything has been checked, before the first step; ``report`` after
        each step, ``tell`` with a sentence that the user should read.

        Raises:
            SearchError: something that the user can put right.
        """

    def train(
        self,
        architecture: ir.Space,
        run: TrainingFolder,
        *,
        test: bool,
        resume: bool,
        report: Callable[[TrainingProgress], None],
        tell: Callable[[str], None],
        device: str,
        threads: int | None,
        images: object | None = None,
    ) -> TrainingOutcome:
        """Train ``architecture`` with settings and data of ``run``, from its checkpoint on with ``resume``.

        ``images`` are data sets of the tensor library, as in :meth:`search`.

        It is evaluated on validation images, and with ``test``, at the end, on test images.
        ``report`` is called after each step, ``tell`` with a sentence that the user should read.

        Raises:
            SearchError, DataError: something that the user can put right.
        """

    def evaluate(
        self,
        architecture: ir.Space,
        run: TrainingFolder,
        *,
        split: Part,
        device: str,
        threads: int | None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> Evaluation:
        """How good the weights of ``run`` are, which are of ``architecture``, on all images of ``split``.

        Raises:
            SearchError, DataError: something that the user can put right.
        """

    def classify(
        self, run: TrainingFolder, image: Path, *, device: str, threads: int | None
    ) -> list[tuple[str, float]]:
        """The classes of the picture in a file by the weights of ``run``, with their probabilities.

        Raises:
            SearchError, DataError: something that the user can put right.
        """

    def bench(
        self,
        space: ir.Space,
        settings: SearchSettings,
        *,
        data: str | None,
        seconds: float,
        device: str,
        threads: int | None,
    ) -> Measurement:
        """Time steps of a search in ``space`` for some ``seconds``; without ``data``, on noise.

        Raises:
            SearchError, DataError: something that the user can put right.
        """

    def export(self, architecture: ir.Space, format: ExportFormat, output: Path, weights: Path | None) -> str:
        """Write a network that runs without this project; gives a sentence on how it was checked.

        ``architecture`` has nothing left to decide. ``weights`` are those of a training's folder, or the
        network has initial ones.

        Raises:
            SearchError: a package that the format needs is missing, or the weights are of another network.
        """

    def shared_weights(
        self,
        space: ir.Space,
        run: RunFolder,
        *,
        device: str,
        threads: int | None,
        tell: Callable[[str], None],
        images: object | None = None,
    ) -> Quality:
        """A quality for ``space``: the accuracy on validation images with what the search ``run`` trained.

        It computes on ``device`` with so many ``threads``; ``images`` are as in :meth:`search`.

        Raises:
            SearchError, DataError: something that the user can put right.
        """

    def module(self, architecture: ir.Space, weights: Path | None) -> Any:
        """The network of ``architecture``, which has nothing left to decide, as the library's own module.

        It has the ``weights`` of a training, in evaluation mode, or initial ones.

        Raises:
            SearchError: the weights are of another network, or damaged.
        """

    def latency_bench(self, runtime: Runtime, *, device: str, threads: int) -> Bench:
        """What times operations and networks with ``runtime`` on this machine's ``device``.

        Raises:
            SearchError: a package is missing, or the runtime cannot use the device.
        """


def load_backend(name: str = "torch") -> Backend:
    """The backend that is registered as ``name``, or that the module ``tunas_NAME`` holds.

    Raises:
        SearchError: there is no such backend, or what it needs is not installed.
    """
    try:
        for entry in entry_points(group=GROUP, name=name):
            return cast(Backend, entry.load())
        # A bare checkout has no entry points.
        return cast(Backend, importlib.import_module(f"tunas_{name}").BACKEND)
    except ModuleNotFoundError as error:
        raise SearchError(f"the backend `{name}` cannot be used: there is no module `{error.name}`") from None
