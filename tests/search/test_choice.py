import itertools
import json

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.command_line import tunas
from tunas_dsl.cost.named import cost_model
from tunas_dsl.language.compiler import compile_text
from tunas_dsl.search.choice import choose
from tunas_dsl.search.settings import PolicySettings
from tunas_dsl.storage.documents import unsealed
from tunas_dsl.storage.resources import shipped_spaces

TINY = """
space tiny {
    input image 8 x 8 x 1
    filters divisible by 8
    block stem (filters: 8 | 16 | 24) { conv(kernel: 3 | 5, stride: 2)  relu }
    block body (filters: 8 | 16 | 24) {
        residual(bottleneck(kernel: 3, expand: 1x | 2x, se: off | on, act: swish6) | skip)
        conv(kernel: 1)  relu  global_pool
    }
    classifier (classes: 10)
}
"""
SPACE = compile_text(TINY)
MODEL = cost_model(SPACE, "macs")
ALL = np.array(list(itertools.product(*(range(len(decision.options)) for decision in SPACE.decisions))))
COSTS = MODEL.total(ALL)


def settings(target, reward="absolute"):
    return PolicySettings(steps=1, target=target, reward=reward)


def random_policy(space, seed, spread=3.0):
    random = np.random.default_rng(seed)
    powers = [np.exp(random.normal(0, spread, len(decision.options))) for decision in space.decisions]
    return [power / power.sum() for power in powers]


def expected(policy, target, reward):
    """The probability and the cost of what is to be found, by looking at all."""
    probabilities = np.prod([row[ALL[:, number]] for number, row in enumerate(policy)], axis=0)
    argmax = int(probabilities.argmax())
    if reward == "none":
        return probabilities[argmax], COSTS[argmax]
    low, high = 0.99 * target * (1 - 1e-12), 1.01 * target * (1 + 1e-12)
    if reward == "hard":
        low = 0.0
    fits = np.clip(COSTS, low, high) == COSTS
    if not fits.any():
        fits = abs(COSTS - target) <= abs(COSTS - target).min() * (1 + 1e-9)
    best = np.where(fits, probabilities, -1).argmax()
    return probabilities[best], COSTS[best]


@given(
    st.integers(0, 10**6),
    st.floats(float(COSTS.min()), float(COSTS.max())),
    st.sampled_from(["absolute", "soft", "hard", "none"]),
)
def test_it_is_the_most_probable_of_those_on_target_or_the_nearest(seed, target, reward):
    policy = random_policy(SPACE, seed)
    indices = choose(SPACE, MODEL, settings(target, reward), policy)
    found = np.prod([row[index] for row, index in zip(policy, indices, strict=True)])
    probability, cost = expected(policy, target, reward)
    assert found == pytest.approx(probability, rel=1e-9)
    assert abs(MODEL.total(np.array([indices]))[0] - target) == pytest.approx(abs(cost - target), abs=1e-9)


def test_a_policy_that_is_decided_to_the_last_bit_still_ends_on_target():
    sure = [np.eye(len(decision.options))[0] for decision in SPACE.decisions]
    indices = choose(SPACE, MODEL, settings(float(COSTS.max())), sure)
    assert MODEL.total(np.array([indices]))[0] == COSTS.max()


@pytest.mark.parametrize(
    ("name", "latency", "target"),
    [
        ("digits", "macs", 0.15),
        ("quickstart", "macs", 1.9),
        ("proxylessnas", "pixel1", 84.0),
        ("proxylessnas_enlarged", "pixel1", 84.0),
        ("mobilenet_v3_like", "pixel1", 57.0),
    ],
)
def test_whatever_a_policy_has_learnt_it_ends_on_target(name, latency, target):
    space = compile_text(shipped_spaces()[name].read_text(encoding="utf-8"), name)
    model = cost_model(space, latency)
    for seed in range(3):
        policy = random_policy(space, seed)
        argmax = np.array([[int(row.argmax()) for row in policy]])
        assert abs(model.total(argmax)[0] / target - 1) > 0.01  # so that there is something to do
        cost = model.total(np.array([choose(space, model, settings(target), policy)]))[0]
        assert abs(cost / target - 1) <= 0.01


def test_a_search_ends_on_target_tells_of_both_and_exports_either(tmp_path):
    run = tmp_path / "run"
    asked = ("--quality", "synthetic", "--latency", "macs", "--target", 0.2, "--steps", 5)
    ended = tunas("search", "digits", *asked, "-o", run)
    result = unsealed(json.loads((run / "result.json").read_text()))
    found, argmax = result["indices"], result["argmax"]
    assert abs(result["cost"] / 0.2 - 1) <= 0.01 < abs(argmax["cost"] / 0.2 - 1)
    assert ended.stdout.startswith(f"found {result['cost']:.4g} M")
    missed = f"{100 * (argmax['cost'] / 0.2 - 1):+.1f} % from the target (tunas export --pick argmax)"
    assert f"{argmax['cost']:.4g} M MAdds, {missed}" in ended.stderr
    exported = {
        pick: tunas("export", run, "--format", "indices", *pick).stdout.strip()
        for pick in ((), ("--pick", "argmax"), ("--on-target",))
    }
    assert exported[()] == exported["--on-target",] == ":".join(map(str, found))
    assert exported["--pick", "argmax"] == ":".join(map(str, argmax["indices"]))
    (run / "result.json").unlink()  # as before the end
    assert tunas("export", run, "--format", "indices").stdout.strip() == exported[()]
    assert tunas("search", "--resume", "-o", run).stdout == ended.stdout


def test_what_only_ends_the_search_is_no_part_of_the_policy():
    policy = random_policy(SPACE, 1)
    before = [row.copy() for row in policy]
    choose(SPACE, MODEL, attrs.evolve(settings(0.05)), policy)
    assert all((row == other).all() for row, other in zip(policy, before, strict=True))
