"""The costs next to a band in which no point's cost lies."""

import numpy as np
from numpy.typing import NDArray

from tunas_dsl.cost.backward import Backward
from tunas_dsl.cost.band import Band
from tunas_dsl.cost.chain import Chain, build_chain
from tunas_dsl.cost.distribution import Distribution
from tunas_dsl.cost.drawing import empty
from tunas_dsl.cost.extremes import maximum, minimum
from tunas_dsl.cost.model import CostModel
from tunas_dsl.cost.passes import Probability, last
from tunas_dsl.cost.ticks import WORK, Ticks, in_ticks
from tunas_dsl.ir import space as ir

_POINTS = 1_024


def nothing_between(
    space: ir.Space, model: CostModel, distribution: Distribution, low: float, high: float
) -> str:
    """A sentence that no architecture of ``space`` costs ``low`` to ``high``, and what the nearest cost."""
    below, above = nearest(model, distribution, Band.between(low, high))
    costs = " and ".join(f"{cost:.10g}" for cost in (below, above) if cost is not None)
    which = "" if distribution.counts else "that the policy draws "
    return (
        f"no architecture of `{space.name}` {which}costs {low:.10g} to {high:.10g} {model.unit}: "
        f"the nearest cost {costs} {model.unit}"
    )


def nearest(model: CostModel, distribution: Distribution, band: Band) -> tuple[float | None, float | None]:
    """The largest cost below ``band`` and the smallest above it of points that ``distribution`` has.

    None where there is none. Where ticks are not exact, points as near have these costs, but a nearer one
    within the rounding may have been missed.
    """
    chain = build_chain(model, distribution)
    smallest, largest = minimum(model).cost, maximum(model).cost
    width = max(band.high - band.low, (largest - smallest) / 1_000)
    while True:
        wide = Band(band.low - width, band.high + width)
        ticks = in_ticks(chain, wide, work=WORK // 4, kept=True)
        below, above = _sides(model, chain, ticks, band)
        everything = wide.low <= smallest and wide.high >= largest
        if everything or not (below is None or above is None):
            return below, above
        width *= 8


def _sides(model: CostModel, chain: Chain, ticks: Ticks, band: Band) -> tuple[float | None, float | None]:
    possible = last(ticks, Probability(chain)) > 0
    below = _costs(model, ticks, np.flatnonzero(possible & (ticks.costs < band.low))[-1:], band)
    above = _costs(model, ticks, np.flatnonzero(possible & (ticks.costs > band.high))[:1], band)
    return (
        max((cost for cost in below if cost < band.low), default=None),
        min((cost for cost in above if cost > band.high), default=None),
    )


def _costs(model: CostModel, ticks: Ticks, position: NDArray[np.intp], band: Band) -> list[float]:
    """What some points cost that have the sum at ``position``, if there is one, or by rounding could have."""
    if not position.size:
        return []
    around = float(ticks.costs[position[0]])
    low, high = ticks.error
    spread = Band(around - (high - low), around + (high - low))
    ends = slice(position[0], position[0] + 1) if low == high else ticks.between(spread.low, spread.high)
    points = empty(_POINTS, model.options)
    Backward(ticks, ends).fill(np.random.default_rng(0), points.T)
    return [float(cost) for cost in model.total(points)]
