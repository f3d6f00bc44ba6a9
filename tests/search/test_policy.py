import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.search.spaces import DECISIONS
from tunas_dsl.ir.selection import active_decisions, canonical
from tunas_dsl.search.activity import Activity
from tunas_dsl.search.reinforce.policy import Policy

POINTS = st.lists(
    st.tuples(*(st.integers(0, len(decision.options) - 1) for decision in DECISIONS)), min_size=1, max_size=20
)


class Toy:
    decisions = DECISIONS


def policy(seed=0, hierarchical=True):
    made = Policy(DECISIONS, hierarchical)
    made.shift(np.random.default_rng(seed).normal(size=made.logits.shape))
    return made


@given(POINTS)
def test_activity_and_canonical_rows_are_those_of_the_ir(rows):
    activity, indices = Activity(DECISIONS), np.array(rows)
    assert activity(indices).tolist() == [list(active_decisions(Toy, row)) for row in rows]
    assert activity.canonical(indices).tolist() == [list(canonical(Toy, row)) for row in rows]


def test_draws_follow_the_probabilities():
    made = policy()
    drawn = made.draw(np.random.default_rng(1).random((40_000, len(DECISIONS))))
    shares = np.stack([(drawn == option).mean(axis=0) for option in range(4)], axis=1)
    np.testing.assert_allclose(shares, made.probabilities, atol=0.01)
    assert drawn[:, 4].max() == 0


def test_probabilities_that_round_to_less_than_one_still_draw_an_option():
    assert Policy(DECISIONS).draw(np.full((1, 5), np.nextafter(1, 0))).tolist() == [[2, 1, 3, 2, 0]]


def numeric(function, made):
    """The gradient of ``function`` by the logits, by central differences."""
    gradient = np.zeros(made.logits.shape)
    for place in zip(*np.nonzero(made.exists), strict=True):
        nudge = np.zeros(made.logits.shape)
        nudge[place] = 1e-6
        made.shift(nudge)
        above = function()
        made.shift(-2 * nudge)
        gradient[place] = (above - function()) / 2e-6
        made.shift(nudge)
    return gradient


@pytest.mark.parametrize("hierarchical", [True, False])
@given(POINTS)
def test_gradients_are_those_of_the_log_likelihood(hierarchical, rows):
    made, indices = policy(hierarchical=hierarchical), np.array(rows[:1])
    counts = Activity(DECISIONS)(indices) if hierarchical else np.ones(indices.shape, dtype=bool)

    def surprise():
        return -2.0 * np.log(made.probabilities[np.arange(5), indices[0]])[counts[0]].sum()

    np.testing.assert_allclose(
        made.gradients(indices, np.array([2.0]))[0], numeric(surprise, made), atol=1e-8
    )


def test_the_entropy_gradient_is_that_of_the_entropy():
    made, indices = policy(), np.array([[0, 1, 0, 0, 0], [1, 0, 2, 1, 0], [2, 0, 0, 2, 0]])
    np.testing.assert_allclose(
        made.entropy_gradient(indices), numeric(lambda: made.entropy(indices).mean(), made), atol=1e-8
    )


def test_logits_come_back_to_the_bit():
    made, other = policy(), Policy(DECISIONS)
    other.load(made.rows())
    assert (other.probabilities == made.probabilities).all()
    assert [len(row) for row in made.rows()] == [len(decision.options) for decision in DECISIONS]


def test_the_first_of_the_most_probable_options_wins():
    assert Policy(DECISIONS).argmax() == (0, 0, 0, 0, 0)
