"""Regularised evolution inside a band of costs (Real et al., AAAI 2019): the oldest dies, not the worst."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from tunas_dsl.errors import SearchError
from tunas_dsl.ir import space as ir
from tunas_dsl.runs.setting import COUNT, POSITIVE, Settings
from tunas_dsl.search.activity import Activity
from tunas_dsl.search.algorithms.algorithm import Band, Floats, Indices
from tunas_dsl.search.algorithms.found import Found

_MUTANTS = 64
"""So many are drawn at once, of which the first that lies in the band is taken."""

_ROUNDS = 50
"""After every so many rounds without a mutant in the band, twice as many decisions change."""


@attrs.frozen(kw_only=True)
class EvolutionSettings(Settings):
    """``n`` architectures that cost ``target``, give or take ``within``.

    The first ``population`` are random. Each later one is a mutant of the best of ``tournament`` that are
    drawn from the last ``population``, with ``mutations`` decisions changed on average. A step proposes
    ``batch`` of them.

    Raises:
        SearchError: a setting is out of range, or two contradict each other.
    """

    n: int = attrs.field(validator=COUNT)
    within: float = attrs.field(validator=POSITIVE)
    population: int = attrs.field(default=100, validator=COUNT)
    tournament: int = attrs.field(default=25, validator=COUNT)
    mutations: float = attrs.field(default=1.0, validator=POSITIVE)
    batch: int = attrs.field(default=1, validator=COUNT)

    @within.default
    def _a_percent(self) -> float:
        return 0.01 * float(self._checked("target"))

    def __attrs_post_init__(self) -> None:
        if self.tournament > self.population:
            raise SearchError(
                f"`tournament` is {self.tournament}, but must not exceed `population`, "
                f"which is {self.population}"
            )


class Evolution:
    """An :class:`~.algorithm.Algorithm` that begins with ``first``, ``(population, D)``."""

    def __init__(
        self, decisions: Sequence[ir.Decision], band: Band, first: Indices, settings: EvolutionSettings
    ) -> None:
        self.settings = settings
        self.step = 0
        self._band, self._first = band, first
        self._counts = np.array([len(decision.options) for decision in decisions])
        self._activity = Activity(decisions)
        self._population: deque[tuple[tuple[int, ...], float]] = deque(maxlen=settings.population)
        self._found = Found()

    @property
    def steps(self) -> int:
        """The batches in all."""
        return -(-self.settings.n // self.settings.batch)

    def propose(self) -> Indices:
        """The next ``batch``: of the first population while it lasts, then mutants."""
        start = self.step * self.settings.batch
        count = min(self.settings.batch, self.settings.n - start)
        random = np.random.default_rng([self.settings.seed, self.step])
        fresh = self._first[start : start + count]
        return np.array([*fresh, *(self._mutant(random) for _ in range(count - len(fresh)))])

    def feedback(self, indices: Indices, qualities: Floats, costs: Floats) -> None:
        """Take the proposed ones into the population, whose oldest die."""
        for row, quality in zip(indices.tolist(), qualities.tolist(), strict=True):
            self._population.append((tuple(row), quality))
        self._found.offer(indices, qualities)
        self.step += 1

    def figures(self) -> dict[str, float]:
        """The best quality so far."""
        return {"best": self._found.quality}

    def best(self) -> tuple[int, ...]:
        """The best of all that were evaluated; the first one wins a tie."""
        return self._found.indices

    def state(self) -> dict[str, Any]:
        """Step, population, the oldest first, and best."""
        return {"step": self.step, "population": list(self._population), "found": self._found.state()}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state` gave."""
        self.step = int(state["step"])
        for indices, quality in state["population"]:
            self._population.append((self._checked(indices), float(quality)))
        self._found.load_state(state["found"])

    def _checked(self, indices: Sequence[int]) -> tuple[int, ...]:
        row = np.asarray(indices, dtype=int).reshape(len(self._counts))
        if not ((row >= 0) & (row < self._counts)).all():
            raise ValueError(f"{list(indices)} is no index vector")
        return tuple(row.tolist())

    def _mutant(self, random: np.random.Generator) -> Indices:
        if not self._population:
            return np.asarray(self._first[int(random.integers(len(self._first)))])
        size = min(self.settings.tournament, len(self._population))
        drawn = random.choice(len(self._population), size, replace=False)
        parent = np.array(max((self._population[number] for number in drawn), key=lambda one: one[1])[0])
        mutations = self.settings.mutations
        for round in range(1, _ROUNDS * 8 + 1):
            mutants = self._mutants(parent, mutations, random)
            other = (self._activity.canonical(mutants) != self._activity.canonical(parent[None])).any(axis=1)
            fitting = mutants[other & self._band.holds(mutants)]
            if len(fitting):
                return np.asarray(fitting[0])
            if round % _ROUNDS == 0:
                mutations *= 2
        return parent

    def _mutants(self, parent: Indices, mutations: float, random: np.random.Generator) -> Indices:
        """Copies of ``parent``, ``(D,)``, some of whose decisions take another option: ``(M, D)``."""
        shape = (_MUTANTS, len(parent))
        free = (self._counts > 1).sum()
        changed = random.random(shape) < min(1.0, mutations / max(1, free))
        other = (parent + 1 + (random.random(shape) * (self._counts - 1)).astype(int)) % self._counts
        return np.where(changed, other, parent)
