import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cost.building import V3_LIKE
from tests.cost.enumerated import bands, cases
from tunas_dsl.cost import most_probable as module
from tunas_dsl.cost.band import Band
from tunas_dsl.cost.distribution import independent
from tunas_dsl.cost.most_probable import most_probable
from tunas_dsl.cost.named import cost_model
from tunas_dsl.cost.ticks import in_ticks
from tunas_dsl.errors import UndecidedError


@settings(max_examples=100)
@given(cases(), st.data(), st.sampled_from((None, 0.3, 2.0)))
def test_no_point_of_the_band_is_more_probable(case, data, tick):
    low, high = data.draw(bands(case.costs))
    inside = (low - 1e-12 <= case.costs) & (case.costs <= high + 1e-12) & (case.probabilities > 0)
    with pytest.MonkeyPatch.context() as patch:
        if tick is not None:  # rounds costs by far more than the band is wide
            patch.setattr(module, "in_ticks", lambda chain, band, **_: in_ticks(chain, band, tick, kept=True))
        found = most_probable(case.model, case.distribution, Band.between(low, high))
    if found is None:
        assert not inside.any()
        return
    place = case.vectors.tolist().index(list(found))
    assert inside[place]
    assert case.probabilities[place] == pytest.approx(case.probabilities[inside].max(), rel=1e-12)


def policy(seed, sharpness):
    random = np.random.default_rng(seed)
    logits = [sharpness * random.normal(size=len(decision.options)) for decision in V3_LIKE.decisions]
    return independent(V3_LIKE, [np.exp(row) / np.exp(row).sum() for row in logits])


def log_probability(distribution, indices):
    return sum(np.log(row[index]) for row, index in zip(distribution.marginals, indices, strict=True))


def test_the_most_probable_options_alone_are_the_answer_where_they_are_in_the_band():
    model, distribution = cost_model(V3_LIKE, "pixel1"), policy(0, 3)
    argmax = tuple(int(row.argmax()) for row in distribution.marginals)
    cost = float(model.total(np.array([argmax]))[0])
    assert most_probable(model, distribution, Band.around(cost, 0.5)) == argmax


def test_a_large_space_on_target():
    """No change of up to three decisions is in the band and more probable."""
    model, distribution, band = cost_model(V3_LIKE, "pixel1"), policy(1, 2), Band.around(57, 0.5)
    found = np.array(most_probable(model, distribution, band))
    assert band.contains(model.total(found[None]))[0]
    best = log_probability(distribution, found)
    changes = [(d, option) for d, count in enumerate(model.options) for option in range(count)]
    random = np.random.default_rng(0)
    others = np.tile(found, (200_000, 1))
    for _ in range(3):
        decisions, options = np.array(changes)[random.integers(len(changes), size=len(others))].T
        others[np.arange(len(others)), decisions] = options
    logs = sum(np.log(row)[others[:, d]] for d, row in enumerate(distribution.marginals))
    assert logs[band.contains(model.total(others))].max() <= best + 1e-9


def test_a_band_that_rounding_hides_is_given_up(monkeypatch):
    monkeypatch.setattr(module, "_LARGEST", 50)
    with pytest.raises(UndecidedError, match="widen it"):
        most_probable(cost_model(V3_LIKE, "pixel1"), policy(1, 0.1), Band.around(57, 1e-9))
