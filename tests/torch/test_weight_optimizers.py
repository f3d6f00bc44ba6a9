"""The optimizers of a search's weights, which see only the parts that a step uses."""

import copy
import random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from tunas_dsl.search.settings import LR_PER_256, SearchSettings
from tunas_torch.layers.operations import Masking, prefix
from tunas_torch.layers.path import Used
from tunas_torch.optimizers import TorchOptimizer, weight_optimizer
from tunas_torch.optimizers.lazy_rmsprop import LazyRMSProp, SkippingRMSProp
from tunas_torch.optimizers.leaves import Gradients, Leaves
from tunas_torch.optimizers.rmsprop import RMSProp
from tunas_torch.supernet import Supernet

SHAPES = {"matrix": (6, 5), "kernel": (4, 3, 2, 2), "vector": (7,)}


def weights(seed=0, dtype=torch.float64):
    source = torch.Generator().manual_seed(seed)
    return {
        name: nn.Parameter(torch.randn(shape, generator=source, dtype=dtype))
        for name, shape in SHAPES.items()
    }


def used_of(parameters, source):
    """Some of the parameters, each up to a random length in every dimension."""
    for name, parameter in parameters.items():
        if source.random() < 0.6:
            shape = tuple(source.randint(1, length) for length in parameter.shape)
            yield Used(name, parameter, shape, shape, 0.0)


def one_step(optimizer, parameters, number, lr):
    """A step of one or two architectures with gradients that depend on the weights; gives them in full."""
    source, noise = random.Random(number), torch.Generator().manual_seed(number)
    gradients = Gradients()
    whole = {name: torch.zeros_like(parameter) for name, parameter in parameters.items()}
    for _ in range(source.randint(1, 2)):
        leaves = optimizer.take(used_of(parameters, source))
        for used, value in zip(leaves.used, leaves.values, strict=True):
            noisy = torch.randn(value.shape, generator=noise, dtype=value.dtype)
            value.grad = (0.3 * value + noisy).detach()
            prefix(whole[used.name], used.shape).add_(value.grad)
        gradients.add(leaves)
    optimizer.step(gradients, lr)
    return whole


def rate(step):
    return 0.2 * (1 + np.cos(step / 20)) / 2


@pytest.mark.parametrize(
    ("decay", "momentum"), [(0.9, 0.9), (0.9, 0.5), (0.99, 0.95), (0.6, 0.0), (0.0, 0.8), (0.0, 0.0)]
)
def test_lazily_is_densely(decay, momentum):
    """600 steps of changing rate, parts and gradients: every weight is where the dense rule puts it."""
    lazy_weights, dense_weights = weights(), weights()
    lazy = LazyRMSProp(lazy_weights, decay, momentum, 0.1)
    dense = RMSProp(dense_weights, decay, momentum, 0.1)
    for step in range(600):
        gradients = one_step(lazy, lazy_weights, step, rate(step))
        for name, parameter in dense_weights.items():
            parameter.grad = gradients[name]
        dense.step(rate(step))
        if step % 50 == 49 or step < 3:
            lazy.flush()
            for name, parameter in lazy_weights.items():
                torch.testing.assert_close(parameter, dense_weights[name], rtol=1e-11, atol=1e-11)


def test_a_flush_changes_no_later_step():
    runs = []
    for every in (1, 7, 1000):
        parameters = weights(dtype=torch.float32)
        optimizer = LazyRMSProp(parameters)
        for step in range(300):
            one_step(optimizer, parameters, step, rate(step))
            if step % every == 0:
                optimizer.flush()
        optimizer.flush()
        runs.append(parameters)
    for parameters in runs[1:]:
        assert all(torch.equal(parameters[name], runs[0][name]) for name in SHAPES)


@pytest.mark.parametrize("name", LR_PER_256)
@pytest.mark.parametrize("cut", [1, 280])
def test_every_optimizer_goes_on_from_its_state_bit_for_bit(name, cut):
    def new():
        parameters = weights(dtype=torch.float32)
        return parameters, weight_optimizer(parameters, SearchSettings(steps=1, target=1.0, optimizer=name))

    def run(parameters, optimizer, steps):
        for step in steps:
            one_step(optimizer, parameters, step, 0.01 * rate(step))
        optimizer.flush()

    whole, optimizer = new()
    run(whole, optimizer, range(300))
    cut_weights, optimizer = new()
    run(cut_weights, optimizer, range(cut))
    state = {key: tensor.clone() for key, tensor in optimizer.state().items()}
    resumed, again = new()
    assert {k: t.shape for k, t in again.state().items()} == {k: t.shape for k, t in state.items()}
    for key, parameter in resumed.items():
        parameter.data.copy_(cut_weights[key])
    again.load_state(state)
    run(resumed, again, range(cut, 300))
    assert all(torch.equal(resumed[key], whole[key]) for key in SHAPES)
    assert any(not torch.equal(resumed[key], weights(dtype=torch.float32)[key]) for key in SHAPES)


