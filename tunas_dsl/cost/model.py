"""What any architecture of a space costs: the sum of one table entry for each of its sites."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from tunas_dsl.cost.factor import Factor, merge
from tunas_dsl.cost.gather import Gather

Unit = str
"""``ms``, ``MAdds``, ``M MAdds``, ``parameters``, or that of somebody's own cost, such as ``mJ``."""

COUNTED: tuple[Unit, ...] = ("MAdds", "parameters")
"""The units of what is counted, in whole numbers."""


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
    exact where the entries are integers (multiply-adds, parameters). ``estimated`` entries are not the
    table's own, but stand for ones that it lacks.
    """

    name: str
    unit: Unit
    options: tuple[int, ...]
    intercept: float
    sites: tuple[Site, ...]
    estimated: int = 0

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
        return self._merged.sums(indices) + self.intercept

    def by_site(self, indices: NDArray[np.integer[Any]]) -> Mapping[str, NDArray[np.float64]]:
        """For each site by its name, its part of :meth:`total`, ``(N,)``; the intercept is no part."""
        parts: dict[str, list[Factor]] = {}
        for site in self.sites:
            parts.setdefault(site.name, []).append(Factor(site.decisions, site.table))
        return {name: Gather(factors, self.options).sums(indices) for name, factors in parts.items()}

    @cached_property
    def _merged(self) -> Gather:
        return Gather(merge(Factor(site.decisions, site.table) for site in self.sites), self.options)
