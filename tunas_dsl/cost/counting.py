"""How large a space is, in exact integers."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tunas_dsl.cost.canonical import canonical_indicator
from tunas_dsl.cost.elimination import eliminate
from tunas_dsl.cost.factor import Factor
from tunas_dsl.ir import space as ir


def combinations(space: ir.Space) -> int:
    """The number of index vectors: the product of the numbers of options (facts 4.3)."""
    return math.prod(len(decision.options) for decision in space.decisions)


def logits(space: ir.Space) -> int:
    """The number of logits of the policy: one for each option of each decision."""
    return sum(len(decision.options) for decision in space.decisions)


def architectures(space: ir.Space) -> int:
    """The number of distinct architectures: decisions that do not count are counted once (facts 4.3)."""
    if not space.decisions:
        return 1

    def total(joint: Factor, axis: int) -> NDArray[Any]:
        return np.asarray(np.add.reduce(joint.table, axis), dtype=object)

    return int(eliminate(canonical_indicator(space).factors, np.multiply, total).item())
