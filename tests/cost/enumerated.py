"""The second computation for exact statistics: every index vector of a small space, one by one."""

import itertools

import attrs
import numpy as np
from hypothesis import strategies as st

from tests.cost.building import forests
from tunas_dsl.cost.distribution import independent, uniform_architectures, uniform_decisions
from tunas_dsl.cost.model import CostModel, Site
from tunas_dsl.ir.selection import canonical

GRAINS = {"whole": 1, "microseconds": 1000}


@attrs.frozen(eq=False)
class Case:
    """A small space with costs and a distribution, and the weight of each of its vectors."""

    space: object
    model: CostModel
    distribution: object
    vectors: np.ndarray
    weights: np.ndarray

    @property
    def costs(self):
        return self.model.total(self.vectors)

    @property
    def probabilities(self):
        return self.weights / self.weights.sum()


@st.composite
def cases(draw, kinds=("decisions", "architectures", "policy"), grains=(1, 1000, None)):
    """Spaces of up to six decisions; costs are whole, whole microseconds or (None) any numbers."""
    space = draw(forests())
    options = tuple(len(decision.options) for decision in space.decisions)
    seed = draw(st.integers(0, 2**32 - 1))
    random, grain = np.random.default_rng(seed), draw(st.sampled_from(grains))
    sites = []
    for number in range(draw(st.integers(0, 6))):
        chosen = draw(st.sets(st.integers(0, len(options) - 1), max_size=3))
        shape = [options[position] for position in sorted(chosen)]
        table = random.uniform(-3, 9, shape)
        sites.append(
            Site(f"0.{number}", tuple(sorted(chosen)), table if grain is None else rounded(table, grain))
        )
    model = CostModel("drawn", "ms", options, float(draw(st.integers(-5, 5))), tuple(sites))
    vectors = np.array(list(itertools.product(*map(range, options))))
    kind = draw(st.sampled_from(kinds))
    if kind == "decisions":
        return Case(space, model, uniform_decisions(space), vectors, np.ones(len(vectors)))
    if kind == "architectures":
        stands = [canonical(space, vector) == tuple(vector) for vector in vectors.tolist()]
        return Case(space, model, uniform_architectures(space), vectors, np.array(stands, dtype=float))
    rows = [random.dirichlet(np.full(length, 0.7)) for length in options]
    weights = np.prod([row[vectors[:, d]] for d, row in enumerate(rows)], axis=0)
    return Case(space, model, independent(space, rows), vectors, weights)


def rounded(table, grain):
    return np.round(table * grain) / grain


@st.composite
def bands(draw, costs):
    """A band with costs for ends, or anywhere around them."""
    ends = st.one_of(st.sampled_from(costs.tolist()), st.floats(costs.min() - 1, costs.max() + 1))
    return tuple(sorted((draw(ends), draw(ends))))
