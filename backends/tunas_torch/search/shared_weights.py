"""How accurate architectures are with the weights that a search has trained for all of them."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from tunas_dsl.errors import SearchError
from tunas_dsl.exchange.bundle import read_bundle
from tunas_dsl.ir import space as ir
from tunas_dsl.search.algorithms.algorithm import Floats, Indices
from tunas_dsl.search.run import RunFolder
from tunas_torch.runs.checkpoint import load_checkpoint
from tunas_torch.runs.loop import fingerprint
from tunas_torch.search.run import start_search

IMAGES = 2048
"""So many validation images rate an architecture, or all that there are."""

BATCH = 512
"""Of how many images the batch norms take their statistics, as in the paper's validation (facts 7)."""


class SharedWeights:
    """A quality: the accuracy, 0 to 1, on the same validation images for every architecture.

    It computes on ``device`` with so many ``threads``.

    Raises:
        SearchError: the ``run`` has no checkpoint, or is not of ``space``, or there is no such device.
        DataError: its data cannot be used.
    """

    def __init__(
        self,
        space: ir.Space,
        run: RunFolder,
        tell: Callable[[str], None],
        device: str = "cpu",
        threads: int | None = None,
    ) -> None:
        bundle = read_bundle(run.bundle)
        if fingerprint(bundle.space) != fingerprint(space):
            raise SearchError(f"the weights of {run.path} are for `{bundle.space.name}`, another space")
        search = start_search(bundle.space, bundle.models[run.cost], run, device, threads)
        found = load_checkpoint(run.path, tell)
        if found is None:
            raise SearchError(f"{run.path} has no checkpoint: there are no weights to rate with")
        search.load_state(found[1])
        search.optimizer.flush()
        self._supernet, self._images = search.supernet, search.data.validation
        self._device = search.device
        # Data sets may list one class after the other, of which batch norm must not see one alone.
        order = np.random.default_rng(0).permutation(len(self._images))
        self._members: NDArray[np.int64] = order[:IMAGES]

    @torch.no_grad()
    def __call__(self, architectures: Indices) -> Floats:
        """The accuracy of each of ``architectures``, ``(n, D)``: ``(n,)``."""
        right = np.zeros(len(architectures))
        for start in range(0, len(self._members), BATCH):
            members = self._members[start : start + BATCH]
            batch = self._images.batch(members, None, np.random.default_rng(0))
            images, labels = (torch.from_numpy(part).to(self._device) for part in batch)
            for number, row in enumerate(architectures.tolist()):
                logits = self._supernet(images, row)
                right[number] += (logits.argmax(dim=1) == labels).sum().item()
        return right / len(self._members)
