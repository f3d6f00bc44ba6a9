import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cost.building import ENLARGED, models
from tunas_dsl.cost.layers import macs_model
from tunas_dsl.cost.model import CostModel, Site
from tunas_dsl.errors import NotInSpace
from tunas_dsl.ir.selection import AVERAGE


def one_by_one(model, indices):
    """The definition: a walk over the sites, without gathers, strides or chunks."""
    return model.intercept + sum(
        site.table[tuple(indices[d] for d in site.decisions)] for site in model.sites
    )


def every_point(model):
    return list(itertools.product(*map(range, model.options)))


@given(models())
def test_the_total_is_the_intercept_and_an_entry_of_every_site(model):
    points = every_point(model)
    expected = [one_by_one(model, indices) for indices in points]
    np.testing.assert_allclose(model.total(np.array(points)), expected, rtol=1e-12, atol=1e-9)


@given(models(), st.data())
def test_average_is_the_mean_over_the_options_one_decision_independent_of_the_other(model, data):
    indices = tuple(data.draw(st.integers(AVERAGE, options - 1)) for options in model.options)
    ranges = [
        range(options) if index == AVERAGE else (index,)
        for index, options in zip(indices, model.options, strict=True)
    ]
    expected = np.mean([one_by_one(model, point) for point in itertools.product(*ranges)])
    np.testing.assert_allclose(model.total(np.array([indices])), [expected], rtol=1e-12, atol=1e-9)


@given(models())
def test_sites_by_name_add_up_to_the_total(model):
    points = np.array(every_point(model))
    parts = model.by_site(points)
    assert set(parts) == {site.name for site in model.sites}
    summed = model.intercept + sum(parts.values())
    np.testing.assert_allclose(summed, model.total(points), rtol=1e-12, atol=1e-9)


def test_many_points_cost_what_each_costs_alone_whatever_their_memory_looks_like():
    model = macs_model(ENLARGED)
    random = np.random.default_rng(0)
    points = random.integers(0, model.options, (20_000, len(model.options)))
    total = model.total(points)
    some = random.integers(0, len(points), 50)
    assert [one_by_one(model, points[number]) for number in some] == total[some].tolist()
    assert np.array_equal(model.total(np.asfortranarray(points)), total)
    assert np.array_equal(model.total(points.astype(np.int8)), total)


def test_integers_stay_exact():
    large = 2**52 - 3
    model = CostModel(
        "m", "MAdds", (2,), 0, (Site("a", (0,), np.array([large, 1])), Site("b", (0,), np.array([2, 0])))
    )
    assert [int(cost) for cost in model.total(np.array([[0], [1]]))] == [large + 2, 1]


def test_no_points_cost_nothing_and_a_model_without_sites_costs_its_intercept():
    model = CostModel("m", "ms", (2, 3), 1.5, ())
    assert model.total(np.empty((0, 2), dtype=int)).shape == (0,)
    assert model.total(np.array([[0, 0], [1, 2]])).tolist() == [1.5, 1.5]


@pytest.mark.parametrize(
    ("indices", "message"),
    [
        ([[0, 3]], "an index at position 1 is out of range: the decision has the options 0 to 2"),
        ([[0, 0], [-2, 0]], "an index at position 0 is out of range: the decision has the options 0 to 1"),
        ([[0]], r"indices of shape \(1, 1\), but the space has 2 decisions"),
        ([0, 0], r"indices of shape \(2,\), but the space has 2 decisions"),
    ],
)
def test_what_is_no_point_is_refused(indices, message):
    model = CostModel("m", "ms", (2, 3), 0.0, (Site("a", (0,), np.zeros(2)),))
    with pytest.raises(NotInSpace, match=message):
        model.total(np.array(indices))


@pytest.mark.parametrize("decisions", [(1, 0), (0, 0), (0,)])
def test_a_table_that_does_not_fit_its_decisions_is_refused(decisions):
    with pytest.raises(ValueError, match="site a: a table of"):
        CostModel("m", "ms", (2, 3), 0.0, (Site("a", decisions, np.zeros((2, 3))),))
