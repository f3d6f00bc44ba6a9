"""Passes over a chain in ticks: a number for every state and every sum, from all ways that lead there."""

from collections.abc import Iterator
from typing import Any, Protocol

import attrs
import numpy as np
from numpy.typing import NDArray

from tunas_dsl.cost.chain import Chain, Step
from tunas_dsl.cost.support import Index
from tunas_dsl.cost.ticks import Ticks

Layer = NDArray[Any]
"""Numbers of the states before a step or after the last one, by the position of the sum: ``(S, size)``."""


class Algebra(Protocol):
    """What becomes of the weights of a way, and of several ways that lead to the same place."""

    @property
    def start(self) -> Layer:
        """The layer before the first step."""
        ...

    def weights(self, number: int, step: Step) -> NDArray[Any]:
        """The weights of a step's ways, ``(S, P)``."""
        ...

    def unite(self, weights: NDArray[Any], starts: NDArray[np.intp]) -> NDArray[Any]:
        """The weights of ways that are the same but for the weight, from ``starts`` on, as one."""
        ...

    def nothing(self, shape: tuple[int, int]) -> Layer:
        """The layer to which no way leads."""
        ...

    def lead(self, row: Layer, there: Index, what: Layer, weight: Any) -> None:
        """Let a way lead from ``what`` to the positions ``there`` of ``row``."""
        ...

    def arrive(self, row: Layer) -> None:
        """All ways that lead to ``row`` have been followed."""
        ...


def layers(ticks: Ticks, algebra: Algebra) -> Iterator[Layer]:
    """The layers before each step, and that after the last one, one after the other."""
    layer = algebra.start
    yield layer
    for number, (step, shifts) in enumerate(zip(ticks.chain.steps, ticks.shifts, strict=True)):
        before, after = ticks.supports[number : number + 2]
        following = algebra.nothing((step.after, after.size))
        moves: dict[int, tuple[Index, Index]] = {}
        for target, ways in _by_target(step, shifts, algebra, number):
            row = following[target]
            for source, shift, weight in ways:
                if shift not in moves:
                    moves[shift] = before.moved(shift, after)
                here, there = moves[shift]
                algebra.lead(row, there, layer[source][here], weight)
            algebra.arrive(row)
        layer = following
        yield layer


def last(ticks: Ticks, algebra: Algebra) -> Layer:
    """The numbers after the last step, ``(size,)``."""
    *_, layer = layers(ticks, algebra)
    return np.asarray(layer[0])


def _by_target(
    step: Step, shifts: NDArray[np.int64], algebra: Algebra, number: int
) -> Iterator[tuple[int, list[tuple[int, int, Any]]]]:
    """The ways that lead to each state, those of the same source and shift as one."""
    weights = algebra.weights(number, step)
    for target in range(step.after):
        some = np.flatnonzero(step.weights[target] > 0)
        if not some.size:
            continue
        order = some[np.lexsort((shifts[target, some], step.sources[target, some]))]
        sources, moved = step.sources[target, order], shifts[target, order]
        changes = (np.diff(sources) != 0) | (np.diff(moved) != 0)
        starts = np.concatenate([[0], 1 + np.flatnonzero(changes)])
        united = algebra.unite(weights[target, order], starts)
        yield (
            target,
            list(zip(sources[starts].tolist(), moved[starts].tolist(), united.tolist(), strict=True)),
        )


class Probability:
    """The probability of each state and sum, all of one layer adding up to 1 where none is left out."""

    def __init__(self, chain: Chain) -> None:
        self.start = np.ones((1, 1))
        self._weights = normalise(chain)

    def weights(self, number: int, step: Step) -> NDArray[Any]:
        """The weights of step ``number`` as shares, so that a layer adds up to 1."""
        return self._weights[number]

    def unite(self, weights: NDArray[Any], starts: NDArray[np.intp]) -> NDArray[Any]:
        """The sum of the probabilities of each run of ``weights``; runs begin at ``starts``."""
        return np.asarray(np.add.reduceat(weights, starts))

    def nothing(self, shape: tuple[int, int]) -> Layer:
        """Probability 0 for each state and sum."""
        return np.zeros(shape)

    def lead(self, row: Layer, there: Index, what: Layer, weight: Any) -> None:
        """Add the probabilities ``what`` times ``weight`` to those at ``there``."""
        row[there] += weight * what

    def arrive(self, row: Layer) -> None:
        """Leave ``row`` as it is: probabilities need no last step."""


@attrs.frozen(eq=False)
class Residues:
    """How many points there are to each state and sum, modulo ``modulus``; weights are 0 or 1."""

    modulus: int
    start: Layer = attrs.field(factory=lambda: np.ones((1, 1), dtype=np.uint64))

    def weights(self, number: int, step: Step) -> NDArray[Any]:
        """The weights of ``step`` as integers, 0 or 1."""
        return step.weights.astype(np.uint64)

    def unite(self, weights: NDArray[Any], starts: NDArray[np.intp]) -> NDArray[Any]:
        """How many ways each run of ``weights`` has; runs begin at ``starts``."""
        return np.asarray(np.add.reduceat(weights, starts))

    def nothing(self, shape: tuple[int, int]) -> Layer:
        """No point yet for each state and sum."""
        return np.zeros(shape, dtype=np.uint64)

    def lead(self, row: Layer, there: Index, what: Layer, weight: Any) -> None:
        """Add the counts ``what`` times ``weight``; the modulus is small enough for all ways of a step."""
        row[there] += what if weight == 1 else np.uint64(weight) * what

    def arrive(self, row: Layer) -> None:
        """Reduce the counts of ``row`` by the modulus, in place."""
        row %= np.uint64(self.modulus)


@attrs.frozen(eq=False)
class LargestLogarithm:
    """The logarithm of the weight of the heaviest point to each state and sum."""

    start: Layer = attrs.field(factory=lambda: np.zeros((1, 1)))

    def weights(self, number: int, step: Step) -> NDArray[Any]:
        """The logarithms of the weights of ``step``."""
        return logarithms(step)

    def unite(self, weights: NDArray[Any], starts: NDArray[np.intp]) -> NDArray[Any]:
        """The largest logarithm of each run of ``weights``; runs begin at ``starts``."""
        return np.asarray(np.maximum.reduceat(weights, starts))

    def nothing(self, shape: tuple[int, int]) -> Layer:
        """Minus infinity everywhere."""
        return np.full(shape, -np.inf)

    def lead(self, row: Layer, there: Index, what: Layer, weight: Any) -> None:
        """Added, and the larger kept."""
        row[there] = np.maximum(row[there], what + weight)

    def arrive(self, row: Layer) -> None:
        """All is done."""


def normalise(chain: Chain) -> list[NDArray[np.float64]]:
    """The weights of each step divided by a constant, so that all ways up to any step add up to 1."""
    weights, shares = [], np.ones(1)
    for step in chain.steps:
        reached = (step.weights * shares[step.sources]).sum(axis=1)
        weights.append(step.weights / reached.sum())
        shares = reached / reached.sum()
    return weights


def logarithms(step: Step) -> NDArray[np.float64]:
    """The logarithms of a step's weights, minus infinity for 0."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(step.weights))
