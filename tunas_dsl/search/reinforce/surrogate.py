"""What is expected of architectures near those evaluated: more than a number an option, as the critic has.

Kernel ridge regression with a cubic kernel: products of up to three of the options that two architectures
share. It knows which pairs of options go together well, from a few hundred evaluations.
"""

from collections.abc import Sequence

import numpy as np

from tunas_dsl.ir import space as ir
from tunas_dsl.search.activity import Activity
from tunas_dsl.search.algorithms.algorithm import Floats, Indices

DEGREE = 3
RIDGE = 1e-3
"""What is added to the similarity of an architecture with itself, which is at most 1."""


class Surrogate:
    """Expects of architectures over ``decisions`` what :meth:`fit` was told of others."""

    def __init__(self, decisions: Sequence[ir.Decision]) -> None:
        counts = np.array([len(decision.options) for decision in decisions], dtype=int)
        self._first, self._size = counts.cumsum() - counts, int(counts.sum())
        self._activity = Activity(decisions)
        self._known = np.empty((0, self._size))
        self._weights, self._mean, self._spread = np.empty(0), 0.0, 1.0

    def fit(self, indices: Indices, qualities: Floats) -> None:
        """Learn that ``indices``, ``(n, D)``, have these qualities, ``(n,)``, and forget what was before."""
        from scipy.linalg import solve  # takes a while to import

        self._known = self._taken(indices)
        self._mean, self._spread = float(qualities.mean()), float(qualities.std()) or 1.0
        similar = self._similarities(self._known)
        similar[np.diag_indices(len(similar))] += RIDGE
        self._weights = solve(similar, (qualities - self._mean) / self._spread, assume_a="pos")

    def __call__(self, indices: Indices) -> Floats:
        """The expected quality of each of ``indices``, ``(n, D)``: ``(n,)``."""
        expected = self._similarities(self._taken(indices)) @ self._weights
        return np.asarray(self._mean + self._spread * expected)

    def _similarities(self, taken: Floats) -> Floats:
        """From 0 to 1, of each of n architectures with each of the known: ``(n, known)``."""
        decisions = len(self._first)
        return np.asarray(((1 + taken @ self._known.T) / (1 + decisions)) ** DEGREE)

    def _taken(self, indices: Indices) -> Floats:
        """1 for each option that an architecture has and that counts, otherwise 0: ``(n, options)``."""
        taken = np.zeros((len(indices), self._size))
        rows, decisions = np.nonzero(self._activity(indices))
        taken[rows, (indices + self._first)[rows, decisions]] = 1
        return taken
