"""The most probable point whose cost lies in a band, exactly: at the end of a search, the one to keep.

The most probable options, each taken alone, may miss the target (paper, Appendix B).
"""

import heapq
import itertools
from collections.abc import Iterator

import attrs
import numpy as np
from numpy.typing import NDArray

from tunas_dsl.cost.band import Band
from tunas_dsl.cost.chain import build_chain, reach
from tunas_dsl.cost.distribution import Distribution
from tunas_dsl.cost.model import CostModel
from tunas_dsl.cost.passes import LargestLogarithm, Layer, layers, logarithms
from tunas_dsl.cost.ticks import WORK, Ticks, in_ticks
from tunas_dsl.errors import UndecidedError

_LARGEST = 2_000_000
"""After so many beginnings that rounding has kept and that then miss the band, it is given up."""


def most_probable(model: CostModel, distribution: Distribution, band: Band) -> tuple[int, ...] | None:
    """The index vector of the highest probability of those whose cost is in ``band``, if there are any.

    The probability is that of all of its decisions, as for the most probable options alone, which are the
    answer wherever their cost is in the band.

    Raises:
        UndecidedError: very many costs are next to the band, and none was found in it.
    """
    if distribution.marginals is not None:
        argmax = tuple(int(row.argmax()) for row in distribution.marginals)
        if band.contains(model.total(np.array([argmax])))[0]:
            return argmax
    ticks = in_ticks(build_chain(model, distribution), band, work=WORK // 2, kept=True)
    for indices in _Backward(ticks, band).vectors():
        if band.contains(model.total(np.array([indices])))[0]:
            return indices
    return None


@attrs.frozen(eq=False)
class _Part:
    """The last steps of a way: what they cost exactly, the logarithm of their weight, where they start."""

    number: int
    state: int
    ticks: int
    cost: float
    weight: float
    way: int = -1
    rest: "_Part | None" = None


class _Backward:
    """Best-first search from the end of the chain, led by the exact weight of the best way to each place."""

    def __init__(self, ticks: Ticks, band: Band) -> None:
        self._ticks, self._band = ticks, band
        self._chain = ticks.chain
        self._layers: list[Layer] = list(layers(ticks, LargestLogarithm()))
        self._weights = [logarithms(step) for step in self._chain.steps]
        # What the ways to each state cost beyond their ticks, at least and at most.
        rests = [
            step.costs - ticks.tick * shifts
            for step, shifts in zip(self._chain.steps, ticks.shifts, strict=True)
        ]
        self._rests = [reach(self._chain.steps, rests, sign=sign) for sign in (1, -1)]

    def vectors(self) -> Iterator[tuple[int, ...]]:
        """Index vectors that may lie in the band, the most probable first."""
        tiebreak = itertools.count()
        queue: list[tuple[float, int, _Part]] = []

        def push(part: _Part, weight: float) -> None:
            if weight > -np.inf and self._may_end_in_band(part):
                heapq.heappush(queue, (-weight, next(tiebreak), part))

        number, best = len(self._chain.steps), self._layers[-1][0]
        possible = self._ticks.possibly(self._band)
        for total, weight in zip(self._ticks.supports[-1].sums[possible], best[possible], strict=True):
            push(_Part(number, 0, int(total), self._chain.intercept, 0.0), float(weight))
        for _ in range(_LARGEST):
            if not queue:
                return
            part = heapq.heappop(queue)[2]
            if not part.number:
                yield self._vector(part)
                continue
            for before, weight in self._longer(part):
                push(before, weight)
        raise UndecidedError(
            "the band is so narrow that rounding hides whether any cost lies in it: widen it"
        )

    def _longer(self, part: _Part) -> Iterator[tuple[_Part, float]]:
        """``part`` with one more step before it, and the weight of the best whole way that ends so."""
        number = part.number - 1
        step, shifts = self._chain.steps[number], self._ticks.shifts[number][part.state]
        positions, exist = self._ticks.supports[number].find(part.ticks - shifts)
        weights = part.weight + self._weights[number][part.state]
        sources, costs = step.sources[part.state], step.costs[part.state]
        best = np.where(exist, self._layers[number][sources, positions] + weights, -np.inf)
        for way in _heaviest(sources, costs, weights):
            before = _Part(
                number,
                int(sources[way]),
                int(part.ticks - shifts[way]),
                part.cost + float(costs[way]),
                float(weights[way]),
                way,
                part,
            )
            yield before, float(best[way])

    def _may_end_in_band(self, part: _Part) -> bool:
        """Whether any way to where ``part`` starts makes up a cost in the band."""
        low, high = (float(rests[part.number][part.state]) for rests in self._rests)
        cost = part.cost + self._ticks.tick * part.ticks
        give = 1e-9 * max(1.0, abs(cost))
        return cost + low <= self._band.high + give and cost + high >= self._band.low - give

    def _vector(self, part: _Part | None) -> tuple[int, ...]:
        indices = [0] * self._chain.decisions
        while part is not None and part.rest is not None:
            step = self._chain.steps[part.number]
            for position, decision in enumerate(step.decisions):
                if decision < len(indices):
                    indices[decision] = int(step.options[position, part.rest.state, part.way])
            part = part.rest
        return tuple(indices)


def _heaviest(
    sources: NDArray[np.int64], costs: NDArray[np.float64], weights: NDArray[np.float64]
) -> list[int]:
    """Of the ways from the same source at the same cost, the heaviest: no other can be better."""
    order = np.lexsort((np.arange(len(sources)), -weights, costs, sources))
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(sources[order]) != 0) | (np.diff(costs[order]) != 0)
    return [int(way) for way in order[new]]
