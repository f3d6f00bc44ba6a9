"""Distributions over the points of a space that factorise, as its costs do."""

from collections.abc import Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from tunas_dsl.cost.canonical import canonical_indicator
from tunas_dsl.cost.factor import Factor
from tunas_dsl.ir import space as ir


@attrs.frozen(eq=False)
class Distribution:
    """Index vectors with a probability that is proportional to the product of ``factors``.

    ``options`` are those of each decision. Factors may be over ``auxiliary`` variables of two options as
    well, numbered after the decisions; the probability is then summed over these. Where ``counts``, the
    product is 1 for the vectors that are counted, 0 for the others. Where ``marginals`` are given, decisions
    are independent: the probabilities of each one's options.
    """

    name: str
    options: tuple[int, ...]
    factors: tuple[Factor, ...] = ()
    auxiliary: int = 0
    counts: bool = True
    marginals: tuple[NDArray[np.float64], ...] | None = None

    @property
    def lengths(self) -> tuple[int, ...]:
        """The number of options of each decision, then of each auxiliary variable."""
        return (*self.options, *[2] * self.auxiliary)


def uniform_decisions(space: ir.Space) -> Distribution:
    """Every index vector equally likely: what may be skipped is skipped half of the time (facts 10)."""
    options = _options(space)
    marginals = tuple(np.full(length, 1 / length) for length in options)
    return Distribution("decisions", options, marginals=marginals)


def uniform_architectures(space: ir.Space) -> Distribution:
    """Every architecture equally likely: of the vectors that select it, the canonical one (facts 4.3)."""
    indicator = canonical_indicator(space)
    factors = tuple(Factor(f.decisions, f.table.astype(np.float64)) for f in indicator.factors)
    return Distribution("architectures", _options(space), factors, indicator.auxiliary)


def independent(space: ir.Space, marginals: Sequence[Sequence[float] | NDArray[np.float64]]) -> Distribution:
    """Each decision by probabilities of its own, as a policy draws them.

    Raises:
        ValueError: ``marginals`` are not the probabilities of each option of each decision of ``space``.
    """
    rows = tuple(np.array(row, dtype=np.float64) for row in marginals)
    if tuple(map(len, rows)) != _options(space):
        raise ValueError(f"the probabilities are not those of the decisions of `{space.name}`")
    for decision, row in zip(space.decisions, rows, strict=True):
        if not (row >= 0).all() or abs(row.sum() - 1) > 1e-6:
            raise ValueError(f"the probabilities of `{decision.id}` are negative or do not add up to 1")
    rows = tuple(row / row.sum() for row in rows)
    factors = tuple(Factor((position,), row) for position, row in enumerate(rows))
    return Distribution("policy", _options(space), factors, counts=False, marginals=rows)


def _options(space: ir.Space) -> tuple[int, ...]:
    return tuple(len(decision.options) for decision in space.decisions)
