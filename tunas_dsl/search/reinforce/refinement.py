"""The last part of a search whose quality has no noise: what is near the best architectures is evaluated.

A policy that has settled leaves pairs of decisions unseen that are better together. Mutants and crossings of
the best, inside the target, find them, as in the evolutionary search of once-for-all (Cai et al., ICLR
2020), from which the figures are.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tunas_dsl.ir import space as ir
from tunas_dsl.search.activity import Activity
from tunas_dsl.search.algorithms.algorithm import Floats, Indices

ELITES = 25
MUTATED = 0.1
"""The share of decisions that a mutant draws anew."""

_CHILDREN = 64
"""So many are drawn at once, of which those inside the target are taken."""

_ROUNDS = 20
"""After so many draws without enough of them, the best are evaluated again."""


class Refinement:
    """The ``ELITES`` best distinct architectures that cost no more than ``target``, and their children."""

    def __init__(
        self, decisions: Sequence[ir.Decision], cost: Callable[[Indices], Floats], target: float
    ) -> None:
        self._counts = np.array([len(decision.options) for decision in decisions])
        self._activity = Activity(decisions)
        self._cost, self._target = cost, target
        self.elites: list[tuple[float, tuple[int, ...]]] = []

    def offer(self, indices: Indices, qualities: Floats, costs: Floats) -> None:
        """Keep what of the evaluated ``indices``, ``(K, D)``, is among the best; the first wins a tie."""
        least = self.elites[-1][0] if len(self.elites) == ELITES else -np.inf
        good = (costs <= self._target) & (qualities > least)
        if not good.any():
            return
        known = {row for _, row in self.elites}
        rows = map(tuple, self._activity.canonical(indices[good]).tolist())
        for quality, row in zip(qualities[good].tolist(), rows, strict=True):
            if row not in known:
                known.add(row)
                self.elites.append((quality, row))
        self.elites = sorted(self.elites, key=lambda elite: -elite[0])[:ELITES]

    def propose(self, count: int, random: np.random.Generator) -> Indices:
        """``count`` children of the elites, of which there is one at least, ``(count, D)``: none an elite."""
        parents = np.array([row for _, row in self.elites])
        known = {row for _, row in self.elites}
        found: list[tuple[int, ...]] = []
        for _ in range(_ROUNDS):
            children = self._activity.canonical(self._children(parents, random))
            fitting = children[self._cost(children) <= self._target]
            found += [row for row in map(tuple, fitting.tolist()) if row not in known]
            if len(found) >= count:
                break
        found += [self.elites[number % len(self.elites)][1] for number in range(count)]
        return np.array(found[:count])

    def _children(self, parents: Indices, random: np.random.Generator) -> Indices:
        """Mutants and crossings, half of each: ``(M, D)``."""
        one, other = parents[random.integers(len(parents), size=(2, _CHILDREN))]
        shape = one.shape
        anew = (random.random(shape) * self._counts).astype(int)
        mutants = np.where(random.random(shape) < MUTATED, anew, one)
        crossings = np.where(random.random(shape) < 0.5, one, other)
        return np.asarray(np.where(random.random(_CHILDREN)[:, None] < 0.5, mutants, crossings))

    def state(self) -> list[list[Any]]:
        """The elites, best first."""
        return [[quality, list(row)] for quality, row in self.elites]

    def load_state(self, state: Sequence[Sequence[Any]]) -> None:
        """Take over what :meth:`state` gave."""
        self.elites = [(float(quality), tuple(map(int, row))) for quality, row in state]
