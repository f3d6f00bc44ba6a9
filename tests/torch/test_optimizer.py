import numpy as np
import pytest
import torch
from torch import nn

from tunas_torch.optimizers.rmsprop import RMSProp


class Literal:
    """The four lines of TensorFlow's RMSProp for one weight, as facts 8 states them."""

    def __init__(self, weight, decay, momentum, epsilon):
        self.w, self.ms, self.mom = weight, np.ones_like(weight), np.zeros_like(weight)
        self.decay, self.momentum, self.epsilon = decay, momentum, epsilon

    def step(self, g, lr):
        self.ms = self.decay * self.ms + (1 - self.decay) * g**2
        self.mom = self.momentum * self.mom + lr * g / np.sqrt(self.ms + self.epsilon)
        self.w = self.w - self.mom


def parameters(random):
    return {name: nn.Parameter(torch.from_numpy(random.normal(size=(3, 2)))) for name in "ab"}


@pytest.mark.parametrize("epsilon", [0.1, 1.0])
def test_equals_the_literal_rule_also_where_a_weight_is_not_used(epsilon):
    random = np.random.default_rng(0)
    weights = parameters(random)
    literal = {name: Literal(w.detach().numpy().copy(), 0.8, 0.7, epsilon) for name, w in weights.items()}
    optimizer = RMSProp(weights, decay=0.8, momentum=0.7, epsilon=epsilon)
    for step in range(30):
        lr = 0.1 / (step + 1)
        optimizer.zero_grad()
        for name, weight in weights.items():
            used = name == "a" or step % 3 == 0
            gradient = random.normal(size=weight.shape) if used else np.zeros(weight.shape)
            if used:
                weight.grad = torch.from_numpy(gradient)
            literal[name].step(gradient, lr)
        optimizer.step(lr)
    for name, weight in weights.items():
        np.testing.assert_allclose(weight.detach().numpy(), literal[name].w, rtol=0, atol=1e-14)


def test_a_weight_goes_on_moving_without_gradients():
    """Facts 8: w moves by lr g / sqrt(ms + eps) times 1 + 0.9 + 0.81 ... in all."""
    weight = nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimizer = RMSProp({"w": weight}, epsilon=0.1)
    weight.grad = torch.ones_like(weight)
    optimizer.step(0.5)
    first = weight.item()
    assert first == pytest.approx(-0.5 / np.sqrt(1.1))
    optimizer.zero_grad()
    for _ in range(400):
        optimizer.step(0.5)
    assert weight.item() == pytest.approx(first / (1 - 0.9))


def test_differs_from_pytorchs_rmsprop():
    """Otherwise this class had no reason to be."""
    ours, theirs = (nn.Parameter(torch.ones(1, dtype=torch.float64)) for _ in range(2))
    optimizer = RMSProp({"w": ours}, epsilon=0.1)
    stock = torch.optim.RMSprop([theirs], lr=0.1, alpha=0.9, eps=0.1, momentum=0.9)
    for weight in (ours, theirs):
        weight.grad = torch.ones_like(weight)
    optimizer.step(0.1)
    stock.step()
    assert abs(ours.item() - theirs.item()) > 0.05


def test_goes_on_from_its_state():
    random = np.random.default_rng(1)
    gradients = [torch.from_numpy(random.normal(size=(3, 2))) for _ in range(6)]

    def run(weights, optimizer, part):
        for gradient in part:
            for weight in weights.values():
                weight.grad = gradient.clone()
            optimizer.step(0.05)

    whole = parameters(np.random.default_rng(2))
    run(whole, RMSProp(whole), gradients)
    halves = parameters(np.random.default_rng(2))
    first, second = RMSProp(halves), RMSProp(halves)
    run(halves, first, gradients[:3])
    second.load_state({name: tensor.clone() for name, tensor in first.state().items()})
    run(halves, second, gradients[3:])
    assert all(torch.equal(whole[name], halves[name]) for name in whole)
