"""The PyTorch backend of tunas_dsl: what a space compiles to, the search over it, and training.

``supernet``, ``policy`` and ``latency`` are the three things that the compiler emits for a space. Torch is
imported when the backend is used, not when it is found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from tunas_dsl.backend import ExportFormat
    from tunas_dsl.cost.model import CostModel
    from tunas_dsl.ir import space as ir
    from tunas_dsl.profiling.bench import Bench, Runtime
    from tunas_dsl.search.measurement import Measurement
    from tunas_dsl.search.progress import Outcome, Progress
    from tunas_dsl.search.quality import Quality
    from tunas_dsl.search.run import RunFolder
    from tunas_dsl.search.settings import SearchSettings
    from tunas_dsl.training.progress import Evaluation, Part, TrainingOutcome, TrainingProgress
    from tunas_dsl.training.run import TrainingFolder
    from tunas_torch.data import ImageData
    from tunas_torch.latency import LatencyModel
    from tunas_torch.network import Network
    from tunas_torch.policy import Policy
    from tunas_torch.supernet import Supernet


class TorchBackend:
    """The :class:`tunas_dsl.backend.Backend` that computes with PyTorch."""

    def search(
        self,
        space: ir.Space,
        model: CostModel,
        run: RunFolder,
        *,
        resume: bool,
        report: Callable[[Progress], None],
        tell: Callable[[str], None],
        device: str = "cpu",
        threads: int | None = None,
        started: Callable[[], None] = lambda: None,
        images: object | None = None,
    ) -> Outcome:
        """Search ``space`` with the settings and data of ``run``; see the protocol."""
        from tunas_torch.search.run import run_search, start_search

        search = start_search(space, model, run, device, threads, images)
        started()
        _tell_data(search.data, tell)
        return run_search(search, run, resume=resume, report=report, tell=tell)

    def train(
        self,
        architecture: ir.Space,
        run: TrainingFolder,
        *,
        test: bool,
        resume: bool,
        report: Callable[[TrainingProgress], None],
        tell: Callable[[str], None],
        device: str = "cpu",
        threads: int | None = None,
        images: object | None = None,
    ) -> TrainingOutcome:
        """Train ``architecture`` with the settings and data of ``run``; see the protocol."""
        from tunas_torch.training.run import run_training, start_training

        training = start_training(architecture, run, device, threads, images)
        _tell_data(training.data, tell)
        return run_training(training, run, test=test, resume=resume, report=report, tell=tell)

    def evaluate(
        self,
        architecture: ir.Space,
        run: TrainingFolder,
        *,
        split: Part,
        device: str = "cpu",
        threads: int | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> Evaluation:
        """Evaluate the weights of ``run``; see the protocol."""
        from tunas_torch.training.run import evaluate_training

        return evaluate_training(architecture, run, split, device, threads, tell)

    def classify(
        self, run: TrainingFolder, image: Path, *, device: str, threads: int | None
    ) -> list[tuple[str, float]]:
        """What the picture in a file shows by the weights of ``run``; see the protocol."""
        from tunas_torch.training.run import classify_image

        return classify_image(run, image, device, threads)

    def bench(
        self,
        space: ir.Space,
        settings: SearchSettings,
        *,
        data: str | None,
        seconds: float,
        device: str = "cpu",
        threads: int | None = None,
    ) -> Measurement:
        """Time steps of a search in ``space``; see the protocol."""
        from tunas_torch.search.measuring import measure_search

        return measure_search(space, settings, data=data, seconds=seconds, device=device, threads=threads)

    def export(self, architecture: ir.Space, format: ExportFormat, output: Path, weights: Path | None) -> str:
        """Write ``architecture`` as a file that runs without this project; see the protocol."""
        from tunas_torch.exporting import export

        return export(architecture, format, output, weights)

    def shared_weights(
        self,
        space: ir.Space,
        run: RunFolder,
        *,
        device: str = "cpu",
        threads: int | None = None,
        tell: Callable[[str], None],
        images: object | None = None,
    ) -> Quality:
        """The accuracy that the weights of ``run`` give architectures of ``space``; see the protocol."""
        from tunas_torch.search.shared_weights import SharedWeights

        return SharedWeights(space, run, tell, device, threads, images)

    def module(self, architecture: ir.Space, weights: Path | None) -> Network:
        """The network of ``architecture``; see the protocol."""
        from tunas_torch.training.trained import open_network

        return open_network(architecture, weights)

    def latency_bench(self, runtime: Runtime, *, device: str = "cpu", threads: int = 1) -> Bench:
        """What times operations and networks with ``runtime``; see the protocol."""
        from tunas_torch.timing import open_bench

        return open_bench(runtime, device, threads)


def _tell_data(data: ImageData, tell: Callable[[str], None]) -> None:
    """Say what the images were understood to be."""
    for sentence in data.sentences():
        tell(sentence)


BACKEND = TorchBackend()

__all__ = ["BACKEND", "LatencyModel", "Policy", "Supernet", "TorchBackend"]


def __getattr__(name: str) -> Any:
    """One of the three things that a space compiles to, and torch, imported now."""
    homes = {"LatencyModel": "latency", "Policy": "policy", "Supernet": "supernet"}
    if name not in homes:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{homes[name]}"), name)
