"""Which part of a space its costs come from."""

from collections.abc import Mapping

import numpy as np

from tunas_dsl.cost.extremes import maximum
from tunas_dsl.cost.layers import CLASSIFIER
from tunas_dsl.cost.model import CostModel
from tunas_dsl.ir import space as ir


def mean_by_site(model: CostModel) -> dict[str, float]:
    """For each site, the mean of its cost over all index vectors: every option equally likely."""
    means: dict[str, float] = {}
    for site in model.sites:
        means[site.name] = means.get(site.name, 0.0) + float(np.mean(site.table))
    return means


def largest_by_site(model: CostModel) -> dict[str, float]:
    """For each site, its cost in the architecture that costs the most."""
    most = np.array([maximum(model).indices])
    return {name: float(costs[0]) for name, costs in model.by_site(most).items()}


def by_block(space: ir.Space, by_site: Mapping[str, float]) -> list[float]:
    """The sum for each block of ``space``, and last for its classifier."""
    sums = [0.0] * (len(space.blocks) + 1)
    for site, cost in by_site.items():
        sums[-1 if site == CLASSIFIER else int(site.partition(".")[0])] += cost
    return sums
