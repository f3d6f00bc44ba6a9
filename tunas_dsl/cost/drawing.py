"""Random index vectors, one decision independent of the other, a hundred million decisions a second."""

import math
from collections.abc import Sequence
from typing import Any, Protocol

import attrs
import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.signedinteger[Any]]
"""Index vectors, ``(N, D)``, decision by decision in memory: cost models like them so."""

_DIGITS = 2**32 - 1
"""Options of several decisions are drawn together, as digits of one number below this one."""


class Source(Protocol):
    """Something that fills chunks with index vectors, each chunk from the random numbers of its own."""

    def fill(self, random: np.random.Generator, columns: Indices) -> None:
        """Draw index vectors into ``columns``, ``(D, n)``."""


def empty(n: int, options: Sequence[int]) -> Indices:
    """Room for ``n`` index vectors, in the smallest integers that hold the ``options``, and -1."""
    largest = max(options, default=0)
    dtype = next(dtype for dtype in (np.int8, np.int16, np.int32) if largest <= np.iinfo(dtype).max)
    return np.empty((len(options), n), dtype=dtype).T


class Uniform:
    """Every option equally likely, exactly: no option of a decision is preferred by rounding."""

    def __init__(self, options: Sequence[int]) -> None:
        self._groups: list[list[tuple[int, int]]] = []
        product = _DIGITS + 1
        for position, length in enumerate(options):
            if product * length > _DIGITS:
                self._groups.append([])
                product = 1
            product *= length
            self._groups[-1].append((position, length))

    def fill(self, random: np.random.Generator, columns: Indices) -> None:
        """One random number a group of decisions, taken apart into its digits."""
        n = columns.shape[1]
        rest: NDArray[np.uint32] = np.empty(n, dtype=np.uint32)
        digit: NDArray[np.uint32] = np.empty(n, dtype=np.uint32)
        for group in self._groups:
            product = math.prod(length for _, length in group)
            number = np.asarray(random.integers(0, product, n, dtype=np.uint32))
            for position, length in group:
                np.floor_divide(number, np.uint32(length), out=rest)
                np.multiply(rest, np.uint32(length), out=digit)
                np.subtract(number, digit, out=columns[position], casting="unsafe")
                number, rest = rest, number


@attrs.frozen(eq=False)
class Independent:
    """Each decision by probabilities of its own."""

    marginals: Sequence[NDArray[np.float64]]

    def fill(self, random: np.random.Generator, columns: Indices) -> None:
        """By inversion: how many of the cumulated probabilities a random number exceeds."""
        for position, probabilities in enumerate(self.marginals):
            steps = np.cumsum(probabilities)[:-1]
            if steps.size:
                # The last option of positive probability takes what rounding leaves of the sum.
                steps[np.flatnonzero(probabilities).max() :] = 2.0
                number = random.random(columns.shape[1])
                columns[position] = np.searchsorted(steps, number, side="right")
            else:
                columns[position] = 0
