"""The cheapest and the dearest architecture of a space, exactly."""

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from tunas_dsl.cost.elimination import eliminate
from tunas_dsl.cost.factor import Factor
from tunas_dsl.cost.model import CostModel


@attrs.frozen
class Extreme:
    """A cost, in the unit of its model, and an index vector that has it."""

    cost: float
    indices: tuple[int, ...]


def minimum(model: CostModel) -> Extreme:
    """The smallest cost that ``model`` gives any point of its space."""
    return _extreme(model, 1)


def maximum(model: CostModel) -> Extreme:
    """The largest cost that ``model`` gives any point of its space."""
    return _extreme(model, -1)


def _extreme(model: CostModel, sign: int) -> Extreme:
    best: list[tuple[int, Factor]] = []  # each decision, with its best option given those worked off later

    def reduce(joint: Factor, axis: int) -> NDArray[Any]:
        rest = joint.decisions[:axis] + joint.decisions[axis + 1 :]
        best.append((joint.decisions[axis], Factor(rest, np.asarray(joint.table.argmin(axis)))))
        return np.asarray(joint.table.min(axis))

    factors = [Factor(site.decisions, sign * site.table) for site in model.sites]
    if factors:
        eliminate(factors, np.add, reduce)
    indices = [0] * len(model.options)
    for decision, option in reversed(best):
        indices[decision] = int(option.table[tuple(indices[other] for other in option.decisions)])
    return Extreme(float(model.total(np.array([indices]))[0]), tuple(indices))
