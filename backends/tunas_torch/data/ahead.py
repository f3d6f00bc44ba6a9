"""Batches that are read while the step before computes, and copied to where the next one does."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Arrays = tuple[NDArray[np.float32], NDArray[np.int64]]
Batch = tuple[Tensor, Tensor]


class ReadAhead:
    """The batch of each of ``steps`` steps, which ``load`` reads as a function of the step, on ``device``.

    The next step's batch is read in a thread of its own. For a GPU it lies in pinned memory, from which
    it is copied without waiting.
    """

    def __init__(self, load: Callable[[int], Arrays], steps: int, device: torch.device) -> None:
        self._load, self._steps, self._device = load, steps, device
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="read-ahead")
        self._next: tuple[int, Future[Batch]] | None = None

    def __call__(self, step: int) -> Batch:
        """Images ``(N, C, H, W)`` and labels ``(N,)`` of ``step``.

        Raises:
            DataError: an image cannot be read.
        """
        expected, future = self._next or (None, None)
        self._next = None
        host = future.result() if future is not None and expected == step else self._read(step)
        if step + 1 < self._steps:
            self._next = step + 1, self._thread.submit(self._read, step + 1)
        images, labels = (tensor.to(self._device, non_blocking=True) for tensor in host)
        return images, labels

    def _read(self, step: int) -> Batch:
        images, labels = map(torch.from_numpy, self._load(step))
        if self._device.type == "cuda":
            return images.pin_memory(), labels.pin_memory()
        return images, labels
