"""The policy without torch and the backend's: the same architectures drawn, the same logits learnt."""

import numpy as np
import pytest
import torch

from tests.search.spaces import DECISIONS, costs
from tunas_dsl.ir import space as ir
from tunas_dsl.runs.schedule import policy_lr
from tunas_dsl.search.reinforce.algorithm import Reinforce
from tunas_dsl.search.reinforce.baseline import Baseline
from tunas_dsl.search.reinforce.reward import reward
from tunas_dsl.search.settings import PolicySettings
from tunas_torch.optimizers.reinforce import PolicyOptimizer
from tunas_torch.policy import Policy

INPUTS = ir.FeatureMap(ir.constant(3), ir.constant((8, 8)))
SPACE = ir.Space("toy", INPUTS, 8, DECISIONS, (), None)


class Drawn:
    """A generator that gives what the other policy drew."""

    def __init__(self, numbers):
        self.numbers = numbers

    def random(self, shape):
        assert self.numbers.shape == shape
        return self.numbers


def quality(indices):
    return 0.5 + 0.01 * indices.sum(axis=1)


@pytest.mark.parametrize(
    ("hierarchical", "cost_samples", "price"),
    [(True, 0, "each"), (False, 0, "each"), (True, 5, "each"), (True, 5, "mean")],
)
def test_two_hundred_steps_agree(hierarchical, cost_samples, price):
    settings = PolicySettings(
        steps=200,
        target=20.0,
        policy_lr=0.05,
        entropy_bonus=0.1,
        samples_per_step=3,
        hierarchical=hierarchical,
        cost_samples=cost_samples,
        price=price,
        start="uniform",
        critic="none",
        policy_delay=0.25,
    )
    ours = Reinforce(DECISIONS, costs, settings)
    theirs = Policy(SPACE, hierarchical=hierarchical)
    optimizer, baseline = PolicyOptimizer(theirs.logits), Baseline(settings.baseline_momentum)
    for step in range(settings.steps):
        proposed = ours.propose()
        sampled = theirs.sample(Drawn(ours._uniform(step)), 3)
        assert sampled.indices.tolist() == proposed.tolist()
        beta = settings.beta_at(step)
        rewards = reward("absolute", quality(proposed), costs(proposed), 20.0, beta)
        if cost_samples:
            rewards = quality(proposed)
        advantages = torch.from_numpy(rewards - baseline.update(float(rewards.mean())))
        lr = policy_lr(step, 200, settings.delay_steps, settings.policy_lr, "exponential")
        bonus = theirs.entropy_gradient(sampled.indices)
        gradients = theirs.gradients(sampled, advantages)
        if cost_samples:
            others = theirs.sample(Drawn(ours._price_uniform(step)), cost_samples)
            misses = costs(others.indices.numpy()) / 20.0 - 1
            each = price == "each" or step > 162.5  # where it settles
            prices = beta * (np.abs(misses) if each else misses * np.clip(misses.mean() / 0.02, -1, 1))
            held = torch.from_numpy(prices - prices.mean()) * cost_samples / (cost_samples - 1)
            gradients += theirs.gradients(others, held).mean(dim=0)
        optimizer.step(gradients, lr)
        theirs.logits.data += lr * settings.entropy_bonus * bonus
        ours.feedback(proposed, quality(proposed), costs(proposed))
        exists = ours.policy.exists
        np.testing.assert_allclose(
            ours.policy.logits[exists], theirs.logits.detach().numpy()[exists], rtol=0, atol=1e-9
        )
        entropy = theirs.entropy(sampled.indices).mean().item()
        assert ours.figures()["entropy"] == pytest.approx(entropy, abs=1e-9)
    assert ours.best() == theirs.argmax()
