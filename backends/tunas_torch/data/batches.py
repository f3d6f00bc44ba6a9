"""Which examples are in which batch, as a pure function of seed and step: nothing to checkpoint."""

import attrs
import numpy as np
from numpy.typing import NDArray


@attrs.frozen
class BatchSchedule:
    """Batches from a fresh permutation of ``size`` examples every epoch.

    Batches cross the borders of epochs, so that all have ``batch_size`` examples.
    """

    size: int
    batch_size: int
    seed: int
    purpose: int

    def indices(self, step: int) -> NDArray[np.int64]:
        """The examples of batch ``step``, ``(batch_size,)``."""
        start, end = step * self.batch_size, (step + 1) * self.batch_size
        epochs = range(start // self.size, (end - 1) // self.size + 1)
        order = np.concatenate([self._permutation(epoch) for epoch in epochs])
        first = start - epochs[0] * self.size
        return order[first : first + self.batch_size]

    def _permutation(self, epoch: int) -> NDArray[np.int64]:
        return np.random.default_rng([self.seed, self.purpose, epoch]).permutation(self.size)
