"""Random points whose cost lies in a band, drawn without rejection: from the end of a chain to its start."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tunas_dsl.cost.drawing import Indices
from tunas_dsl.cost.passes import Layer, Probability, layers, normalise
from tunas_dsl.cost.ticks import Ticks

_AT_ONCE = 1_024
"""Points that are drawn together: the ways to all of them fit the second cache."""


class Backward:
    """A :class:`~tunas_dsl.cost.drawing.Source` of points whose sums of ticks are those at ``ends``.

    Among these, points come by their probabilities. ``share`` is the probability of all of them.
    """

    def __init__(self, ticks: Ticks, ends: slice) -> None:
        self._ticks = ticks
        self._layers: list[Layer] = list(layers(ticks, Probability(ticks.chain)))
        self._weights = normalise(ticks.chain)
        found = self._layers[-1][0][ends]
        self._ends = ticks.supports[-1].sums[ends]
        self._cumulative = np.cumsum(found)
        self.share = float(found.sum())

    def fill(self, random: np.random.Generator, columns: Indices) -> None:
        """Draw index vectors into ``columns``, ``(D, n)``; there must be some ``share``."""
        for start in range(0, columns.shape[1], _AT_ONCE):
            self._fill(random, columns[:, start : start + _AT_ONCE])

    def _fill(self, random: np.random.Generator, columns: Indices) -> None:
        n, chain = columns.shape[1], self._ticks.chain
        columns[:] = 0  # decisions of one option are in no step
        numbers = random.random((len(chain.steps) + 1, n))
        sums = self._ends[_inverse(self._cumulative, numbers[-1])]
        states = np.zeros(n, dtype=np.int64)
        for number in reversed(range(len(chain.steps))):
            step = chain.steps[number]
            ways = self._way(number, states, sums, numbers[number])
            for position, decision in enumerate(step.decisions):
                if decision < chain.decisions:
                    columns[decision] = step.options[position, states, ways]
            sums = sums - self._ticks.shifts[number][states, ways]
            states = step.sources[states, ways]

    def _way(self, number: int, states: Any, sums: Any, uniform: Any) -> NDArray[np.intp]:
        """One of the ways that lead to each of the ``states`` with each of the ``sums``, all ``(n,)``."""
        step, layer = self._ticks.chain.steps[number], self._layers[number]
        positions, exist = self._ticks.supports[number].find(
            sums[:, None] - self._ticks.shifts[number][states]
        )
        weights = layer[step.sources[states], positions] * self._weights[number][states] * exist
        cumulative = np.cumsum(weights, axis=1)
        total = cumulative[:, -1]
        drawn = np.minimum(uniform * total, np.nextafter(total, 0))  # the product may be rounded up
        return np.asarray((cumulative > drawn[:, None]).argmax(axis=1))


def _inverse(cumulative: NDArray[np.float64], uniform: NDArray[np.float64]) -> NDArray[np.intp]:
    """The position of the first of ``cumulative`` that exceeds each of ``uniform`` times the last one."""
    positions = np.searchsorted(cumulative, uniform * cumulative[-1], side="right")
    return np.asarray(np.minimum(positions, np.searchsorted(cumulative, cumulative[-1])))
