"""Which architecture a policy ends with: the most probable one whose cost is what the reward asks for.

The most probable options, each taken alone, may miss the target by percents (paper, Appendix B). Of all the
architectures within 1 % of it, the most probable is found exactly, so that where a search ends does not
depend on how far its policy happens to have settled.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tunas_dsl.cost.band import Band, band_ends
from tunas_dsl.cost.distribution import Distribution, independent
from tunas_dsl.cost.extremes import minimum
from tunas_dsl.cost.model import CostModel
from tunas_dsl.cost.most_probable import most_probable
from tunas_dsl.cost.nearest import nearest
from tunas_dsl.errors import UndecidedError
from tunas_dsl.ir import space as ir
from tunas_dsl.search.reinforce.reward import RewardKind
from tunas_dsl.search.settings import PolicySettings

_LEAST = 1e-30
"""A probability that is less is as good as 0, but no architecture is out of reach."""

_GIVE = 1e-9


def choose(
    space: ir.Space, model: CostModel, settings: PolicySettings, policy: Sequence[NDArray[np.float64]]
) -> tuple[int, ...]:
    """The most probable architecture on target by ``policy``, the probabilities of each decision's options.

    That is within 1 % of it; where there is none, the nearest to it, of those the most probable. With the
    reward ``hard``, what is cheaper is on target, too; with ``none`` there is no target.
    """
    argmax = tuple(int(row.argmax()) for row in policy)
    if settings.reward == "none":
        return argmax
    band = _wanted(model, settings.reward, settings.target)
    if band.contains(model.total(np.array([argmax])))[0]:
        return argmax
    rows = [np.maximum(row, _LEAST) for row in policy]
    distribution = independent(space, [row / row.sum() for row in rows])
    try:
        found = most_probable(model, distribution, band)
        return found or most_probable(model, distribution, _nearest(model, distribution, band)) or argmax
    except UndecidedError:  # of a band that is next to nothing, which is not what the user asked for
        return argmax


def _wanted(model: CostModel, reward: RewardKind, target: float) -> Band:
    low, high = band_ends(target, None)
    return Band.between(min(low, minimum(model).cost) if reward == "hard" else low, high)


def _nearest(model: CostModel, distribution: Distribution, band: Band) -> Band:
    """The cost nearest to the middle of ``band`` that an architecture has; of two, the lower."""
    sides = (cost for cost in nearest(model, distribution, band) if cost is not None)
    middle = (band.low + band.high) / 2
    cost = min(sides, key=lambda cost: abs(cost - middle))
    return Band.around(cost, _GIVE * abs(cost))
