import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunas_dsl.search.reinforce.reward import REWARD_KINDS, reward

ACCURACY = st.floats(0.01, 1)
RATIO = st.floats(0.1, 10)


@pytest.mark.parametrize(("kind", "expected"), [("absolute", 0.73), ("soft", 0.76211), ("hard", 0.76211)])
def test_fixture_of_the_reference_code(kind, expected):
    """Facts 7: twice the target with beta -0.07."""
    assert reward(kind, 0.8, 1.0, target=0.5, beta=-0.07) == pytest.approx(expected, abs=5e-6)


@given(ACCURACY)
def test_all_kinds_are_the_accuracy_at_the_target(accuracy):
    rewards = [reward(kind, accuracy, 84.0, 84.0, -0.1) for kind in REWARD_KINDS]
    assert rewards == pytest.approx([accuracy] * 4)


@given(ACCURACY, RATIO)
def test_without_a_reward_for_cost_only_accuracy_counts(accuracy, ratio):
    assert reward("none", accuracy, ratio, 1.0, -0.1) == accuracy


@given(ACCURACY, RATIO)
def test_below_the_target_hard_pays_nothing_soft_pays_and_absolute_charges(accuracy, ratio):
    absolute, soft, hard = (reward(kind, accuracy, ratio * 10, 10.0, -0.1) for kind in REWARD_KINDS[:3])
    assert absolute <= accuracy
    assert hard == pytest.approx(min(soft, accuracy))
    assert (soft >= accuracy) == (ratio <= 1)


@pytest.mark.parametrize("kind", REWARD_KINDS)
def test_an_array_is_rewarded_element_by_element(kind):
    accuracy, cost = np.array([0.5, 0.7, 0.9]), np.array([5.0, 10.0, 20.0])
    singly = [reward(kind, a, c, 10.0, -0.1) for a, c in zip(accuracy, cost, strict=True)]
    assert reward(kind, accuracy, cost, 10.0, -0.1) == pytest.approx(singly)
