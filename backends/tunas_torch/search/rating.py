"""How accurate architectures are with the weights that they share, on the same validation images each."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from tunas_torch.data import Split
from tunas_torch.supernet import Supernet

BATCH = 512
"""Of how many images the batch norms take their statistics, as in the paper's validation (facts 7)."""


class Rating:
    """The accuracies, 0 to 1, of architectures on the first ``count`` of the ``images``, in a random order.

    Nothing in it is random but for that order, which is always the same.
    """

    def __init__(self, supernet: Supernet, images: Split, count: int) -> None:
        self._supernet, self._images = supernet, images
        # Data sets may list one class after the other, of which batch norm must not see one alone.
        order = np.random.default_rng(0).permutation(len(images))
        self._members: NDArray[np.int64] = order[:count]

    @torch.no_grad()
    def __call__(self, architectures: Sequence[Sequence[int]]) -> NDArray[np.float64]:
        """The accuracy of each of ``architectures``, n index vectors: ``(n,)``."""
        right = np.zeros(len(architectures))
        device = next(self._supernet.parameters()).device
        for start in range(0, len(self._members), BATCH):
            members = self._members[start : start + BATCH]
            batch = self._images.batch(members, None, np.random.default_rng(0))
            images, labels = (torch.from_numpy(part).to(device) for part in batch)
            for number, row in enumerate(architectures):
                logits = self._supernet(images, row)
                right[number] += (logits.argmax(dim=1) == labels).sum().item()
        return right / len(self._members)
