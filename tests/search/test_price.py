"""The cost's part of the gradient, against the exact one: the sum over all points of a small space."""

import itertools

import numpy as np
import pytest

from tests.search.spaces import DECISIONS, costs
from tunas_dsl.errors import SearchError
from tunas_dsl.search.reinforce.policy import Policy
from tunas_dsl.search.reinforce.price import Price
from tunas_dsl.search.reinforce.reward import REWARD_KINDS
from tunas_dsl.search.settings import PolicySettings

POINTS = np.array(list(itertools.product(*(range(len(d.options)) for d in DECISIONS))))
TARGET, BETA = 20.0, -0.3


def settings(**given):
    return PolicySettings(steps=10, target=TARGET, **given)


def policy(hierarchical):
    made = Policy(DECISIONS, hierarchical)
    made.shift(np.random.default_rng(0).normal(size=made.logits.shape))
    return made


@pytest.mark.parametrize("hierarchical", [True, False])
def test_it_is_the_expected_gradient(hierarchical):
    made = policy(hierarchical)
    chances = made.probabilities[np.arange(len(DECISIONS)), POINTS].prod(axis=1)
    worth = BETA * np.abs(costs(POINTS) / TARGET - 1)
    exact = np.tensordot(chances, made.gradients(POINTS, worth - chances @ worth), axes=1)

    price = Price(costs, DECISIONS, settings(hierarchical=hierarchical, cost_samples=200_000))
    uniform = np.random.default_rng(1).random(price.shape)
    estimate = price.gradient(made.probabilities, uniform, BETA, each=True)
    np.testing.assert_allclose(estimate, exact, atol=4e-4)
    assert np.abs(exact).max() > 4e-3


@pytest.mark.parametrize("target", [12.0, 40.0])
def test_that_of_the_mean_is_the_gradient_of_its_miss(target):
    """By finite differences of the exact mean over all points."""
    made = policy(hierarchical=False)
    asked = PolicySettings(steps=10, target=target, hierarchical=False, cost_samples=200_000)
    price = Price(costs, DECISIONS, asked)
    uniform = np.random.default_rng(3).random(price.shape)
    estimate = price.gradient(made.probabilities, uniform, BETA, each=False)

    def worth(change):
        moved = policy(hierarchical=False)
        moved.shift(change)
        chances = moved.probabilities[np.arange(len(DECISIONS)), POINTS].prod(axis=1)
        return -BETA * abs(chances @ costs(POINTS) / target - 1)

    for place in np.argwhere(made.exists):
        change = np.zeros(made.logits.shape)
        change[tuple(place)] = 1e-6
        slope = (worth(change) - worth(-change)) / 2e-6
        assert estimate[tuple(place)] == pytest.approx(slope, abs=1e-3)


def test_on_target_the_price_of_the_mean_is_nothing_but_that_of_each_is_not():
    made = policy(hierarchical=False)
    chances = made.probabilities[np.arange(len(DECISIONS)), POINTS].prod(axis=1)
    mean = float(chances @ costs(POINTS))
    asked = PolicySettings(steps=10, target=mean, hierarchical=False, cost_samples=200_000)
    price = Price(costs, DECISIONS, asked)
    uniform = np.random.default_rng(4).random(price.shape)
    of_mean, of_each = (
        np.abs(price.gradient(made.probabilities, uniform, BETA, each=each)).max() for each in (False, True)
    )
    assert of_mean < of_each / 5


def test_the_mean_has_a_price_until_the_policy_settles():
    asked = PolicySettings(steps=100, target=TARGET, policy_delay=0.2)
    assert [asked.prices_each(step) for step in (0, 20, 80, 81, 99)] == [False] * 3 + [True] * 2
    assert [asked.beta_at(step) for step in (0, 80)] == [asked.beta] * 2
    assert asked.beta_at(90) == pytest.approx(10 * asked.beta)
    assert all(
        PolicySettings(steps=100, target=TARGET, price="each").prices_each(step) for step in range(100)
    )


@pytest.mark.parametrize("given", [{"cost_samples": 0}, {"reward": "soft"}])
def test_a_price_of_the_mean_needs_samples(given):
    assert PolicySettings(steps=10, target=TARGET, **given).price == "each"
    with pytest.raises(SearchError, match="must be each where `cost_samples` is 0"):
        PolicySettings(steps=10, target=TARGET, price="mean", **given)


def test_two_samples_are_unbiased():
    made = policy(hierarchical=False)
    price = Price(costs, DECISIONS, settings(hierarchical=False, cost_samples=2))
    random = np.random.default_rng(2)
    mean = np.mean(
        [
            price.gradient(made.probabilities, random.random(price.shape), BETA, each=True)
            for _ in range(20_000)
        ],
        axis=0,
    )
    chances = made.probabilities[np.arange(len(DECISIONS)), POINTS].prod(axis=1)
    exact = np.tensordot(chances, made.gradients(POINTS, BETA * np.abs(costs(POINTS) / TARGET - 1)), axes=1)
    np.testing.assert_allclose(mean, exact, atol=1.5e-3)


@pytest.mark.parametrize("kind", REWARD_KINDS)
def test_it_is_for_the_absolute_reward_alone(kind):
    own = settings(reward=kind)
    assert (own.cost_samples > 0) == (own.beta_growth > 1) == (kind == "absolute")
    if kind != "absolute":
        with pytest.raises(SearchError, match="only the absolute one is a sum of quality and cost"):
            settings(reward=kind, cost_samples=8)


def test_one_sample_has_nothing_to_be_held_against():
    with pytest.raises(SearchError, match="must be 0, or 2 and more"):
        settings(cost_samples=1)
