import copy
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from tunas_dsl.ir.selection import prune
from tunas_torch.network import Network
from tunas_torch.supernet import Supernet

seeds = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="session")
def supernet_of(float64):
    made = {}

    def supernet(space):
        if space.name not in made:
            made[space.name] = float64(Supernet(space))
        return made[space.name]

    return supernet


@settings(max_examples=25, deadline=None)
@given(seed=seeds, size=st.sampled_from([None, (16, 12), (11, 14)]))
def test_an_extracted_network_is_its_part_of_the_supernet(
    small_space, supernet_of, draw, images, score, gradients, assert_equal_gradients, seed, size
):
    supernet, indices = supernet_of(small_space), draw(small_space, seed)
    batch = images(small_space, size=size)
    network = supernet.extract(indices)
    whole, part = score(supernet(batch, indices)), score(network(batch))
    torch.testing.assert_close(whole, part, rtol=1e-11, atol=1e-11)

    of_whole, of_part = gradients(supernet, whole), gradients(network, part)
    holder = copy.deepcopy(supernet)
    holder.load_state_dict(of_whole)
    assert_equal_gradients(of_part, {used.name: used.values.detach() for used in holder.used(indices)})
    torch.testing.assert_close(  # nothing outside the used parts has a gradient
        sum(gradient.abs().sum() for gradient in of_whole.values()),
        sum(gradient.abs().sum() for gradient in of_part.values()),
    )


@settings(max_examples=10, deadline=None)
@given(seed=seeds)
def test_the_used_parts_are_all_of_the_network(small_space, supernet_of, draw, seed):
    indices = draw(small_space, seed)
    parts = {used.name: used.values.shape for used in supernet_of(small_space).used(indices)}
    network = Network(prune(small_space, indices))
    assert parts == {name: parameter.shape for name, parameter in network.named_parameters()}


@pytest.fixture(scope="session")
def mobile(builder):
    """A bottleneck with everything in it, at stride 1 and 2."""

    def build(stride=2):
        b = builder("mobile", 8, (8, 8), 8)
        b.block("half", (16,), lambda: [b.bottleneck((5,), se=(True,), stride=stride, act="swish6")])
        b.block("rest", (16,), lambda: [b.residual(b.skip()), b.sepconv(), b.endpoint(), b.conv((1,))])
        return b.finish(classes=3)

    return build


def test_parts_have_the_names_of_timm(mobile):
    """Those of its InvertedResidual and DepthwiseSeparableConv."""
    network = Network(mobile())
    convs = {name: module for name, module in network.named_modules() if isinstance(module, nn.Conv2d)}
    assert {
        name: (conv.kernel_size[0], conv.groups, conv.bias is not None) for name, conv in convs.items()
    } == {
        "blocks.half_.0.conv_pw": (1, 1, False),
        "blocks.half_.0.conv_dw": (5, 24, False),
        "blocks.half_.0.se.conv_reduce": (1, 1, True),
        "blocks.half_.0.se.conv_expand": (1, 1, True),
        "blocks.half_.0.conv_pwl": (1, 1, False),
        "blocks.rest.1.conv_dw": (3, 16, False),
        "blocks.rest.1.conv_pw": (1, 1, False),
        "blocks.rest.3.conv": (1, 1, False),
    }
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    assert {(norm.eps, norm.momentum, norm.track_running_stats) for norm in norms} == {(1e-3, 0.01, True)}
    bottleneck = [name for name, _ in network.blocks["half_"][0].named_children()]
    assert bottleneck == ["conv_pw", "bn1", "act1", "pad", "conv_dw", "bn2", "act2", "se", "conv_pwl", "bn3"]


def test_a_residual_around_a_skip_does_nothing_and_symmetric_padding_is_the_convolutions_own(mobile):
    network = Network(mobile(stride=1))
    assert isinstance(network.blocks["rest"][0], nn.Identity)
    assert network.blocks["half_"][0].conv_dw.padding == (2, 2)
    assert not hasattr(network.blocks["half_"][0], "pad")


def test_evaluation_uses_moving_averages(mobile):
    network = Network(mobile())
    images = torch.randn(4, 8, 8, 8)
    norm = network.blocks["half_"][0].bn1
    features = network.blocks["half_"][0].conv_pw(images).detach()
    network(images)
    torch.testing.assert_close(norm.running_mean, 0.01 * features.mean((0, 2, 3)))
    torch.testing.assert_close(norm.running_var, 0.99 + 0.01 * features.var((0, 2, 3)))
    network.eval()
    assert torch.equal(network(images), network(images))
    torch.testing.assert_close(network(images)[:1], network(images[:1]))


def test_initial_weights_are_those_of_the_reference_code_and_a_function_of_the_seed(mobile):
    first, again, other = (Network(mobile(), seed=seed) for seed in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))
    assert not torch.equal(first.classifier.weight, other.classifier.weight)
    depthwise = first.blocks["half_"][0].conv_dw.weight
    assert depthwise.std().item() == pytest.approx(math.sqrt(2) / 5, rel=0.1)
    assert first.classifier.weight.std().item() == pytest.approx(0.01, rel=0.3)
    assert not any(p.any() for name, p in first.named_parameters() if name.endswith("bias"))


def test_endpoints_beside_the_logits(mobile):
    network = Network(mobile())
    images = torch.randn(2, 8, 8, 8)
    (endpoint,) = network.endpoints(images)
    assert endpoint.shape == (2, 16, 4, 4)
    assert network(images).shape == (2, 3)


def test_alternatives_of_one_option_are_that_option(builder):
    b = builder("one", 3, (8, 8), 8)
    b.block("b", (8,), lambda: [b.either(b.sepconv((3,))), b.residual(b.either(b.skip()))])
    network = Network(b.finish(classes=2))
    separable, skipped = network.blocks["b"]
    assert [name for name, _ in separable.named_children()] == ["conv_dw", "bn1", "act1", "conv_pw", "bn2"]
    assert isinstance(skipped, nn.Identity)


def test_an_open_space_is_no_network(everything):
    with pytest.raises(ValueError, match="`everything` has open decisions: prune it"):
        Network(everything)
