"""Sums of table entries for very many index vectors: small dtypes, and chunks that fit a cache."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from tunas_dsl.cost.factor import Factor
from tunas_dsl.errors import NotInSpace
from tunas_dsl.ir.selection import AVERAGE

_CHUNK = 16_384
"""Index vectors at a time: few enough for the second cache, many enough to hide NumPy's overhead."""

_BLOCK = 512
"""Rows that are transposed at a time: what is read column by column then fits the first cache."""

_FEW = 64
"""Up to so many index vectors, one look-up in all tables takes less time than one look-up in each."""

Integers = NDArray[np.integer[Any]]


@attrs.frozen(eq=False)
class _Table:
    """The entries of a factor, flat, each axis led by its mean, where AVERAGE leads to."""

    decisions: tuple[int, ...]
    lengths: tuple[int, ...]
    entries: NDArray[np.float64]

    @classmethod
    def compile(cls, factor: Factor) -> "_Table":
        table = np.asarray(factor.table, dtype=np.float64)
        for axis in range(table.ndim):
            table = np.concatenate([table.mean(axis, keepdims=True), table], axis)
        return cls(factor.decisions, table.shape, table.ravel())

    def positions(self, columns: Integers, into: Integers) -> Integers:
        """Where in ``entries`` the entries of the ``columns``, ``(D, n)`` and one too large, are."""
        into = into[: columns.shape[1]]
        into[:] = columns[self.decisions[0]] if self.decisions else 0
        for decision, length in zip(self.decisions[1:], self.lengths[1:], strict=True):
            into *= length
            into += columns[decision]
        return into


@attrs.frozen(eq=False)
class _Joined:
    """Tables behind one another: ``strides``, ``(D, T)``, and ``starts``, ``(T,)``, lead into ``entries``."""

    strides: NDArray[np.float64]
    starts: NDArray[np.float64]
    entries: NDArray[np.float64]

    @classmethod
    def compile(cls, tables: Sequence[_Table], width: int) -> "_Joined":
        strides = np.zeros((width, len(tables)))
        for number, table in enumerate(tables):
            steps = np.cumprod([1, *table.lengths[:0:-1]])[::-1]
            strides[list(table.decisions), number] = steps[: len(table.decisions)]
        starts = np.cumsum([0, *(len(table.entries) for table in tables)])[:-1]
        # Of one more than the index, so that AVERAGE is 0.
        starts = starts - AVERAGE * strides.sum(axis=0)
        return cls(strides, starts, np.concatenate([[], *(table.entries for table in tables)]))

    def sums(self, indices: Integers) -> NDArray[np.float64]:
        """The sums, ``(n,)``, of checked ``indices``, ``(n, D)``: to the bit those table by table."""
        positions = (indices @ self.strides + self.starts).astype(np.intp)
        if not positions.shape[1]:
            return np.zeros(len(indices))
        return np.asarray(np.add.accumulate(self.entries[positions], axis=1)[:, -1])


class Gather:
    """The sum of one entry of each of some ``factors``, for index vectors of ``options`` options."""

    def __init__(self, factors: Iterable[Factor], options: Sequence[int]) -> None:
        self._tables = [_Table.compile(factor) for factor in factors]
        largest = max([*options, *(len(table.entries) for table in self._tables)], default=0)
        self._dtype: type[np.integer[Any]] = np.int16 if largest < 2**15 else np.int32
        self._options = np.array(options, dtype=np.int64)
        self._joined = _Joined.compile(self._tables, len(self._options))

    def sums(self, indices: Integers) -> NDArray[np.float64]:
        """The sums, ``(N,)``, for ``indices``, ``(N, D)``; those decision by decision in memory go fastest.

        Raises:
            NotInSpace: an index has no option, or ``indices`` another shape.
        """
        if indices.ndim != 2 or indices.shape[1] != len(self._options):
            raise NotInSpace(
                f"indices of shape {indices.shape}, but the space has {len(self._options)} decisions"
            )
        if 0 < len(indices) <= _FEW:
            if indices.size:
                self._check(indices.min(axis=0), indices.max(axis=0))
            return self._joined.sums(indices)
        sums = np.zeros(len(indices), dtype=np.float64)
        positions = np.empty(min(_CHUNK, len(indices)), dtype=self._dtype)
        entries = np.empty(len(positions), dtype=np.float64)
        for start, columns in self._chunks(indices):
            part, taken = sums[start : start + _CHUNK], entries[: columns.shape[1]]
            for table in self._tables:
                # Positions are valid, so that nothing is clipped; but the other modes copy what they give.
                table.entries.take(table.positions(columns, positions), out=taken, mode="clip")
                part += taken
        return sums

    def _chunks(self, indices: Integers) -> Iterator[tuple[int, Integers]]:
        """Checked ``indices`` decision by decision, one added to each so that AVERAGE is 0."""
        # Rows of a power of two in length would all fall on the same lines of the cache.
        memory = np.empty((indices.shape[1], min(_CHUNK, len(indices)) + 64), dtype=self._dtype)
        for start in range(0, len(indices), _CHUNK):
            chunk = indices[start : start + _CHUNK]
            columns = memory[:, : len(chunk)]
            self._narrow(chunk, columns)
            if columns.size:
                self._check(columns.min(axis=1), columns.max(axis=1))
            columns -= AVERAGE
            yield start, columns

    def _narrow(self, chunk: Integers, columns: Integers) -> None:
        """Copy ``chunk``, ``(n, D)``, into ``columns``, ``(D, n)``."""
        if chunk.strides[0] == chunk.itemsize:
            self._check_fits(chunk)
            columns[:] = chunk.T
            return
        for start in range(0, len(chunk), _BLOCK):
            block = chunk[start : start + _BLOCK]
            self._check_fits(block)
            columns[:, start : start + _BLOCK] = block.astype(self._dtype, order="C").T

    def _check_fits(self, indices: Integers) -> None:
        """Refuse indices that would become others as narrow integers."""
        fits = np.iinfo(self._dtype)
        if np.can_cast(indices.dtype, self._dtype) or not indices.size:
            return
        if not (fits.min <= indices.min() and indices.max() <= fits.max):
            self._check(indices.min(axis=0), indices.max(axis=0))

    def _check(self, smallest: Integers, largest: Integers) -> None:
        """Refuse indices of which one decision has none: the extremes of each decision are given."""
        wrong = (smallest < AVERAGE) | (largest >= self._options)
        if wrong.any():
            position = int(wrong.argmax())
            raise NotInSpace(
                f"an index at position {position} is out of range: "
                f"the decision has the options 0 to {self._options[position] - 1}"
            )
