"""The cost's part of the gradient, against the exact one: the sum over all points of a small space."""

import itertools

import numpy as np
import pytest

from tests.search.spaces import DECISIONS, costs
from tunas_dsl.search.errors import SearchError
from tunas_dsl.search.policy import Policy
from tunas_dsl.search.price import Price
from tunas_dsl.search.reward import REWARD_KINDS
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
    estimate = price.gradient(made.probabilities, uniform, BETA)
    np.testing.assert_allclose(estimate, exact, atol=4e-4)
    assert np.abs(exact).max() > 4e-3


def test_two_samples_are_unbiased():
    made = policy(hierarchical=False)
    price = Price(costs, DECISIONS, settings(hierarchical=False, cost_samples=2))
    random = np.random.default_rng(2)
    mean = np.mean(
        [price.gradient(made.probabilities, random.random(price.shape), BETA) for _ in range(20_000)], axis=0
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
