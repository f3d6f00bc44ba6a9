import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cost.building import ENLARGED, SMALL, V3_LIKE, space_of
from tests.cost.enumerated import bands, cases
from tunas_dsl.cost.band import Band
from tunas_dsl.cost.counting import architectures, combinations
from tunas_dsl.cost.distribution import independent, uniform_architectures, uniform_decisions
from tunas_dsl.cost.layers import macs_model
from tunas_dsl.cost.model import CostModel, Site
from tunas_dsl.cost.named import cost_model
from tunas_dsl.cost.sampling import sample
from tunas_dsl.cost.statistics import CostStatistics
from tunas_dsl.ir import space as ir

CLOSE = {"rtol": 1e-9, "atol": 1e-9}


@settings(max_examples=50)
@given(cases())
def test_mean_and_variance_are_those_of_all_points(case):
    statistics = CostStatistics(case.model, case.distribution)
    mean = case.probabilities @ case.costs
    np.testing.assert_allclose(statistics.mean, mean, **CLOSE)
    np.testing.assert_allclose(statistics.variance, case.probabilities @ (case.costs - mean) ** 2, **CLOSE)


@settings(max_examples=50)
@given(cases(grains=(1, 1000)), st.data())
def test_the_probability_of_a_band_is_that_of_its_points(case, data):
    low, high = data.draw(bands(case.costs))
    inside = (low - 1e-9 <= case.costs) & (case.costs <= high + 1e-9)
    found = CostStatistics(case.model, case.distribution).probability(Band.between(low, high))
    np.testing.assert_allclose(found.value, case.probabilities[inside].sum(), **CLOSE)
    assert found.exact


@settings(max_examples=50)
@given(cases(kinds=("decisions", "architectures"), grains=(1, 1000)), st.data())
def test_the_points_of_a_band_are_counted(case, data):
    low, high = data.draw(bands(case.costs))
    inside = (low - 1e-9 <= case.costs) & (case.costs <= high + 1e-9)
    statistics = CostStatistics(case.model, case.distribution)
    found = statistics.count(Band.between(low, high))
    assert (found.value, found.exact) == (case.weights[inside].sum(), True)
    assert statistics.total == case.weights.sum()


@settings(max_examples=50)
@given(cases(), st.floats(0, 1))
def test_a_quantile_is_the_smallest_cost_up_to_which_enough_points_are(case, share):
    order = np.argsort(case.costs, kind="stable")
    cumulative = np.cumsum(case.probabilities[order])
    expected = case.costs[order][(cumulative >= share - 1e-12) & (case.probabilities[order] > 0)][0]
    found = CostStatistics(case.model, case.distribution).quantile(share)
    np.testing.assert_allclose(found.value, expected, **CLOSE)


@settings(max_examples=50)
@given(cases(grains=(1, 1000)), st.integers(1, 9))
def test_a_histogram_has_every_point_in_its_bin(case, bins):
    statistics = CostStatistics(case.model, case.distribution)
    found = statistics.histogram(statistics.edges(bins))
    assert found.below <= 0.001 + 1e-9
    assert found.above <= 0.001 + 1e-9
    assert 1 <= len(found.probabilities) <= bins + 2
    numbers = np.searchsorted(found.edges, case.costs + 1e-9, side="right")
    expected = np.bincount(numbers, case.probabilities, minlength=len(found.edges) + 1)
    np.testing.assert_allclose([found.below, *found.probabilities, found.above], expected, atol=1e-9)


@settings(max_examples=50)
@given(cases(grains=(None,)), st.sampled_from((None, 0.05, 0.3, 2.0)), st.data())
def test_ticks_that_round_say_bounds_that_hold(case, tick, data):
    low, high = data.draw(bands(case.costs))
    inside = (low - 1e-9 <= case.costs) & (case.costs <= high + 1e-9)
    statistics = CostStatistics(case.model, case.distribution, tick)
    found = statistics.probability(Band.between(low, high))
    truth = case.probabilities[inside].sum()
    assert found.at_least - 1e-12 <= truth <= found.at_most + 1e-12
    order = np.argsort(case.costs, kind="stable")
    median = case.costs[order][np.cumsum(case.probabilities[order]) >= 0.5 - 1e-12][0]
    half = statistics.quantile(0.5)
    assert half.at_least - 1e-9 <= median <= half.at_most + 1e-9


