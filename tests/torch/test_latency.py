import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tunas_dsl.cost.distribution import independent
from tunas_dsl.cost.model import CostModel, Site
from tunas_dsl.cost.named import cost_model as named_model
from tunas_dsl.cost.statistics import CostStatistics
from tunas_dsl.ir import space as ir
from tunas_dsl.language.compiler import load_space
from tunas_torch.latency import LatencyModel
from tunas_torch.policy import Policy

OPTIONS = (3, 1, 2, 4)


def cost_model(seed=0):
    random = np.random.default_rng(seed)
    touched = [(), (0,), (1, 3), (0, 2, 3), (2,), (0, 1, 2, 3)]
    sites = tuple(
        Site(f"0.{number}", decisions, random.uniform(0, 5, [OPTIONS[d] for d in decisions]))
        for number, decisions in enumerate(touched)
    )
    return CostModel("toy", "ms", OPTIONS, 2.5, sites)


def policy(seed):
    decisions = tuple(ir.Decision(f"d{n}", "kernel", tuple(range(c)), 0) for n, c in enumerate(OPTIONS))
    size = ir.FeatureMap(ir.constant(3), ir.constant((8, 8)))
    policy = Policy(ir.Space("toy", size, 8, decisions, (), None))
    policy.logits.data = torch.from_numpy(np.random.default_rng(seed).normal(size=policy.logits.shape))
    return policy


ROWS = st.lists(st.tuples(*(st.integers(-1, count - 1) for count in OPTIONS)), min_size=1, max_size=8)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 100), ROWS)
def test_equals_the_cost_model_at_points_and_averages(seed, rows):
    model = cost_model(seed)
    latency = LatencyModel(model)
    indices = np.array(rows)
    got = latency(latency.masks(torch.from_numpy(indices)))
    np.testing.assert_allclose(got.numpy(), model.total(indices), rtol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_probabilities_give_the_expected_cost(seed):
    """Against the sum over all 24 points of probability times cost."""
    model, probabilities = cost_model(seed), policy(seed).probabilities().detach()
    points = np.array(list(itertools.product(*map(range, OPTIONS))))
    weights = np.prod([probabilities[d].numpy()[points[:, d]] for d in range(len(OPTIONS))], axis=0)
    expected = LatencyModel(model)(probabilities[None])
    assert expected.item() == pytest.approx(weights @ model.total(points), rel=1e-12)


@pytest.mark.parametrize("name", ["proxylessnas_enlarged", "mobilenet_v3_like"])
def test_the_expected_latency_is_the_exact_mean_of_the_statistics(name):
    """Two computations that share no code, of a space with more architectures than can be visited."""
    space = load_space(name)
    model, some = named_model(space, "pixel1"), Policy(space)
    some.logits.data = torch.from_numpy(np.random.default_rng(0).normal(size=some.logits.shape))
    probabilities = some.probabilities().detach()
    rows = [row[: len(d.options)].numpy() for row, d in zip(probabilities, space.decisions, strict=True)]
    exact = CostStatistics(model, independent(space, rows)).mean
    assert LatencyModel(model)(probabilities[None]).item() == pytest.approx(exact, rel=1e-12)


def test_the_gradient_reaches_the_logits():
    """A step against the gradient makes the expected cost smaller, by what the gradient says."""
    latency, toy = LatencyModel(cost_model()), policy(0)
    before = latency(toy.probabilities()[None]).sum()
    before.backward()
    slope = toy.logits.grad.square().sum().item()
    toy.logits.data -= 1e-5 * toy.logits.grad
    after = latency(toy.probabilities()[None]).sum()
    assert (before - after).item() == pytest.approx(1e-5 * slope, rel=1e-3)


def test_wider_padding_changes_nothing():
    latency = LatencyModel(cost_model())
    masks = latency.masks(torch.tensor([[0, 0, -1, 3]]))
    padded = torch.nn.functional.pad(masks, (0, 2), value=torch.nan)
    assert latency(padded).item() == latency(masks).item()


def test_gradients_pass_gradcheck():
    latency = LatencyModel(cost_model())
    masks = torch.rand(2, 4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(latency, (masks,))
