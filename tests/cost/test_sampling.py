import numpy as np
import pytest

from tests.cost.building import SMALL, V3_LIKE
from tunas_dsl.cost import sampling
from tunas_dsl.cost.counting import combinations
from tunas_dsl.cost.model import CostModel, Site
from tunas_dsl.cost.named import cost_model
from tunas_dsl.cost.sampling import SamplingError, sample
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import check_indices

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


def test_a_rare_band_gives_up_and_says_how_rare_it_is(monkeypatch):
    monkeypatch.setattr(sampling, "DRAWS", 40_000)
    with pytest.raises(SamplingError) as caught:
        sample(SPACE, 500_000, 0, SUM, (9.0, 9.0))
    words = str(caught.value).split()
    assert str(caught.value).startswith("only ")
    assert int(words[1].replace(",", "")) / int(words[3].replace(",", "")) == pytest.approx(1 / 42, rel=0.2)
    assert "cost 9 to 9 ms: ask for fewer than 500,000, or for a wider band" in str(caught.value)


def test_a_band_without_a_model_is_our_own_mistake():
    with pytest.raises(TypeError):
        sample(SPACE, 1, 0, band=(1.0, 2.0))


def test_sampling_no_decisions():
    bare = ir.Space("bare", FEATURES, 1, (), (), None)
    assert sample(bare, 3, 0).shape == (3, 0)