def test_skipping_leaves_alone_what_is_not_used_and_is_the_rule_where_it_is():
    parameters, dense_weights = weights(), weights()
    skipping, dense = SkippingRMSProp(parameters), RMSProp(dense_weights)
    corner = [Used("matrix", parameters["matrix"], (3, 2), (3, 2), 0.0)]
    before = {name: parameter.detach().clone() for name, parameter in parameters.items()}
    for step in range(20):
        gradients, leaves = Gradients(), skipping.take(corner)
        leaves.values[0].grad = torch.randn(3, 2, dtype=torch.float64)
        gradients.add(leaves)
        dense_weights["matrix"].grad = torch.zeros_like(before["matrix"])
        dense_weights["matrix"].grad[:3, :2] = leaves.values[0].grad
        skipping.step(gradients, rate(step))
        skipping.step(Gradients(), 1e9)  # nothing used, nothing moved
        dense.step(rate(step))
    torch.testing.assert_close(parameters["matrix"][:3, :2], dense_weights["matrix"][:3, :2])
    for name, old in before.items():
        if name == "matrix":
            assert not (parameters[name][:3, :2] == old[:3, :2]).any()
            old[:3, :2] = parameters[name].detach()[:3, :2]
        assert torch.equal(parameters[name], old)


@pytest.mark.parametrize("kind", [torch.optim.RMSprop, torch.optim.SGD, torch.optim.Adam])
def test_pytorchs_own_are_pytorchs_own(kind):
    """On gradients that are None for what is not used, and 0 outside of the part that is."""
    ours, theirs = weights(), weights()
    options = {"lr": 0.1} | ({} if kind is torch.optim.Adam else {"momentum": 0.9})
    optimizer = TorchOptimizer(ours, kind(list(ours.values()), **options))
    stock = kind(list(theirs.values()), **options)
    for step in range(50):
        gradients = one_step(optimizer, ours, step, rate(step))
        for name, parameter in theirs.items():
            parameter.grad = gradients[name] if gradients[name].any() else None
        for group in stock.param_groups:
            group["lr"] = rate(step)
        stock.step()
    assert all(torch.equal(ours[name], theirs[name]) for name in SHAPES)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), average=st.sampled_from([0.0, 0.3, 1.0]), masked=st.booleans())
def test_gradients_of_leaves_are_the_gradients_of_the_weights(
    small_space, float64, draw, images, score, gradients, assert_equal_gradients, seed, average, masked
):
    """Summed over three architectures, L2 included; in both executions."""
    supernet = float64(Supernet(small_space))
    rows = [draw(small_space, seed + number, average) for number in range(3)]
    batch, l2 = images(small_space), 0.1
    expected = gradients(
        supernet, sum(score(supernet(batch, row)) + l2 * supernet.penalty(row) for row in rows)
    )
    if masked:
        supernet = copy.copy(supernet)
        supernet.execution = Masking()
    optimizer, found = LazyRMSProp(dict(supernet.named_parameters())), Gradients()
    for row in rows:
        leaves = optimizer.take(supernet.used(row))
        torch.testing.assert_close(leaves.penalty(), supernet.penalty(row).detach())
        score(supernet(batch, row, leaves.weights)).backward()
        found.add(leaves, l2)
    whole = {name: torch.zeros_like(parameter) for name, parameter in supernet.named_parameters()}
    for name, parameter in supernet.named_parameters():
        assert parameter.grad is None
        if parameter in found.parts:
            prefix(whole[name], found.parts[parameter].shape).copy_(found.parts[parameter])
    assert_equal_gradients(whole, expected)


def test_gradients_are_as_small_as_what_was_used(everything, draw):
    supernet = Supernet(everything)
    row = draw(everything, 3)
    leaves = LazyRMSProp(dict(supernet.named_parameters())).take(supernet.used(row))
    sizes = {used.name: value.shape for used, value in zip(leaves.used, leaves.values, strict=True)}
    assert sizes == {name: p.shape for name, p in supernet.extract(row).named_parameters()}


def test_without_kernels_there_is_no_penalty():
    assert Leaves((), []).penalty() == 0
