"""What holds for every algorithm, and what each promises of its own."""

import json

import attrs
import numpy as np
import pytest

from tests.search.spaces import MODEL, SPACE
from tunas_dsl.cost.extremes import maximum, minimum
from tunas_dsl.errors import SamplingError, SearchError
from tunas_dsl.ir.selection import check_indices
from tunas_dsl.search.algorithms.evolution import EvolutionSettings
from tunas_dsl.search.algorithms.optuna_search import OptunaSettings
from tunas_dsl.search.algorithms.random_search import RandomSettings
from tunas_dsl.search.algorithms.registry import start_algorithm
from tunas_dsl.search.settings import PolicySettings

TARGET = 0.1
SETTINGS = {
    "reinforce": PolicySettings(steps=40, target=TARGET, seed=3, policy_lr=0.1),
    "one round": PolicySettings(steps=40, target=TARGET, seed=3, policy_lr=0.1, rounds=1),
    "three rounds": PolicySettings(steps=40, target=TARGET, seed=3, policy_lr=0.1, rounds=3),
    "random": RandomSettings(n=90, target=TARGET, seed=3, within=0.01, batch=4),
    "evolution": EvolutionSettings(
        n=90, target=TARGET, seed=3, within=0.01, population=20, tournament=5, batch=4
    ),
    "optuna": OptunaSettings(n=24, target=TARGET, seed=3, within=0.01, batch=2),
}


def quality(indices):
    """More is better, and the more so the later the decision."""
    return 0.5 + indices @ np.linspace(0.001, 0.01, indices.shape[1])


def advance(algorithm, steps):
    proposals = []
    for _ in range(min(steps, algorithm.steps - algorithm.step)):
        indices = algorithm.propose()
        algorithm.feedback(indices, quality(indices), MODEL.total(indices))
        proposals.append(indices.tolist())
    return proposals


@pytest.fixture(params=SETTINGS)
def settings(request):
    return SETTINGS[request.param]


def test_the_state_goes_through_json_to_the_bit(settings):
    whole = start_algorithm(SPACE, MODEL, settings)
    proposals = advance(whole, 10**6)
    for cut in (0, 1, 7, whole.steps):
        first = start_algorithm(SPACE, MODEL, settings)
        advance(first, cut)
        second = start_algorithm(SPACE, MODEL, settings)
        second.load_state(json.loads(json.dumps(first.state())))
        assert advance(second, 10**6) == proposals[cut:]
        assert json.dumps(second.state()) == json.dumps(whole.state())
        assert second.best() == whole.best()


def test_proposals_wait_for_feedback_and_are_points_of_the_space(settings):
    algorithm = start_algorithm(SPACE, MODEL, settings)
    for _ in range(8):
        assert algorithm.propose().tolist() == algorithm.propose().tolist()
        (proposal,) = advance(algorithm, 1)
        assert [list(check_indices(SPACE, row)) for row in proposal] == proposal
    assert algorithm.step == 8


def test_other_seeds_propose_others(settings):
    one, other = (start_algorithm(SPACE, MODEL, attrs.evolve(settings, seed=seed)) for seed in (1, 2))
    assert one.propose().tolist() != other.propose().tolist()


@pytest.mark.parametrize("name", ["random", "evolution"])
def test_baselines_spend_their_budget_inside_the_band(name):
    algorithm = start_algorithm(SPACE, MODEL, SETTINGS[name])
    evaluated = np.concatenate(advance(algorithm, 10**6))
    assert len(evaluated) == 90
    assert np.abs(MODEL.total(evaluated) - TARGET).max() <= 0.01
    assert quality(np.array([algorithm.best()]))[0] == quality(evaluated).max()


def test_mutants_come_from_the_best_and_evolution_beats_chance():
    def best(name, seed):
        settings = attrs.evolve(SETTINGS[name], seed=seed, n=300)
        algorithm = start_algorithm(SPACE, MODEL, settings)
        advance(algorithm, 10**6)
        return algorithm.figures()["best"]

    assert sum(best("evolution", seed) >= best("random", seed) for seed in range(8)) >= 6


def test_evolution_goes_on_where_no_mutant_fits():
    """A band around one architecture alone: its mutants are itself."""
    lowest = minimum(MODEL).cost
    settings = EvolutionSettings(n=12, target=lowest, within=1e-9, population=4, tournament=2)
    evaluated = np.concatenate(advance(start_algorithm(SPACE, MODEL, settings), 12))
    assert np.abs(MODEL.total(evaluated) - lowest).max() <= 1e-9


def test_no_architecture_at_the_target_is_an_error():
    above = maximum(MODEL).cost * 2
    with pytest.raises(SamplingError):
        start_algorithm(SPACE, MODEL, RandomSettings(n=1, target=above))


def test_a_tournament_larger_than_the_population_is_refused():
    with pytest.raises(SearchError, match="`tournament` is 30, but must not exceed `population`"):
        EvolutionSettings(n=10, target=1.0, population=20, tournament=30)


def test_reinforce_holds_the_policy_until_the_delay():
    algorithm = start_algorithm(
        SPACE, MODEL, attrs.evolve(SETTINGS["reinforce"], policy_delay=0.25, start="uniform", rounds=1)
    )
    advance(algorithm, 10)
    assert algorithm.figures()["policy_lr"] == 0
    assert (
        np.ptp(algorithm.policy.probabilities[algorithm.policy.exists].reshape(-1)) > 0
    )  # of 2 and 3 options
    assert set(algorithm.policy.logits[algorithm.policy.exists]) == {0.0}
    advance(algorithm, 1)
    assert algorithm.figures()["policy_lr"] == 0.1
    assert len(set(algorithm.policy.logits[algorithm.policy.exists])) > 1
    advance(algorithm, 10**6)
    assert algorithm.figures()["policy_lr"] == pytest.approx(1.0, rel=0.1)


def test_an_entropy_bonus_keeps_the_policy_open():
    def entropy(bonus):
        settings = attrs.evolve(
            SETTINGS["reinforce"], entropy_bonus=bonus, steps=200, beta_growth=1.0, rounds=1
        )
        algorithm = start_algorithm(SPACE, MODEL, settings)
        advance(algorithm, 200)
        return algorithm.figures()["entropy"]

    assert entropy(3.0) > entropy(0.0) + 1


def test_random_ones_are_uniform_over_decisions_or_over_architectures():
    """Facts 14.24: a layer that may be skipped is skipped half of the time, or once in 13."""

    def skipped(distribution):
        settings = RandomSettings(n=4000, target=0.1, within=0.09, distribution=distribution)
        drawn = start_algorithm(SPACE, MODEL, settings)._drawn
        column = next(j for j, d in enumerate(SPACE.decisions) if d.kind == "layer")
        return (drawn[:, column] == 1).mean()

    assert skipped("decisions") > 2 * skipped("architectures")


def test_optuna_learns():
    settings = attrs.evolve(SETTINGS["optuna"], n=80, within=0.05)

    def best(sampler, seed):
        algorithm = start_algorithm(SPACE, MODEL, attrs.evolve(settings, sampler=sampler, seed=seed))
        advance(algorithm, 10**6)
        return quality(np.array([algorithm.best()]))[0]

    seeds = range(3)
    assert sum(best("tpe", seed) for seed in seeds) > sum(best("random", seed) for seed in seeds)
