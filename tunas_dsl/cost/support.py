"""The sums of ticks that the ways to one place of a chain may have, as positions in an array."""

from typing import Any, Protocol

import attrs
import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Index = Any
"""What selects some positions of an array: a slice, or positions."""


class Support(Protocol):
    """Sums in ascending order, each at its position."""

    @property
    def size(self) -> int:
        """How many sums there are."""
        ...

    @property
    def sums(self) -> Integers:
        """The sums, ``(size,)``."""
        ...

    def moved(self, shift: int, other: Any) -> tuple[Index, Index]:
        """Where the sums are that lie in ``other``, of the same kind, once moved, and where there."""
        ...

    def find(self, sums: Integers) -> tuple[Integers, NDArray[np.bool_]]:
        """The position of each of ``sums``, any where there is none, and whether there is one."""
        ...


@attrs.frozen
class Interval:
    """All integers from ``low``, ``size`` of them."""

    low: int
    size: int

    @property
    def sums(self) -> Integers:
        """The integers, ``(size,)``."""
        return np.arange(self.low, self.low + self.size)

    def moved(self, shift: int, other: "Interval") -> tuple[slice, slice]:
        """Where the sums moved by ``shift`` lie in ``other``: slices of the same length, here and there."""
        offset = self.low + shift - other.low
        begin = max(0, -offset)
        end = max(begin, min(self.size, other.size - offset))
        return slice(begin, end), slice(begin + offset, end + offset)

    def find(self, sums: Integers) -> tuple[Integers, NDArray[np.bool_]]:
        """The position of each of ``sums``, by subtraction (0 where it is none), and whether it is one."""
        positions = sums - self.low
        inside = (positions >= 0) & (positions < self.size)
        return np.where(inside, positions, 0), inside


@attrs.frozen(eq=False)
class Scattered:
    """Some integers: all sums that there are, where these are few."""

    sums: Integers

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self.sums)

    def moved(self, shift: int, other: "Scattered") -> tuple[Integers, Integers]:
        """Positions by binary search."""
        positions, there = other.find(self.sums + shift)
        return np.flatnonzero(there), positions[there]

    def find(self, sums: Integers) -> tuple[Integers, NDArray[np.bool_]]:
        """By binary search."""
        if not self.size:
            return np.zeros_like(sums), np.zeros(sums.shape, dtype=bool)
        positions = np.minimum(np.searchsorted(self.sums, sums), self.size - 1)
        return positions, np.asarray(self.sums[positions] == sums)
