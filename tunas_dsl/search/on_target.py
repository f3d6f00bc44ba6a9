"""What a search ends with: the most probable options, and the most probable architecture on target."""

import math
from collections.abc import Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from tunas_dsl.cost.band import Band, band_ends
from tunas_dsl.cost.distribution import independent
from tunas_dsl.cost.model import CostModel
from tunas_dsl.cost.most_probable import most_probable
from tunas_dsl.cost.nearest import nothing_between
from tunas_dsl.errors import SearchError
from tunas_dsl.ir import space as ir
from tunas_dsl.search.run import RunFolder


@attrs.frozen
class Point:
    """An architecture: its cost, and the probability that a policy gives all of its decisions."""

    indices: tuple[int, ...]
    cost: float
    probability: float


@attrs.frozen
class Found:
    """The most probable options, and the most probable architecture on target; costs in ``unit``."""

    argmax: Point
    on_target: Point
    unit: str


def on_target(run: RunFolder, space: ir.Space, model: CostModel, within: float | None = None) -> Found:
    """What the policy of ``run`` ends with, and the best that costs its target, give or take ``within``.

    That is 1 % of the target where it is None, as elsewhere.

    Raises:
        SearchError: there is no policy yet, or no architecture is so near the target.
        UndecidedError: ``within`` is next to nothing.
    """
    probabilities, (low, high) = run.probabilities(space), band_ends(run.settings.target, within)
    policy = independent(space, probabilities)
    indices = most_probable(model, policy, Band.between(low, high))
    if indices is None:
        raise SearchError(nothing_between(space, model, policy, low, high))
    argmax = run.most_probable(space)
    return Found(_point(model, probabilities, argmax), _point(model, probabilities, indices), model.unit)


def _point(model: CostModel, probabilities: Sequence[NDArray[np.float64]], indices: tuple[int, ...]) -> Point:
    taken = (float(row[index]) for row, index in zip(probabilities, indices, strict=True))
    return Point(indices, float(model.total(np.array([indices]))[0]), math.prod(taken))
