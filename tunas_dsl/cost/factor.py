"""Tables over a few decisions each, of which functions of a whole index vector are made."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray


@attrs.frozen(eq=False)
class Factor:
    """A number for every way to take a few decisions.

    ``decisions`` are positions in the index vector, ascending; ``table`` has one axis for each of
    them, as long as the decision has options.
    """

    decisions: tuple[int, ...]
    table: NDArray[Any]

    def over(self, decisions: tuple[int, ...]) -> NDArray[Any]:
        """The table with an axis for each of ``decisions``, of length 1 where it does not matter."""
        lengths = dict(zip(self.decisions, self.table.shape, strict=True))
        return self.table.reshape([lengths.get(decision, 1) for decision in decisions])

    def trimmed(self) -> "Factor":
        """The same numbers without the decisions that do not change them."""
        decisions, table = self.decisions, self.table
        for axis in reversed(range(table.ndim)):
            first = table.take([0], axis)
            if (table == first).all():
                table = first.squeeze(axis)
                decisions = decisions[:axis] + decisions[axis + 1 :]
        return Factor(decisions, table)


def combine(factors: Iterable[Factor], ufunc: np.ufunc) -> Factor:
    """One table over every decision of ``factors``, of which there is at least one."""
    first, *others = factors
    decisions = tuple(sorted({d for factor in (first, *others) for d in factor.decisions}))
    table = first.over(decisions)
    for factor in others:
        other = factor.over(decisions)
        # Two object scalars would become a plain int, which NumPy takes for an int64.
        table = np.asarray(ufunc(table, other), dtype=np.result_type(table, other))
    return Factor(decisions, table)


def merge(factors: Iterable[Factor]) -> list[Factor]:
    """Fewer tables of the same sum: each is added to one that has all of its decisions, if any has."""
    groups: list[list[Factor]] = []
    having: dict[int, list[list[Factor]]] = defaultdict(list)
    for factor in sorted(factors, key=lambda factor: len(factor.decisions), reverse=True):
        known = min((having[decision] for decision in factor.decisions), key=len, default=groups)
        for group in known:
            if set(factor.decisions) <= set(group[0].decisions):
                group.append(factor)
                break
        else:
            groups.append([factor])
            for decision in factor.decisions:
                having[decision].append(groups[-1])
    return [combine(group, np.add) for group in groups]
