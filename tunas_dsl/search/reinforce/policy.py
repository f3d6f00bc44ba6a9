"""The policy without a tensor library: one independent multinomial for each decision (facts 5).

The PyTorch backend emits the same policy as a differentiable module, with warmup.
"""

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from tunas_dsl.ir import space as ir
from tunas_dsl.search.activity import Activity

Floats = NDArray[np.float64]
Indices = NDArray[np.integer[Any]]


class Policy:
    """Logits of D decisions, padded to ``(D, C)`` with C the most options of one, all 0 at first.

    A hierarchical policy leaves a decision out of gradients and entropy where its layer is not
    selected; a flat one counts every decision always.
    """

    def __init__(self, decisions: Sequence[ir.Decision], hierarchical: bool = True) -> None:
        counts = np.array([len(decision.options) for decision in decisions])
        self.exists = np.arange(counts.max(initial=1)) < counts[:, None]
        self.logits = np.where(self.exists, 0.0, -np.inf)
        self._last = counts - 1
        self._activity = Activity(
            decisions if hierarchical else [attrs.evolve(d, active=()) for d in decisions]
        )
        self._probabilities = self._softmax()

    @property
    def probabilities(self) -> Floats:
        """The probability of every option, ``(D, C)``; 0 where there is no option."""
        return self._probabilities

    def shift(self, change: Floats) -> None:
        """Add ``change``, ``(D, C)``, to the logits."""
        self.logits += change
        self._probabilities = self._softmax()

    def load(self, logits: Sequence[Sequence[float]]) -> None:
        """Take over the logits that :meth:`rows` gave.

        Raises:
            ValueError: they are those of other decisions, or not all finite.
        """
        loaded = self.logits.copy()
        for row, count, options in zip(loaded, self._last + 1, logits, strict=True):
            row[:count] = np.asarray(options, dtype=float).reshape(count)
        if not np.isfinite(loaded[self.exists]).all():
            raise ValueError("there are logits that are not finite")
        self.logits = loaded
        self._probabilities = self._softmax()

    def rows(self) -> list[list[float]]:
        """The logits of each decision."""
        return [row[:count].tolist() for row, count in zip(self.logits, self._last + 1, strict=True)]

    def draw(self, uniform: Floats) -> Indices:
        """An index vector for each row of ``uniform``, ``(K, D)`` numbers from 0 to below 1."""
        cumulative = self._probabilities.cumsum(axis=1)
        drawn = (uniform[..., None] >= cumulative).sum(axis=2)
        return np.asarray(np.minimum(drawn, self._last))  # the sum of probabilities may round to below 1

    def gradients(self, indices: Indices, advantages: Floats) -> Floats:
        """Each sample's gradient of -advantage log_prob by the logits, ``(K, D, C)``."""
        weight = np.where(self._activity(indices), advantages[:, None], 0.0)
        gradients = weight[..., None] * self._probabilities
        samples, decisions = np.arange(len(indices))[:, None], np.arange(indices.shape[1])
        gradients[samples, decisions, indices] -= weight
        return gradients

    def entropies(self) -> Floats:
        """The entropy of each decision in nats, ``(D,)``."""
        return np.asarray(-(self._probabilities * self._log_probabilities()).sum(axis=1))

    def entropy(self, indices: Indices) -> Floats:
        """The entropy in nats of the decisions that count in each row of ``indices`` ``(K, D)``: ``(K,)``."""
        return np.asarray(self._activity(indices) @ self.entropies())

    def entropy_gradient(self, indices: Indices) -> Floats:
        """The gradient of the mean entropy over the rows of ``indices`` ``(K, D)``: ``(D, C)``."""
        share = self._activity(indices).mean(axis=0)[:, None]
        spread = self._log_probabilities() + self.entropies()[:, None]
        return np.asarray(-self._probabilities * spread * share)

    def argmax(self) -> tuple[int, ...]:
        """The most probable option of each decision; the first one wins a tie."""
        return tuple(self.logits.argmax(axis=1).tolist())

    def _softmax(self) -> Floats:
        powers = np.exp(self.logits - self.logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    def _log_probabilities(self) -> Floats:
        shifted = self.logits - self.logits.max(axis=1, keepdims=True)
        log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return np.where(self.exists, log_probabilities, 0.0)
