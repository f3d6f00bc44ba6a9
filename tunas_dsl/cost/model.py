"""What any architecture of a space costs: the sum of one table entry for each of its sites."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from tunas_dsl.cost.factor import Factor, merge
from tunas_dsl.ir.selection import AVERAGE, NotInSpace

Unit = Literal["ms", "MAdds", "M MAdds", "parameters"]

_CHUNK = 8192  # architectures; fastest of the powers of two from 1024 on


@attrs.frozen(eq=False)
class Site:
    """What one layer, or a part of it, costs for every way to take the decisions that touch it.

    ``decisions`` are positions in the index vector, ascending; ``table`` has one axis for each of
    them, as long as the decision has options. Sites with the same ``name`` (``block.layer``, or
    ``classifier``) are parts of one layer.
    """

    name: str
    decisions: tuple[int, ...]
    table: NDArray[Any]


@attrs.frozen(eq=False)
class CostModel:
    """The cost of every point of a space, in ``unit``: ``intercept`` plus an entry of every site.

    ``options`` has the number of options of each decision of the space, in order. Costs are float64,
    exact where the entries are integers (multiply-adds, parameters).
    """

    name: str
    unit: Unit
    options: tuple[int, ...]
    intercept: float
    sites: tuple[Site, ...]

    def __attrs_post_init__(self) -> None:
        for site in self.sites:
            lengths = tuple(self.options[decision] for decision in site.decisions)
            if site.table.shape != lengths or list(site.decisions) != sorted(set(site.decisions)):
                raise ValueError(f"site {site.name}: a table of {site.table.shape} for {lengths} options")

    def total(self, indices: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
        """The costs of N points, ``(N,)``, from their index vectors, ``(N, D)`` integers.

        An index of AVERAGE stands for the mean over the options of its decision, independently of
        the others, as op warmup weights them (facts 9.1).

        Raises:
            NotInSpace: an index has no option, or a vector another length than the space has decisions.
        """
        self._check_width(indices)
        totals = np.full(len(indices), self.intercept, dtype=np.float64)
        for start in range(0, len(indices), _CHUNK):
            columns = self._columns(indices[start : start + _CHUNK])
            for gather in self._merged:
                totals[start : start + _CHUNK] += gather.entries(columns)
        return totals

    def by_site(self, indices: NDArray[np.integer[Any]]) -> Mapping[str, NDArray[np.float64]]:
        """For each site by its name, its part of :meth:`total`, ``(N,)``; the intercept is no part."""
        self._check_width(indices)
        columns = self._columns(indices)
        entries: dict[str, NDArray[np.float64]] = {}
        for site in self.sites:
            part = _Gather.compile(Factor(site.decisions, site.table)).entries(columns)
            entries[site.name] = entries[site.name] + part if site.name in entries else part
        return entries

    @cached_property
    def _merged(self) -> "list[_Gather]":
        factors = merge(Factor(site.decisions, site.table) for site in self.sites)
        return [_Gather.compile(factor) for factor in factors]

    def _check_width(self, indices: NDArray[np.integer[Any]]) -> None:
        if indices.ndim != 2 or indices.shape[1] != len(self.options):
            raise NotInSpace(
                f"indices of shape {indices.shape}, but the space has {len(self.options)} decisions"
            )

    def _columns(self, indices: NDArray[np.integer[Any]]) -> NDArray[np.int32]:
        """``indices``, ``(N, D)``, checked and decision by decision, ``(D, N)``."""
        # Narrowed first: what is then read column by column fits the cache.
        columns = np.ascontiguousarray(indices.astype(np.int32).T)
        if not columns.size:
            return columns
        wrong = (columns.min(axis=1) < AVERAGE) | (columns.max(axis=1) >= self.options)
        if wrong.any():
            position = int(wrong.argmax())
            raise NotInSpace(
                f"an index at position {position} is out of range: "
                f"the decision has the options 0 to {self.options[position] - 1}"
            )
        return columns


@attrs.frozen(eq=False)
class _Gather:
    """A flat table and how an index vector becomes a position in it."""

    decisions: tuple[int, ...]
    lengths: tuple[np.int32, ...]
    entry: NDArray[np.float64]

    @classmethod
    def compile(cls, factor: Factor) -> "_Gather":
        table = np.asarray(factor.table, dtype=np.float64)
        for axis in range(table.ndim):
            table = np.concatenate([table.mean(axis, keepdims=True), table], axis)
        lengths = tuple(map(np.int32, table.shape))
        # Every axis begins with its mean, so option 0 of all decisions lies in the middle; rolled to the
        # front, AVERAGE leads to a negative position, which NumPy counts from the end: the mean.
        first = np.ravel_multi_index((1,) * table.ndim, table.shape) if table.ndim else 0
        return cls(factor.decisions, lengths, np.roll(table.ravel(), -first))

    def entries(self, columns: NDArray[np.int32]) -> NDArray[np.float64]:
        """The entries, ``(N,)``, that the checked ``columns``, ``(D, N)``, select."""
        position = np.zeros(columns.shape[1], dtype=np.int32)
        for decision, length in zip(self.decisions, self.lengths, strict=True):
            position *= length
            position += columns[decision]
        return self.entry.take(position)
