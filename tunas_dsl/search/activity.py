"""Which decisions count in an index vector, for many vectors at once."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import AVERAGE


class Activity:
    """The array form of :func:`tunas_dsl.ir.selection.active_decisions`.

    A decision counts where one of its conditions holds, and a condition holds where none of its terms fails.
    """

    def __init__(self, decisions: Sequence[ir.Decision]) -> None:
        position = {decision.id: number for number, decision in enumerate(decisions)}
        conditions = [(owner, terms) for owner, decision in enumerate(decisions) for terms in decision.active]
        terms = [
            (condition, position[id], options)
            for condition, (_, conjunction) in enumerate(conditions)
            for id, options in conjunction
        ]
        width = max((len(decision.options) for decision in decisions), default=1)
        self._always = np.array([not decision.active for decision in decisions], dtype=bool)
        self._subject = np.array([subject for _, subject, _ in terms], dtype=np.intp)
        self._term = np.arange(len(terms))
        # The last column stands for AVERAGE = -1, which keeps every option alive.
        self._excluded = np.ones((len(terms), width + 1))
        self._excluded[:, AVERAGE] = 0
        self._within = np.zeros((len(terms), len(conditions)))
        for term, (condition, _, options) in enumerate(terms):
            self._excluded[term, list(options)] = 0
            self._within[term, condition] = 1
        self._grants = np.zeros((len(conditions), len(decisions)))
        for condition, (owner, _) in enumerate(conditions):
            self._grants[condition, owner] = 1

    def __call__(self, indices: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
        """``(K, D)`` index vectors, with AVERAGE allowed, give ``(K, D)`` bool."""
        failed = self._excluded[self._term, indices[:, self._subject]]  # (K, terms)
        holds = (failed @ self._within == 0).astype(float)  # (K, conditions)
        counts: NDArray[np.bool_] = self._always | (holds @ self._grants > 0)
        return counts

    def canonical(self, indices: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
        """``indices``, ``(K, D)``, with 0 for every decision that does not count."""
        return np.where(self(indices), indices, 0).astype(np.int64)
