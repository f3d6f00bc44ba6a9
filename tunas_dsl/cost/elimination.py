"""Variable elimination: sums or minima over all points of a space, exactly, without visiting them.

Sites couple few decisions each, so decisions can be worked off one by one: the tables that a
decision is in become one table, which is then reduced over that decision.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
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
    remaining = list(factors)
    while any(factor.decisions for factor in remaining):
        decision = _cheapest(remaining)
        joint = combine((factor for factor in remaining if decision in factor.decisions), product)
        axis = joint.decisions.index(decision)
        rest = joint.decisions[:axis] + joint.decisions[axis + 1 :]
        remaining = [factor for factor in remaining if decision not in factor.decisions]
        remaining.append(Factor(rest, reduce(joint, axis)))
    return combine(remaining, product).table


def _cheapest(factors: Sequence[Factor]) -> int:
    """The decision whose joint table is the smallest."""
    lengths: dict[int, dict[int, int]] = defaultdict(dict)
    for factor in factors:
        for decision in factor.decisions:
            lengths[decision].update(zip(factor.decisions, factor.table.shape, strict=True))
    return min(lengths, key=lambda decision: (math.prod(lengths[decision].values()), decision))
