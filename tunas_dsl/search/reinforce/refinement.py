"""The last part of a search whose quality has no noise: what is near the best architectures is evaluated.

A policy that has settled leaves pairs of decisions unseen that are better together. A surrogate learns them
from what was evaluated; mutants and crossings of the best, inside the target, evolve by what it expects, and
the most promising are evaluated, as in surrogate-assisted evolution (Jin, Swarm and Evolutionary Computation,
2011).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tunas_dsl.ir import space as ir
from tunas_dsl.search.activity import Activity
from tunas_dsl.search.algorithms.algorithm import Floats, Indices
from tunas_dsl.search.reinforce.surrogate import Surrogate

ELITES = 25
"""So many of the best are parents at first."""

ARCHIVE = 1_500
"""From so many of the best evaluated the surrogate learns: its time grows with their cube."""

NEAR = 1.05
"""It also learns from what costs up to so many times the target."""

MUTATED = 0.1
"""The share of decisions that a mutant draws anew, on average."""

GENERATIONS = 8
_POPULATION, _CHILDREN = 64, 256
LEAST, SHARE = 16, 0.02
"""So many architectures are chosen at a time: ``LEAST``, or a ``SHARE`` of those evaluated so far."""

Row = tuple[int, ...]


class Refinement:
    """The ``ELITES`` best distinct architectures that cost no more than ``target``, and what is near them."""

    def __init__(
        self, decisions: Sequence[ir.Decision], cost: Callable[[Indices], Floats], target: float
    ) -> None:
        self._counts = np.array([len(decision.options) for decision in decisions])
        self._activity = Activity(decisions)
        self._surrogate = Surrogate(decisions)
        self._cost, self._target = cost, target
        self.elites: list[tuple[float, Row]] = []
        self._archive: dict[Row, float] = {}
        self._chosen: list[Row] = []
        self._seen = 0

    def offer(self, indices: Indices, qualities: Floats, costs: Floats) -> None:
        """Keep what of the evaluated ``indices``, ``(K, D)``, is among the best; the first wins a tie."""
        self._seen += len(indices)
        near = costs <= NEAR * self._target
        rows = list(map(tuple, self._activity.canonical(indices[near]).tolist()))
        self._archive |= zip(rows, qualities[near].tolist(), strict=True)
        if len(self._archive) > 2 * ARCHIVE:
            self._archive = dict(self._best_known())
        if self._chosen:
            self._chosen = [row for row in self._chosen if row not in rows]
        inside = (costs[near] <= self._target).tolist()
        self._keep([row for row, fits in zip(rows, inside, strict=True) if fits])

    def _keep(self, rows: list[Row]) -> None:
        """Take those of ``rows``, all in the archive, among the elites that are good enough."""
        least = self.elites[-1][0] if len(self.elites) == ELITES else -np.inf
        known = {row for _, row in self.elites}
        better = [
            row for row in dict.fromkeys(rows) if row not in known and self._archive.get(row, -np.inf) > least
        ]
        if better:
            elites = [*self.elites, *((self._archive[row], row) for row in better)]
            self.elites = sorted(elites, key=lambda elite: -elite[0])[:ELITES]

    def propose(self, count: int, random: np.random.Generator) -> Indices:
        """``count`` architectures inside the target, ``(count, D)``: if there are any, none evaluated.

        There must be an elite. They are the same again until they are offered.
        """
        if len(self._chosen) < count:
            self._choose(random)
        again = [self.elites[number % len(self.elites)][1] for number in range(count)]
        return np.array([*self._chosen, *again][:count])

    def _choose(self, random: np.random.Generator) -> None:
        """Choose the most promising of what evolves from the elites, by a surrogate of what is known."""
        known = self._best_known()
        surrogate = self._surrogate
        surrogate.fit(np.array([row for row, _ in known]), np.array([quality for _, quality in known]))
        population = np.array([row for _, row in self.elites])
        expected, promising = surrogate(population), dict[Row, float]()
        for _ in range(GENERATIONS):
            children = self._children(population, random)
            if not len(children):
                continue
            qualities = surrogate(children)
            rows = map(tuple, children.tolist())
            promising |= {
                row: quality
                for row, quality in zip(rows, qualities.tolist(), strict=True)
                if row not in self._archive
            }
            population, first = np.unique(np.concatenate([population, children]), axis=0, return_index=True)
            expected = np.concatenate([expected, qualities])[first]
            best = np.argsort(-expected, kind="stable")[:_POPULATION]
            population, expected = population[best], expected[best]
        best_first = sorted(promising, key=lambda row: (-promising[row], row))
        self._chosen = best_first[: max(LEAST, int(SHARE * self._seen))]

    def _best_known(self) -> list[tuple[Row, float]]:
        return sorted(self._archive.items(), key=lambda item: -item[1])[:ARCHIVE]

    def _children(self, parents: Indices, random: np.random.Generator) -> Indices:
        """Mutants and crossings, half of each, as far as they are inside the target: ``(M, D)``."""
        one, other = parents[random.integers(len(parents), size=(2, _CHILDREN))]
        shape = one.shape
        anew = (random.random(shape) * self._counts).astype(int)
        changed = random.random(shape) < 2 * MUTATED * random.random((_CHILDREN, 1))
        crossings = np.where(random.random(shape) < 0.5, one, other)
        mutate = random.random(_CHILDREN)[:, None] < 0.5
        children = self._activity.canonical(np.where(mutate, np.where(changed, anew, one), crossings))
        return np.asarray(children[self._cost(children) <= self._target])

    def state(self) -> dict[str, Any]:
        """The elites, best first, what else is known, and what is to be evaluated next."""
        return {
            "elites": self.elites,
            "archive": [[quality, row] for row, quality in self._archive.items()],
            "chosen": self._chosen,
            "seen": self._seen,
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state` gave."""
        self.elites = [(float(quality), _row(row)) for quality, row in state["elites"]]
        self._archive = {_row(row): float(quality) for quality, row in state["archive"]}
        self._chosen, self._seen = [_row(row) for row in state["chosen"]], int(state["seen"])


def _row(numbers: Sequence[Any]) -> Row:
    return tuple(map(int, numbers))
