"""How long the steps of a search take, of what, and in how much memory."""

import platform
import resource
import time
from pathlib import Path
from typing import cast

import attrs
import numpy as np
import torch
from numpy.typing import NDArray

from tunas_dsl.cost.layers import macs_model
from tunas_dsl.errors import SearchError
from tunas_dsl.ir import space as ir
from tunas_dsl.search.measurement import Measurement
from tunas_dsl.search.settings import SearchSettings
from tunas_torch.data import ImageData, Split
from tunas_torch.data.augment import Augmentation
from tunas_torch.runs.precision import check_precision
from tunas_torch.runs.starting import images_for, use
from tunas_torch.search.memory_budget import recomputed
from tunas_torch.search.stages import Stopwatch
from tunas_torch.search.steps import Search
from tunas_torch.supernet import Supernet
from tunas_torch.timing.hardware import hardware


@attrs.frozen
class Noise:
    """A split of one batch of noise, which costs nothing to read."""

    images: NDArray[np.float32]
    classes: int

    def __len__(self) -> int:
        return 1 << 16

    def batch(
        self, indices: NDArray[np.int64], augmentation: object, random: object
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The first ``len(indices)`` images, ``(N, C, H, W)``, and labels."""
        return self.images[: len(indices)], np.arange(len(indices)) % self.classes


def measure_search(
    space: ir.Space,
    settings: SearchSettings,
    *,
    data: str | None,
    seconds: float,
    device: str,
    threads: int | None,
) -> Measurement:
    """Run steps of a search for some ``seconds``, with the images that ``data`` names, or with noise.

    Raises:
        SearchError: the space has no classifier, or there is no such device or precision.
        DataError: the data cannot be used.
    """
    place = use(device, threads)
    check_precision(settings.precision, place)
    images = (
        noise_for(space, settings)
        if data is None
        else images_for(space, data, settings.seed, settings.holdout)
    )
    supernet = Supernet(space, execution=settings.execution, seed=settings.seed).to(place)
    search = Search(supernet, macs_model(space), images, settings)
    supernet.recomputed = recomputed(search)
    search.step()  # not counted: kernels are looked for, memory is found
    _forget_peak(place)
    search.stage = watch = Stopwatch(place)
    steps = _timed(search, seconds)
    return Measurement(
        space=space.name,
        device=str(place),
        hardware=hardware(place),
        software=f"torch {torch.__version__}, Python {platform.python_version()}",
        threads=torch.get_num_threads(),
        precision=settings.precision,
        data=data,
        images=settings.batch_size,
        samples=settings.samples_per_step,
        seconds=steps,
        stages=dict(watch.seconds),
        peak_bytes=_peak(place),
    )


def _timed(search: Search, seconds: float) -> tuple[float, ...]:
    """The seconds of each of the steps that together take some ``seconds``."""
    steps: list[float] = []
    while not steps or sum(steps) < seconds:
        start = time.perf_counter()
        search.step()
        steps.append(time.perf_counter() - start)
    return tuple(steps)


def noise_for(space: ir.Space, settings: SearchSettings) -> ImageData:
    """Noise in the place of images, in the size of the space's input.

    Raises:
        SearchError: the space has no classifier.
    """
    if space.classifier is None:
        raise SearchError(f"`{space.name}` has no classifier, so that there is nothing to train for")
    height, width = max(space.inputs.size.options)
    count = max(settings.batch_size, settings.validation_batch_size)
    shape = (count, space.inputs.channels.constant, height, width)
    pixels = np.random.default_rng(0).standard_normal(shape, np.float32)
    split = cast(Split, Noise(pixels, space.classifier.classes))
    names = tuple(map(str, range(space.classifier.classes)))
    return ImageData("noise", names, split, split, split, Augmentation())


def _forget_peak(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        return
    peak = Path("/proc/self/clear_refs")
    if peak.exists():  # on Linux
        try:
            peak.write_text("5", encoding="ascii")
        except OSError:  # not allowed, as in some containers: then the peak is that of the start, too
            return


def _peak(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    status = Path("/proc/self/status")
    if status.exists():
        lines = (line.split() for line in status.read_text(encoding="ascii", errors="replace").splitlines())
        return next(1024 * int(words[1]) for words in lines if words[:1] == ["VmHWM:"])
    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return usage if platform.system() == "Darwin" else 1024 * usage