@pytest.mark.parametrize(("space", "low", "high"), [(SMALL, 83, 85), (ENLARGED, 83, 85), (V3_LIKE, 57, 59)])
def test_the_bands_of_the_paper_are_as_probable_as_random_draws_say(space, low, high):
    """Facts 10. A hundred times more draws are in ``benchmarks/band_probability.py``."""
    model, n = cost_model(space, "pixel1"), 100_000
    exact = CostStatistics(model, uniform_decisions(space)).probability(Band.between(low, high))
    costs = model.total(sample(space, n, seed=5))
    drawn = ((low <= costs) & (costs <= high)).mean()
    assert abs(drawn - exact.value) < 3 * np.sqrt(exact.value * (1 - exact.value) / n)
    assert exact.at_least <= exact.value <= exact.at_most < 1.03 * exact.at_least


@pytest.mark.parametrize("space", [SMALL, V3_LIKE])
def test_all_points_are_counted_to_the_last(space):
    """Numbers of more than 64 bits, put together from remainders."""
    model, everything = macs_model(space), Band.between(0, 1e12)
    for distribution, count in ((uniform_architectures, architectures), (uniform_decisions, combinations)):
        statistics = CostStatistics(model, distribution(space), tick=1e6)
        assert statistics.count(everything).value == statistics.total == count(space)


def test_a_policy_is_not_counted():
    policy = independent(SMALL, [np.full(len(d.options), 1 / len(d.options)) for d in SMALL.decisions])
    with pytest.raises(ValueError, match="does not count"):
        CostStatistics(macs_model(SMALL), policy).count(Band.between(0, 1))


@pytest.mark.parametrize("size", [1e-10, 1e-8, 4e-4, 1.0, 1e9, 1e16])
def test_costs_of_any_size(size):
    """Eight points, of 0 to 7 times ``size``."""
    sites = tuple(Site(f"0.{n}", (n,), size * np.array([0.0, 2.0**n])) for n in range(3))
    space = space_of([ir.Decision(f"d{n}", "kernel", (3, 5), 0) for n in range(3)])
    statistics = CostStatistics(CostModel("sum", "ms", (2, 2, 2), 0.0, sites), uniform_decisions(space))
    assert statistics.mean == pytest.approx(3.5 * size)
    assert statistics.quantile(0.5).value == pytest.approx(3 * size, rel=1e-9)
    assert statistics.count(Band.between(1.5 * size, 5.5 * size)).value == 4
    assert statistics.count(Band.between(-np.inf, 5.5 * size)).value == 6
    assert statistics.probability(Band.between(-np.inf, np.inf)).value == pytest.approx(1)


def test_very_many_decisions_of_one_option():
    """More than an array can have axes."""
    space = space_of([ir.Decision(f"d{n}", "kernel", (3, 5) if n % 40 == 0 else (3,), 0) for n in range(200)])
    sites = tuple(
        Site(f"0.{n}", (n,), np.arange(1.0, 1 + len(d.options))) for n, d in enumerate(space.decisions)
    )
    model = CostModel("sum", "ms", tuple(len(d.options) for d in space.decisions), 0.0, sites)
    statistics = CostStatistics(model, uniform_architectures(space))
    assert (statistics.mean, statistics.count(Band.between(201, 202)).value) == (202.5, 15)
    drawn = sample(space, 100, 0, model, (205, 205), uniform_architectures(space))
    assert (drawn.sum(axis=1) == 5).all()


@pytest.mark.parametrize("wrong", [[0.5, 0.6], [1.5, -0.5], [1.0]])
def test_what_is_no_distribution_is_refused(wrong):
    rows = [np.full(len(d.options), 1 / len(d.options)) for d in SMALL.decisions]
    rows[4] = np.array(wrong)
    with pytest.raises(ValueError, match="probabilities"):
        independent(SMALL, rows)
