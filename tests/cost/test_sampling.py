import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from tests.cost.building import SMALL, V3_LIKE
from tests.cost.enumerated import bands, cases
from tunas_dsl.cost import sampling
from tunas_dsl.cost.counting import combinations
from tunas_dsl.cost.distribution import uniform_architectures, uniform_decisions
from tunas_dsl.cost.model import CostModel, Site
from tunas_dsl.cost.named import cost_model
from tunas_dsl.cost.sampling import sample
from tunas_dsl.errors import SamplingError
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import canonical, check_indices

FEATURES = ir.FeatureMap(ir.constant(1), ir.constant((1, 1)))
LENGTHS = (2, 3, 1, 7)
SPACE = ir.Space(
    "small",
    FEATURES,
    1,
    tuple(ir.Decision(f"d{n}", "kernel", tuple(range(length)), 0) for n, length in enumerate(LENGTHS)),
    (),
    None,
)
SUM = CostModel(
    "sum", "ms", LENGTHS, 0.0, tuple(Site(f"0.{n}", (n,), np.arange(k)) for n, k in enumerate(LENGTHS))
)


def test_samples_are_points_of_the_space():
    indices = sample(V3_LIKE, 50, seed=1)
    assert indices.shape == (50, 86)
    for row in indices.tolist():
        check_indices(V3_LIKE, row)


def test_every_vector_is_equally_likely():
    n = 84_000
    _, counts = np.unique(sample(SPACE, n, seed=0), axis=0, return_counts=True)
    assert len(counts) == combinations(SPACE) == 42
    chi_square = ((counts - n / 42) ** 2 / (n / 42)).sum()
    assert chi_square < 80  # 41 degrees of freedom: exceeded once in 4,000 seeds


def test_a_seed_gives_the_same_samples_and_fewer_are_the_first_of_more():
    band = (3.0, 5.0)
    for options in ({}, {"model": SUM, "band": band}):
        many = sample(SPACE, 30_000, 7, **options)
        assert np.array_equal(sample(SPACE, 30_000, 7, **options), many)
        assert np.array_equal(sample(SPACE, 10, 7, **options), many[:10])
        assert not np.array_equal(sample(SPACE, 10, 8, **options), many[:10])
    assert sample(SPACE, 0, 7).shape == (0, 4)


def test_a_band_holds_and_its_samples_are_the_unbanded_ones_within_it():
    inside = sample(SPACE, 2000, 3, SUM, (3.0, 4.0))
    costs = SUM.total(inside)
    assert set(costs) == {3.0, 4.0}  # both ends belong to it
    every = sample(SPACE, 100_000, 3)
    expected = every[np.isin(SUM.total(every), (3.0, 4.0))][:2000]
    assert np.array_equal(inside, expected)


def test_the_band_of_the_paper():
    """Facts 10: architectures of 83 to 85 ms."""
    model = cost_model(SMALL, "pixel1")
    costs = model.total(sample(SMALL, 100, 0, model, (83.0, 85.0)))
    assert len(costs) == 100
    assert costs.min() >= 83
    assert costs.max() <= 85


@pytest.mark.parametrize(
    ("n", "band", "message"),
    [
        (-1, None, "-1 samples are wanted; the number must be 0 or more"),
        (1, (9.5, 12.0), "no architecture of `small` costs 9.5 to 12 ms: they range from 0 to 9 ms"),
        (1, (-2.0, -1.0), "they range from 0 to 9 ms"),
        (1, (5.0, 4.0), "the band from 5 to 4 ms is empty: give the lower end first"),
        (1, (float("nan"), 4.0), "is empty"),
    ],
)
def test_what_cannot_be_sampled_is_refused(n, band, message):
    with pytest.raises(SamplingError) as caught:
        sample(SPACE, n, 0, SUM, band)
    assert message in str(caught.value)


@settings(max_examples=25)
@given(cases(), st.data())
def test_points_of_a_band_come_by_their_probabilities_however_they_are_drawn(case, data):
    low, high = data.draw(bands(case.costs))
    weights = np.where((low - 1e-9 <= case.costs) & (case.costs <= high + 1e-9), case.probabilities, 0)
    if weights.sum() < 1e-6:
        return
    n, expected = 4_000, weights / weights.sum()
    for rare in (1.1, 0.001):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sampling, "RARE", rare)
            drawn = sample(case.space, n, 1, case.model, (low, high), case.distribution)
        assert agreement(case.vectors, expected, drawn) > 1e-9


