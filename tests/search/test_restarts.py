"""Searches in rounds: when there are several, what they end with, and what is near the best."""

import json

import numpy as np
import pytest

from tests.search.spaces import MODEL, SPACE
from tunas_dsl.errors import SearchError
from tunas_dsl.search.activity import Activity
from tunas_dsl.search.algorithms.registry import start_algorithm
from tunas_dsl.search.reinforce import surrogate as surrogate_module
from tunas_dsl.search.reinforce.algorithm import Reinforce
from tunas_dsl.search.reinforce.critic import Critic
from tunas_dsl.search.reinforce.refinement import ELITES, Refinement
from tunas_dsl.search.reinforce.restarts import Restarts
from tunas_dsl.search.reinforce.surrogate import Surrogate
from tunas_dsl.search.settings import PolicySettings, SearchSettings

TARGET = 0.1
OPTIONS = sum(len(decision.options) for decision in SPACE.decisions)


class Rugged:
    """A quality without noise in which decisions depend on each other; remembers what it was asked."""

    def __init__(self):
        pairs = np.random.default_rng(1).normal(size=(len(SPACE.decisions), 3, len(SPACE.decisions), 3))
        self._pairs, self.asked = 0.002 * pairs, []

    def __call__(self, indices):
        self.asked.append(indices)
        row = np.arange(indices.shape[1])
        left, right = (row[:, None], indices[:, :, None]), (row[None, :], indices[:, None, :])
        return 0.5 + self._pairs[*left, *right].sum(axis=(1, 2))


def noisy(seed):
    random, exact = np.random.default_rng(seed), Rugged()
    return lambda indices: exact(indices) + random.normal(0, 0.01, len(indices))


def searched(quality, **given):
    algorithm = start_algorithm(SPACE, MODEL, PolicySettings(target=TARGET, **given))
    while algorithm.step < algorithm.steps:
        indices = algorithm.propose()
        algorithm.feedback(indices, quality(indices), MODEL.total(indices))
    return algorithm


def test_without_noise_there_are_rounds_and_the_result_is_the_best_evaluated_inside_the_target():
    quality = Rugged()
    steps = 16 * OPTIONS
    found = searched(quality, steps=steps)
    assert isinstance(found, Restarts)
    assert (found.exact, found.rounds) == (True, 4)
    asked = np.concatenate(quality.asked)
    assert len(asked) == 4 * steps
    assert asked[:4].tolist() == asked[4:8].tolist()
    inside = asked[MODEL.total(asked) <= TARGET]
    best = np.array([found.best()])
    assert quality(best)[0] == quality(inside).max()
    assert MODEL.total(best)[0] <= TARGET


def test_with_noise_there_is_one_round_and_the_result_is_the_most_probable():
    found = searched(noisy(0), steps=16 * OPTIONS)
    assert (found.exact, found.rounds) == (False, 1)
    assert found.best() == found.policy.argmax()


def test_rounds_that_are_asked_for_end_with_the_policy_that_ended_best():
    quality = Rugged()
    found = searched(quality, steps=90, rounds=3)
    assert (found.exact, found.rounds) == (False, 3)
    late = [np.concatenate(quality.asked[end - 3 : end]) for end in (30, 60, 90)]
    worths = [np.mean(quality(asked) - 0.1 * np.abs(MODEL.total(asked) / TARGET - 1)) for asked in late]
    kept, _ = found._kept
    assert kept == pytest.approx(max(worths))


