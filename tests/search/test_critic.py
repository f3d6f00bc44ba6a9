"""The critic against the exact gradient over all points of a small space, and what it is for."""

import itertools
import json

import numpy as np
import pytest

from tests.search.spaces import DECISIONS, MODEL, SPACE
from tunas_dsl.errors import SearchError
from tunas_dsl.search.activity import Activity
from tunas_dsl.search.algorithms.registry import start_algorithm
from tunas_dsl.search.reinforce.critic import Critic
from tunas_dsl.search.reinforce.policy import Policy
from tunas_dsl.search.reinforce.price import Price
from tunas_dsl.search.settings import PolicySettings, SearchSettings

POINTS = np.array(list(itertools.product(*(range(len(d.options)) for d in DECISIONS))))
EFFECTS = np.random.default_rng(5).normal(size=(len(DECISIONS), 4))


def additive(indices):
    """A quality that is the sum of the effects of the options that count."""
    effects = EFFECTS[np.arange(len(DECISIONS)), indices]
    return 0.7 + np.where(Activity(DECISIONS)(indices), effects, 0).sum(axis=1)


def taught(quality, points=POINTS):
    critic = Critic(DECISIONS)
    for _ in range(50):
        critic.learn(points, quality(points))
    return critic


def policy(hierarchical=True):
    made = Policy(DECISIONS, hierarchical)
    made.shift(np.random.default_rng(0).normal(size=made.logits.shape))
    return made


def chances(made):
    return made.probabilities[np.arange(len(DECISIONS)), POINTS].prod(axis=1)


def test_it_foresees_what_adds_up():
    np.testing.assert_allclose(taught(additive)(POINTS), additive(POINTS), atol=0.02)


@pytest.mark.parametrize("hierarchical", [True, False])
def test_its_gradient_is_that_of_what_it_foresees(hierarchical):
    made, critic = policy(hierarchical), taught(additive)
    foreseen = critic(POINTS)
    centred = foreseen - chances(made) @ foreseen
    exact = np.tensordot(chances(made), made.gradients(POINTS, centred), axes=1)

    price = Price(additive, DECISIONS, PolicySettings(steps=1, target=1.0, cost_samples=100_000))
    draws = price.draw(made.probabilities, np.random.default_rng(1).random(price.shape))
    estimate = critic.gradient(made.probabilities, draws)
    np.testing.assert_allclose(estimate, exact, atol=0.01)
    assert np.abs(exact).max() > 0.2


def test_on_average_a_wrong_critic_changes_nothing():
    """Quality's gradient is that of the surprises and of the critic together, whatever the critic says."""
    made, critic = policy(), taught(lambda indices: np.sin(indices @ np.arange(5.0)))

    def quality(indices):
        return np.cos(indices @ np.array([1.0, 2.0, 3.0, 4.0, 0.0]))

    def exact(worths):
        return np.tensordot(chances(made), made.gradients(POINTS, worths - chances(made) @ worths), axes=1)

    price = Price(quality, DECISIONS, PolicySettings(steps=1, target=1.0, cost_samples=100_000))
    draws = price.draw(made.probabilities, np.random.default_rng(2).random(price.shape))
    together = exact(critic.surprises(POINTS, quality(POINTS))) + critic.gradient(made.probabilities, draws)
    np.testing.assert_allclose(together, exact(quality(POINTS)), atol=0.01)
    assert np.abs(exact(critic(POINTS))).max() > 0.02


def test_before_it_has_learned_it_foresees_the_mean():
    critic, qualities = Critic(DECISIONS), np.array([0.5, 0.7])
    np.testing.assert_allclose(critic.surprises(POINTS[:2], qualities), [-0.1, 0.1])


def test_its_state_goes_through_json_to_the_bit():
    whole, half = Critic(DECISIONS), Critic(DECISIONS)
    rows = np.random.default_rng(3).permutation(POINTS)[:40].reshape(10, 4, -1)
    for number, indices in enumerate(rows):
        whole.learn(indices, additive(indices))
        if number == 6:
            half.load_state(json.loads(json.dumps(whole.state())))
        elif number > 6:
            half.learn(indices, additive(indices))
    assert whole.weights.any()
    assert half.weights.tolist() == whole.weights.tolist()
    assert json.dumps(half.state()) == json.dumps(whole.state())


def test_a_search_with_a_critic_finds_more_with_the_same_evaluations():
    def quality(indices):
        return 0.5 + indices @ np.linspace(0.001, 0.01, indices.shape[1])

    def found(critic, seed):
        algorithm = start_algorithm(
            SPACE, MODEL, PolicySettings(steps=40, target=0.1, critic=critic, seed=seed, rounds=1)
        )
        while algorithm.step < algorithm.steps:
            indices = algorithm.propose()
            algorithm.feedback(indices, quality(indices), MODEL.total(indices))
        best = np.array([algorithm.best()])
        return quality(best)[0] - abs(MODEL.total(best)[0] / 0.1 - 1)

    assert np.mean([found("additive", seed) - found("none", seed) for seed in range(8)]) > 0


def test_it_is_for_the_absolute_reward_with_samples_and_without_a_supernet():
    assert PolicySettings(steps=10, target=1.0).critic == "additive"
    assert PolicySettings(steps=10, target=1.0, reward="soft").critic == "none"
    assert SearchSettings(steps=10, target=1.0).critic == "none"
    with pytest.raises(SearchError, match="must be none where `cost_samples` is 0"):
        PolicySettings(steps=10, target=1.0, cost_samples=0, critic="additive")
    with pytest.raises(SearchError, match="must be none in a search over a supernet"):
        SearchSettings(steps=10, target=1.0, critic="additive")