def agreement(vectors, expected, drawn):
    """The probability of a larger chi square by chance, rare vectors taken together."""
    place = {tuple(vector): number for number, vector in enumerate(vectors.tolist())}
    counts = np.bincount([place[tuple(vector)] for vector in drawn.tolist()], minlength=len(vectors))
    mean = len(drawn) * expected
    assert not counts[mean == 0].any()
    often = mean >= 10
    pairs = [*zip(counts[often], mean[often], strict=True), (counts[~often].sum(), mean[~often].sum())]
    pairs = [(count, of) for count, of in pairs if of >= 10]
    chi_square = sum((count - of) ** 2 / of for count, of in pairs)
    return chi2.sf(chi_square, len(pairs) - 1) if len(pairs) > 1 else 1.0


def test_rejected_and_backward_draws_agree_in_a_large_space():
    """Every option of every decision is as frequent in one as in the other; the tick is far from exact."""
    model, n, band = cost_model(V3_LIKE, "pixel1"), 6_000, (56.0, 58.0)
    with pytest.MonkeyPatch.context() as patch:
        rejected = sample(V3_LIKE, n, 1, model, band)
        patch.setattr(sampling, "RARE", 1.1)
        backward = sample(V3_LIKE, n, 1, model, band)
    z = []
    for position, decision in enumerate(V3_LIKE.decisions):
        one, other = (
            np.bincount(drawn[:, position], minlength=len(decision.options)) / n
            for drawn in (rejected, backward)
        )
        z += list((one - other) / np.sqrt(2 * np.maximum(one * (1 - one), 1e-4) / n))
    assert len(z) == 306
    assert np.abs(z).max() < 4.3
    assert 0.8 < np.std(z) < 1.2
    assert np.abs(model.total(rejected).mean() - model.total(backward).mean()) < 5 * 0.58 * np.sqrt(2 / n)


def test_a_rare_band_of_a_large_space():
    model = cost_model(V3_LIKE, "pixel1")
    costs = model.total(sample(V3_LIKE, 300, 0, model, (24.9, 25.1), uniform_architectures(V3_LIKE)))
    assert len(costs) == 300
    assert 24.9 <= costs.min() < costs.max() <= 25.1


@pytest.mark.parametrize("distribution", [uniform_decisions, uniform_architectures])
def test_uniform_over_architectures_skips_a_layer_as_often_as_its_other_options(distribution):
    drawn = sample(V3_LIKE, 20_000, 0, distribution=distribution(V3_LIKE))
    skipped = 1 / 2 if distribution is uniform_decisions else 1 / 37
    assert (drawn[:, 10] == 1).mean() == pytest.approx(skipped, abs=4 * np.sqrt(skipped / 20_000))
    if distribution is uniform_architectures:
        assert all(canonical(V3_LIKE, row) == tuple(row) for row in drawn[:50].tolist())


@pytest.mark.parametrize(
    ("band", "nearest"), [((2.3, 2.7), "2 and 3"), ((-5.0, -1.0), None), ((9.1, 12.0), None)]
)
def test_an_empty_band_names_what_is_nearest(band, nearest):
    with pytest.raises(SamplingError) as caught:
        sample(SPACE, 1, 0, SUM, band)
    expected = f"the nearest cost {nearest} ms" if nearest else "they range from 0 to 9 ms"
    assert expected in str(caught.value)


def test_a_band_that_is_empty_but_for_rounding_names_what_is_nearest(monkeypatch):
    monkeypatch.setattr(sampling, "DRAWS", 4_000)
    model = cost_model(V3_LIKE, "pixel1")
    with pytest.raises(SamplingError, match=r"the nearest cost 4\.\d+ and 4\.\d+ ms") as caught:
        sample(V3_LIKE, 1, 0, model, (4.2000001, 4.2000002))
    below, above = [float(word) for word in str(caught.value).split() if word.startswith("4.")][-2:]
    assert below < 4.2000001 < 4.2000002 < above


def test_a_band_without_a_model_is_our_own_mistake():
    with pytest.raises(TypeError):
        sample(SPACE, 1, 0, band=(1.0, 2.0))


def test_sampling_no_decisions():
    bare = ir.Space("bare", FEATURES, 1, (), (), None)
    assert sample(bare, 3, 0).shape == (3, 0)
