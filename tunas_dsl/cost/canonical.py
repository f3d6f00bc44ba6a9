"""Which index vectors stand for an architecture: those in which every decision counts or has option 0."""

from collections.abc import Iterator

import attrs
import numpy as np

from tunas_dsl.cost.factor import Factor, combine
from tunas_dsl.ir import space as ir


@attrs.frozen(eq=False)
class Indicator:
    """Factors whose product is 1 at every canonical vector, 0 at the others (see ``ir.selection.canonical``).

    They may be over ``auxiliary`` variables of two options as well, numbered after the decisions: to a
    canonical vector, the product is 1 for one way to take these, and 0 for all others.
    """

    factors: tuple[Factor, ...]
    auxiliary: int


def canonical_indicator(space: ir.Space) -> Indicator:
    """What tells the canonical vectors of ``space`` from the others; each option is in some factor."""
    factors: list[Factor] = []
    auxiliary = len(space.decisions)
    for position, decision in enumerate(space.decisions):
        factors.append(Factor((position,), np.ones(len(decision.options), dtype=object)))
        if not decision.active:
            continue
        conditions = [_holds(space, condition) for condition in decision.active]
        counts, *rest = conditions
        if rest:
            factors += _any(conditions, auxiliary)
            auxiliary += len(conditions)
            counts = Factor((auxiliary - 1,), np.array([0, 1], dtype=object))
        factors.append(_counts_or_first(position, len(decision.options), counts))
    return Indicator(tuple(factors), auxiliary - len(space.decisions))


def _any(conditions: list[Factor], first: int) -> Iterator[Factor]:
    """Variables from ``first`` on, each 1 exactly where one of ``conditions`` so far holds.

    A chain, so that tables stay small where many layers share a decision.
    """
    for number, condition in enumerate(conditions):
        variable = first + number
        before = Factor((variable - 1,), np.array([0, 1], dtype=object)) if number else _constant(0)
        now = combine([before, condition], np.maximum)
        yield Factor((*now.decisions, variable), np.stack([1 - now.table, now.table], axis=-1))


def _counts_or_first(position: int, options: int, counts: Factor) -> Factor:
    """1 where ``counts`` is, or the decision at ``position`` has its first option."""
    first = Factor((position,), (np.arange(options) == 0).astype(object))
    return combine([first, counts], np.maximum)


def _holds(space: ir.Space, condition: ir.Condition) -> Factor:
    """1 where all of ``condition`` holds, 0 elsewhere."""
    parts = []
    for id, options in condition:
        position = space.position[id]
        every = np.arange(len(space.decisions[position].options))
        parts.append(Factor((position,), np.isin(every, options).astype(object)))
    return combine([_constant(1), *parts], np.minimum)


def _constant(number: int) -> Factor:
    return Factor((), np.array(number, dtype=object))
