"""How large a space is, in exact integers."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tunas_dsl.cost.elimination import eliminate
from tunas_dsl.cost.factor import Factor, combine
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

    return int(eliminate(_indicator(space), np.multiply, total).item())


def _indicator(space: ir.Space) -> Iterator[Factor]:
    """Factors whose product is 1 at every canonical vector, 0 at the others (see ``ir.selection.canonical``).

    A vector is canonical if each decision counts or has option 0. For one decision, that is
    1 - [not option 0] * [no condition holds]. To keep tables small where many layers share a
    decision, each of the two terms is an option of an auxiliary variable, numbered after the
    decisions, and each condition a factor of its own.
    """
    for position, decision in enumerate(space.decisions):
        options = len(decision.options)
        yield Factor((position,), np.ones(options, dtype=object))
        if not decision.active:
            continue
        term = len(space.decisions) + position
        first, second = np.ones(options, dtype=object), -(np.arange(options) > 0).astype(object)
        yield Factor((position, term), np.stack([first, second], axis=1))
        for condition in decision.active:
            fails = _fails(space, condition)
            first = np.ones(fails.table.shape, dtype=object)
            yield Factor((*fails.decisions, term), np.stack([first, fails.table], axis=-1))


def _fails(space: ir.Space, condition: ir.Condition) -> Factor:
    """1 where ``condition`` does not hold, 0 where it does."""
    parts = [_allowed(space, id, options) for id, options in condition]
    holds = combine(parts, np.multiply)
    return Factor(holds.decisions, 1 - holds.table)


def _allowed(space: ir.Space, id: str, options: tuple[int, ...]) -> Factor:
    position = space.position[id]
    every = np.arange(len(space.decisions[position].options))
    return Factor((position,), np.isin(every, options).astype(object))
