"""Which examples are in which batch, as a pure function of seed and step: nothing to checkpoint."""

from functools import lru_cache

import attrs
import numpy as np
from numpy.typing import NDArray


@attrs.frozen
class BatchSchedule:
    """Batches from a fresh permutation of ``size`` examples every epoch.

    Batches cross the borders of epochs, so that all have ``batch_size`` examples, even where that is
    more than ``size``. Different ``purpose`` numbers give independent orders.
    """

    size: int = attrs.field(validator=attrs.validators.ge(1))
    batch_size: int = attrs.field(validator=attrs.validators.ge(1))
    seed: int
    purpose: int

    def indices(self, step: int) -> NDArray[np.int64]:
        """The examples of batch ``step``, ``(batch_size,)``; steps count from 0."""
        start, end = step * self.batch_size, (step + 1) * self.batch_size
        first, last = start // self.size, (end - 1) // self.size
        order = np.concatenate(
            [_permutation(self.size, self.seed, self.purpose, epoch) for epoch in range(first, last + 1)]
        )
        return order[start - first * self.size : end - first * self.size]


@lru_cache(maxsize=4)  # a training and a validation order, each within or across a border of epochs
def _permutation(size: int, seed: int, purpose: int, epoch: int) -> NDArray[np.int64]:
    return np.random.default_rng([seed, purpose, epoch]).permutation(size)
