"""What a search expects of an architecture from those that it has evaluated: a number for each option.

A policy gradient from a few architectures is mostly noise: a sample is good or bad for what all its other
decisions are. A critic takes out of a sample's quality what it foresaw, and puts into the gradient what it
foresees of the whole policy, which needs no evaluation. On average the gradient stays what it was, however
wrong the critic is: it is a control variate, fitted to earlier steps alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tunas_dsl.ir import space as ir
from tunas_dsl.search.activity import Activity
from tunas_dsl.search.algorithms.algorithm import Floats, Indices
from tunas_dsl.search.reinforce.price import score_gradient

FIRST = 8
"""After so many architectures the critic is fitted for the first time."""

GROWTH = 1.02
"""It is fitted again whenever there are so many times as many: some hundred times in all."""

_TOGETHER = 128
"""So many architectures wait at most until they are counted."""

RIDGE = 1.0
"""How many architectures of the average quality each option begins with."""


class Critic:
    """Ridge regression of qualities on the options of those ``decisions`` that count.

    ``together`` counts how often two options, of S in all, were in one architecture, ``(S + 1, S + 1)``; the
    last row and column stand for all architectures. ``sums`` are the sums of their qualities, ``(S + 1,)``.
    """

    def __init__(self, decisions: Sequence[ir.Decision]) -> None:
        counts = np.array([len(decision.options) for decision in decisions], dtype=int)
        size = int(counts.sum())
        self._first = counts.cumsum() - counts
        self._exists = np.arange(counts.max(initial=1)) < counts[:, None]
        self._activity = Activity(decisions)
        self._gates = _gates(decisions)
        self._ridge = np.diag([RIDGE] * size + [0.0])
        self.together = np.zeros((size + 1, size + 1))
        self.sums = np.zeros(size + 1)
        self.weights = np.zeros(size + 1)
        self._waiting: list[tuple[list[int], float]] = []
        self._due = FIRST

    @property
    def seen(self) -> int:
        """How many architectures it has learned from."""
        return int(self.together[-1, -1]) + len(self._waiting)

    def __call__(self, indices: Indices) -> Floats:
        """The expected quality of each of ``indices``, ``(K, D)``: ``(K,)``."""
        effects = np.where(self._activity(indices), self.weights[indices + self._first], 0.0)
        return np.asarray(effects.sum(axis=1) + self.weights[-1])

    def surprises(self, indices: Indices, qualities: Floats) -> Floats:
        """What of the ``qualities``, ``(K,)``, was not expected; of the very first, all but their mean."""
        if not self.seen:
            self.weights[-1] = qualities.mean()
        return np.asarray(qualities - self(indices))

    def gradient(self, probabilities: Floats, draws: Indices) -> Floats:
        """The gradient of -E[expected quality] by the logits, ``(D, C)``.

        ``draws``, ``(M, D)``, are of a policy with these ``probabilities``, ``(D, C)``. What an option is
        worth by itself is known; only which decisions count is estimated from the draws.
        """
        effects = np.zeros(probabilities.shape)
        effects[self._exists] = self.weights[:-1]
        means = (probabilities * effects).sum(axis=1)
        active = self._activity(draws).astype(float)
        own = active.mean(axis=0)[:, None] * probabilities * (means[:, None] - effects)
        opened = (active * means) @ self._gates  # (M, D): what the decisions that each one opens are worth
        weight = active * (opened - opened.mean(axis=0)) / max(1, len(draws) - 1)
        return np.asarray(own + score_gradient(probabilities, draws, weight))

    def learn(self, indices: Indices, qualities: Floats) -> None:
        """Take in that ``indices``, ``(K, D)``, have these qualities, ``(K,)``."""
        self._waiting += zip(indices.tolist(), qualities.tolist(), strict=True)
        is_due = self.seen >= self._due
        if is_due or len(self._waiting) >= _TOGETHER:
            self._take_in()
        if is_due:
            self.weights[...] = np.linalg.solve(self.together + self._ridge, self.sums)
            self._due = max(self.seen + FIRST, int(GROWTH * self.seen))

    def _take_in(self) -> None:
        """Count what waits, all at once, since one by one would take longer than the rest of a step."""
        indices = np.array([row for row, _ in self._waiting])
        taken = np.zeros((len(indices), len(self.sums)))
        rows, decisions = np.nonzero(self._activity(indices))
        taken[rows, (indices + self._first)[rows, decisions]] = 1
        taken[:, -1] = 1
        self.together += taken.T @ taken
        self.sums += np.array([quality for _, quality in self._waiting]) @ taken
        self._waiting = []

    def state(self) -> dict[str, Any]:
        """Counts, the upper triangle row by row, sums, what is not in them yet, and the last fit."""
        return {
            "together": self.together[np.triu_indices(len(self.sums))].astype(int).tolist(),
            "waiting": self._waiting,
            "sums": self.sums.tolist(),
            "weights": self.weights.tolist(),
            "due": self._due,
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state` gave."""
        upper = np.triu_indices(len(self.sums))
        self.together[upper] = np.asarray(state["together"], dtype=float).reshape(len(upper[0]))
        self.together.T[upper] = self.together[upper]
        self.sums[...] = np.asarray(state["sums"], dtype=float).reshape(self.sums.shape)
        self.weights[...] = np.asarray(state["weights"], dtype=float).reshape(self.sums.shape)
        self._waiting = [(list(map(int, row)), float(quality)) for row, quality in state["waiting"]]
        self._due = int(state["due"])


def _gates(decisions: Sequence[ir.Decision]) -> Floats:
    """``(D, D)``: 1 where whether a decision (row) counts depends on another one (column)."""
    position = {decision.id: number for number, decision in enumerate(decisions)}
    gates = np.zeros((len(decisions), len(decisions)))
    for number, decision in enumerate(decisions):
        for conjunction in decision.active:
            for id, _ in conjunction:
                gates[number, position[id]] = 1
    return gates
