"""Variable elimination: sums or minima over all points of a space, exactly, without visiting them.

Sites couple few decisions each, so decisions can be worked off one by one: the tables that a
decision is in become one table, which is then reduced over that decision.
"""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tunas_dsl.cost.factor import Factor, combine

Reduce = Callable[[Factor, int], NDArray[Any]]
"""Takes a table and the axis of the decision to work off; gives the table without that axis."""


def eliminate(factors: Iterable[Factor], product: np.ufunc, reduce: Reduce) -> NDArray[Any]:
    """The product of all ``factors``, reduced over every decision of them: a 0-dimensional array.

    ``reduce`` must distribute over ``product``, as sums do over products and minima over sums.
    There is at least one factor. Decisions that lead to the smallest tables go first.
    """
    remaining = _Remaining()
    for factor in factors:
        remaining.add(factor)
    while (decision := remaining.cheapest()) is not None:
        joint = combine(remaining.take(decision), product)
        axis = joint.decisions.index(decision)
        rest = joint.decisions[:axis] + joint.decisions[axis + 1 :]
        remaining.add(Factor(rest, reduce(joint, axis)))
    return combine(remaining.factors.values(), product).table


class _Remaining:
    """The factors that are left, in the order in which they came, and how large each joint table would be.

    For each decision, ``beside`` counts in how many of its factors each decision is, itself included;
    ``sizes`` has the product of the options of these. A size in ``queue`` may be out of date.
    """

    def __init__(self) -> None:
        self.factors: dict[int, Factor] = {}
        self.having: dict[int, set[int]] = defaultdict(set)
        self.beside: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        self.sizes: dict[int, int] = defaultdict(lambda: 1)
        self.queue: list[tuple[int, int]] = []
        self.added = 0

    def add(self, factor: Factor) -> None:
        number, self.added = self.added, self.added + 1
        self.factors[number] = factor
        for decision in factor.decisions:
            self.having[decision].add(number)
            beside = self.beside[decision]
            for other, options in zip(factor.decisions, factor.table.shape, strict=True):
                if not beside[other]:
                    self.sizes[decision] *= options
                beside[other] += 1
            heapq.heappush(self.queue, (self.sizes[decision], decision))

    def take(self, decision: int) -> list[Factor]:
        """Every factor that ``decision`` is in; they are no longer there."""
        numbers = sorted(self.having[decision])
        taken = [self.factors.pop(number) for number in numbers]
        for number, factor in zip(numbers, taken, strict=True):
            for other in factor.decisions:
                self._leave(other, number, factor)
        return taken

    def _leave(self, decision: int, number: int, factor: Factor) -> None:
        self.having[decision].remove(number)
        beside = self.beside[decision]
        for other, options in zip(factor.decisions, factor.table.shape, strict=True):
            beside[other] -= 1
            if not beside[other]:
                self.sizes[decision] //= options
        heapq.heappush(self.queue, (self.sizes[decision], decision))

    def cheapest(self) -> int | None:
        """The decision whose joint table is the smallest, the first of them; None where none is left."""
        while self.queue:
            size, decision = heapq.heappop(self.queue)
            if self.having[decision] and size == self.sizes[decision]:
                return decision
        return None
