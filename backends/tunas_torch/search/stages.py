"""The stages of a step, and how long each takes."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch

Stage = Callable[[str], AbstractContextManager[None]]
"""Goes around what a step does as part of the stage of that name."""


def untimed(_: str) -> AbstractContextManager[None]:
    """Nothing, as in every run but a measurement."""
    return nullcontext()


class Stopwatch:
    """Adds up the ``seconds`` of each stage; a GPU is waited for at the end of every one."""

    def __init__(self, device: torch.device) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._device = device

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Times what is inside."""
        start = time.perf_counter()
        yield
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        self.seconds[name] += time.perf_counter() - start