def test_short_searches_and_one_round_are_plain():
    for given in ({"steps": OPTIONS // 5}, {"steps": 1000, "rounds": 1}, {"steps": 1000, "critic": "none"}):
        assert isinstance(start_algorithm(SPACE, MODEL, PolicySettings(target=TARGET, **given)), Reinforce)
    with pytest.raises(SearchError, match="`rounds` is 11, but must not exceed `steps`, which is 10"):
        PolicySettings(steps=10, target=TARGET, rounds=11)
    with pytest.raises(SearchError, match="must be 1 in a search over a supernet"):
        SearchSettings(steps=10, target=TARGET, rounds=2)


def test_rounds_and_what_is_near_the_best_find_more_with_the_same_evaluations():
    def quality_found(rounds, seed):
        quality = Rugged()
        searched(quality, steps=8 * OPTIONS, seed=seed, rounds=rounds)
        asked = np.concatenate(quality.asked)
        return quality(asked[MODEL.total(asked) <= TARGET]).max()

    gains = [quality_found(None, seed) - quality_found(1, seed) for seed in range(5)]
    assert np.mean(gains) > 0


def test_children_are_new_and_inside_the_target_and_elites_are_the_best_distinct_ones():
    random, rugged = np.random.default_rng(0), Rugged()
    counts = [len(decision.options) for decision in SPACE.decisions]
    points = np.stack([random.integers(count, size=400) for count in counts], axis=1)
    target = float(np.median(MODEL.total(points)))
    refinement = Refinement(SPACE.decisions, MODEL.total, target)
    canonical = refinement._activity.canonical(points)

    def quality(rows):
        return rugged(rows) + 10 * MODEL.total(rows)  # so that the best are outside

    refinement.offer(canonical, quality(canonical), MODEL.total(canonical))
    inside = np.unique(canonical[MODEL.total(canonical) <= target], axis=0)
    best = np.sort(quality(inside))[::-1][:ELITES]
    np.testing.assert_allclose([elite[0] for elite in refinement.elites], best)
    children = refinement.propose(12, random)
    assert MODEL.total(children).max() <= target
    assert not set(map(tuple, children.tolist())) & set(map(tuple, canonical.tolist()))
    assert len(np.unique(children, axis=0)) == 12
    np.testing.assert_array_equal(refinement.propose(12, random), children)
    again = Refinement(SPACE.decisions, MODEL.total, target)
    again.load_state(json.loads(json.dumps(refinement.state())))
    for one in (refinement, again):
        one.offer(children, quality(children), MODEL.total(children))
    later = [one.propose(12, np.random.default_rng(7)) for one in (refinement, again)]
    np.testing.assert_array_equal(*later)
    assert not set(map(tuple, later[0].tolist())) & set(map(tuple, children.tolist()))


def test_the_surrogate_knows_what_pairs_are_worth():
    """Held against new architectures, it explains most of what a sum over options leaves."""
    random, quality = np.random.default_rng(0), Rugged()
    counts = np.array([len(decision.options) for decision in SPACE.decisions])
    points = Activity(SPACE.decisions).canonical((random.random((700, len(counts))) * counts).astype(int))
    qualities = quality(points)
    surrogate, critic = Surrogate(SPACE.decisions), Critic(SPACE.decisions)
    surrogate.fit(points[:600], qualities[:600])
    for start in range(0, 600, 4):
        critic.learn(points[start : start + 4], qualities[start : start + 4])
    errors = [np.var(qualities[600:] - foresee(points[600:])) for foresee in (surrogate, critic)]
    assert errors[0] < 0.5 * errors[1]
    assert errors[0] < 0.3 * np.var(qualities)


def test_the_surrogate_is_the_posterior_mean_of_a_gaussian_process():
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import DotProduct

    random = np.random.default_rng(0)
    counts = np.array([len(decision.options) for decision in SPACE.decisions])
    points = Activity(SPACE.decisions).canonical((random.random((60, len(counts))) * counts).astype(int))
    qualities = Rugged()(points)
    surrogate = Surrogate(SPACE.decisions)
    surrogate.fit(points[:40], qualities[:40])
    scale = (1 + len(counts)) ** surrogate_module.DEGREE
    kernel = DotProduct(1.0, "fixed") ** surrogate_module.DEGREE
    process = GaussianProcessRegressor(
        kernel, alpha=surrogate_module.RIDGE * scale, optimizer=None, normalize_y=True
    )
    process.fit(surrogate._taken(points[:40]), qualities[:40])
    np.testing.assert_allclose(surrogate(points), process.predict(surrogate._taken(points)), atol=1e-6)
