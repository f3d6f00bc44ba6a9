"""Which part of a space its costs come from."""

from collections.abc import Mapping, Sequence

import numpy as np

from tunas_dsl.cost.layers import CLASSIFIER
from tunas_dsl.cost.model import CostModel
from tunas_dsl.ir import space as ir


def mean_by_site(model: CostModel) -> dict[str, float]:
    """For each site, the mean of its cost over all index vectors: every option equally likely."""
    means: dict[str, float] = {}
    for site in model.sites:
        means[site.name] = means.get(site.name, 0.0) + float(np.mean(site.table))
    return means


def parts_by_site(model: CostModel, indices: Sequence[int]) -> dict[str, list[float]]:
    """For each site, what its parts cost in the architecture that ``indices`` select, in order."""
    parts: dict[str, list[float]] = {}
    for site in model.sites:
        cost = float(site.table[tuple(indices[position] for position in site.decisions)])
        parts.setdefault(site.name, []).append(cost)
    return parts


def cost_by_site(model: CostModel, indices: Sequence[int]) -> dict[str, float]:
    """For each site, its cost in the architecture that ``indices`` select."""
    return {name: sum(costs) for name, costs in parts_by_site(model, indices).items()}


def by_block(space: ir.Space, by_site: Mapping[str, float]) -> list[float]:
    """The sum for each block of ``space``, and last for its classifier."""
    sums = [0.0] * (len(space.blocks) + 1)
    for site, cost in by_site.items():
        sums[-1 if site == CLASSIFIER else int(site.partition(".")[0])] += cost
    return sums
