"""Policies that begin on target: their exact average cost, the shape of the path, and who begins there."""

import numpy as np
import pytest

from tests.search.spaces import MODEL, SPACE
from tunas_dsl.cost.distribution import independent
from tunas_dsl.cost.named import cost_model
from tunas_dsl.cost.statistics import CostStatistics
from tunas_dsl.ir import space as ir
from tunas_dsl.language.compiler import compile_text
from tunas_dsl.search.reinforce.algorithm import Reinforce
from tunas_dsl.search.reinforce.policy import Policy
from tunas_dsl.search.reinforce.start import FARTHEST, logits_on_target
from tunas_dsl.search.settings import PolicySettings
from tunas_dsl.storage.resources import shipped_spaces


def begun(decisions, logits):
    policy = Policy(decisions)
    policy.shift(logits)
    return policy


def mean_cost(space, model, logits):
    """The exact mean, by dynamic programming."""
    rows = zip(space.decisions, begun(space.decisions, logits).probabilities, strict=True)
    marginals = [row[: len(decision.options)] for decision, row in rows]
    return CostStatistics(model, independent(space, marginals)).mean


@pytest.mark.parametrize(
    ("name", "latency", "target"),
    [("quickstart", "macs", 1.2), ("quickstart", "macs", 5.7), ("proxylessnas", "pixel1", 70.0)],
)
def test_the_average_cost_is_the_target(name, latency, target):
    space = compile_text(shipped_spaces()[name].read_text(encoding="utf-8"))
    model = cost_model(space, latency)
    logits = logits_on_target(space.decisions, model.total, target)
    assert mean_cost(space, model, logits) == pytest.approx(target, rel=0.02)
    assert mean_cost(space, model, 0 * logits) != pytest.approx(target, rel=0.1)


def test_where_costs_add_up_logits_follow_them():
    """The distribution of the most entropy at a mean cost has logits that are linear in the costs."""
    prices = np.array([[0.0, 1.0, 2.0], [0.0, 3.0, 0.0], [0.0, 0.5, 0.25]])
    decisions = [ir.Decision(f"d{number}", "kernel", (3, 5, 7), 2) for number in range(3)]

    def cost(indices):
        return prices[np.arange(3), indices].sum(axis=1)

    logits = logits_on_target(decisions, cost, 1.8)
    centred = prices - prices.mean(axis=1, keepdims=True)
    moved = logits - logits.mean(axis=1, keepdims=True)
    slope = (centred * moved).sum() / (centred**2).sum()
    assert slope < -0.05
    np.testing.assert_allclose(moved, slope * centred, atol=0.02)


def test_a_target_out_of_reach_leaves_something_to_learn():
    lowest = logits_on_target(SPACE.decisions, MODEL.total, 1e-6)
    highest = logits_on_target(SPACE.decisions, MODEL.total, 1e6)
    for logits in (lowest, highest):
        assert np.abs(logits).max() < FARTHEST + 0.5
    uniform = mean_cost(SPACE, MODEL, 0 * lowest)
    assert mean_cost(SPACE, MODEL, lowest) < uniform < mean_cost(SPACE, MODEL, highest)


def test_a_space_without_decisions_begins_as_it_is():
    assert logits_on_target([], lambda indices: np.ones(len(indices)), 2.0).size == 0


@pytest.mark.parametrize("start", ["uniform", "on-target"])
def test_reinforce_begins_as_it_is_told(start):
    target = mean_cost(SPACE, MODEL, np.zeros((len(SPACE.decisions), 3))) / 2
    settings = PolicySettings(steps=10, target=target, start=start)
    found = Reinforce(SPACE.decisions, MODEL.total, settings).policy.rows()
    logits = logits_on_target(SPACE.decisions, MODEL.total, target)
    expected = begun(SPACE.decisions, logits if start == "on-target" else 0 * logits).rows()
    assert found == expected
    assert any(map(any, found)) == (start == "on-target")
