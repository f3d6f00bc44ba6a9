import itertools

import numpy as np
import pytest
from hypothesis import given

from tests.cost.building import ENLARGED, SMALL, V3_LIKE, models
from tunas_dsl.cost.extremes import maximum, minimum
from tunas_dsl.cost.layers import macs_model, parameters_model
from tunas_dsl.cost.named import cost_model
from tunas_dsl.cost.sampling import sample


@given(models())
def test_no_point_is_cheaper_or_dearer(model):
    costs = model.total(np.array(list(itertools.product(*map(range, model.options)))))
    assert minimum(model).cost == costs.min()
    assert maximum(model).cost == costs.max()


@given(models())
def test_the_vectors_have_the_costs(model):
    for extreme in (minimum(model), maximum(model)):
        assert model.total(np.array([extreme.indices])) == [extreme.cost]


@pytest.mark.parametrize(
    ("space", "parameters", "macs"),
    [(SMALL, 2.159e6, 109e6), (ENLARGED, 0.854e6, 30.2e6), (V3_LIKE, 0.697e6, 8.8e6)],
)
def test_the_smallest_paths_of_the_published_spaces(space, parameters, macs):
    """Facts 4.3."""
    assert minimum(parameters_model(space)).cost == pytest.approx(parameters, abs=500)
    assert minimum(macs_model(space)).cost == pytest.approx(macs, rel=5e-3)


@pytest.mark.parametrize(
    ("space", "parameters", "macs"),
    [(SMALL, 5.136e6, 693e6), (ENLARGED, 24.305e6, 2.243e9), (V3_LIKE, 40.416e6, 1.985e9)],
)
def test_the_largest_paths_of_the_published_spaces(space, parameters, macs):
    """Facts 4.3, whose largest path of the first two spaces has the 3x3 separable convolution."""
    for model, published in ((parameters_model(space), parameters), (macs_model(space), macs)):
        largest = maximum(model)
        indices = np.array([largest.indices])
        if space is not V3_LIKE:
            assert largest.indices[1] == 2  # 7x7
            indices[0, 1] = 0
        assert model.total(indices)[0] == pytest.approx(published, rel=1e-3)


def test_random_architectures_lie_between_the_extremes_of_their_latency():
    model = cost_model(V3_LIKE, "pixel1")
    costs = model.total(sample(V3_LIKE, 20_000, seed=0))
    assert minimum(model).cost < costs.min() < costs.max() < maximum(model).cost
