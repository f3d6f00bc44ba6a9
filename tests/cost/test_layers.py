"""Multiply-adds and parameters: published figures, and a second computation layer by layer."""

from fractions import Fraction

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cost.building import (
    ENLARGED,
    MNASNET_B1,
    MOBILENET_V2,
    PROXYLESSNAS_MOBILE,
    PROXYLESSNAS_MOBILE_SMALL,
    SMALL,
    V3_LIKE,
    Builder,
    small_spaces,
    vector,
)
from tunas_dsl.cost.layers import macs_model, parameters_model, supernet_parameters
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import expanded_filters, prune


@pytest.mark.parametrize(
    ("space", "indices", "parameters", "macs"),
    [
        (ENLARGED, MOBILENET_V2, 3_506_153, 300_775_552),
        (ENLARGED, MNASNET_B1, 4_384_593, 314_417_152),
        (ENLARGED, PROXYLESSNAS_MOBILE, 4_081_793, 320_428_864),
        (SMALL, PROXYLESSNAS_MOBILE_SMALL, 4_081_793, 320_428_864),
    ],
)
def test_the_reference_models_have_their_published_sizes(space, indices, parameters, macs):
    """Facts 4.4."""
    assert parameters_model(space).total(vector(indices)) == [parameters]
    assert macs_model(space).total(vector(indices)) == [macs]


@pytest.mark.parametrize(
    ("space", "parameters"), [(SMALL, 5_544_873), (ENLARGED, 25_221_545), (V3_LIKE, 41_213_177)]
)
def test_the_supernets_have_their_published_sizes(space, parameters):
    """Facts 4.3."""
    assert supernet_parameters(space) == parameters


def by_hand(layer):
    """The (multiply-adds, parameters) of a layer in which nothing is left to decide."""
    inputs, outputs = layer.inputs.channels.constant, layer.outputs.channels.constant
    height, width = layer.outputs.size.constant
    area = height * width
    match layer:
        case ir.Sequence(layers=layers):
            return tuple(map(sum, zip(*map(by_hand, layers), strict=True)))
        case ir.Residual(body=body):
            return by_hand(body)
        case ir.Conv():
            weights = layer.kernel.constant**2 * inputs * outputs
            return weights * area, weights + (2 if layer.batch_norm else 1) * outputs
        case ir.SeparableConv():
            weights = (layer.kernel.constant**2 + outputs) * inputs
            return weights * area, weights + 2 * inputs + 2 * outputs
        case ir.Bottleneck():
            mid = expanded_filters(layer.expansion.constant, inputs, layer.divisor)
            before = layer.inputs.size.constant[0] * layer.inputs.size.constant[1]
            macs = inputs * mid * before + (layer.kernel.constant**2 + outputs) * mid * area
            parameters = mid * (inputs + 2 + layer.kernel.constant**2 + 2 + outputs) + 2 * outputs
            if layer.squeeze_excite.constant:
                hidden = layer.squeezed(mid)
                macs += 2 * mid * hidden
                parameters += 2 * mid * hidden + mid + hidden
            return macs, parameters
        case _:
            return 0, 0


def network_by_hand(network):
    layers = [by_hand(layer) for block in network.blocks for layer in block.layers]
    features, classes = network.classifier.inputs.channels.constant, network.classifier.classes
    layers.append((features * classes, features * classes + classes))
    return tuple(map(sum, zip(*layers, strict=True)))


@given(small_spaces(), st.data())
def test_every_point_costs_what_its_network_costs(space, data):
    indices = tuple(data.draw(st.integers(0, len(d.options) - 1)) for d in space.decisions)
    macs, parameters = network_by_hand(prune(space, indices))
    assert macs_model(space).total(np.array([indices])) == [macs]
    assert parameters_model(space).total(np.array([indices])) == [parameters]


@given(small_spaces(), st.data())
def test_the_network_on_its_own_costs_what_it_costs_in_its_space(space, data):
    indices = tuple(data.draw(st.integers(0, len(d.options) - 1)) for d in space.decisions)
    network = prune(space, indices)
    nothing = np.zeros((1, len(network.decisions)), dtype=int)
    for model in (macs_model, parameters_model):
        assert model(network).total(nothing) == model(space).total(np.array([indices]))
    assert supernet_parameters(network) == parameters_model(network).total(nothing)[0]


@given(small_spaces())
def test_the_supernet_holds_each_network(space):
    largest = tuple(decision.largest for decision in space.decisions)
    assert parameters_model(space).total(np.array([largest]))[0] <= supernet_parameters(space)


def test_op_warmup_halves_a_layer_that_may_be_skipped():
    """Facts 9.1: masks of 1/2 give half of the layer."""
    space, model = V3_LIKE, macs_model(V3_LIKE)
    keep = np.zeros((1, len(space.decisions)), dtype=int)
    skip, average = keep.copy(), keep.copy()
    skip[0, 2], average[0, 2] = 1, -1  # the first separable convolution
    assert model.total(average) == (model.total(keep) + model.total(skip)) / 2
    assert model.by_site(skip)["0.2"] == [0]


def test_sites_are_the_layers_that_have_weights_and_the_classifier():
    sites = [site.name for site in parameters_model(V3_LIKE).sites]
    assert sites[:5] == ["0.0", "0.2", "1.0", "1.1", "1.2"]
    assert sites[-1] == "classifier"
    assert len(sites) == 25


def resolution_space():
    b = Builder("resolution", image=(32, 24))
    b.name_of_block = "input"
    size = ir.Choice(((32, 24), (64, 48), (16, 12)), b.decide("kernel", (32, 64, 16)))
    b.flow = b.inputs = ir.FeatureMap(ir.constant(3), size)
    b.block((8, 16))
    b.add(b.conv((3,), stride=2))
    b.add(b.bneck((3, 5), stride=2))
    b.end()
    return b.finish()


def test_sizes_may_be_decided():
    """The pixels of each layer follow the resolution; parameters do not, and their tables are spared it."""
    space = resolution_space()
    for indices in ((0, 1, 0, 1), (1, 0, 1, 0), (2, 1, 1, 1)):
        macs, parameters = network_by_hand(prune(space, indices))
        assert macs_model(space).total(np.array([indices])) == [macs]
        assert parameters_model(space).total(np.array([indices])) == [parameters]
    assert all(0 not in site.decisions for site in parameters_model(space).sites)


def test_an_absolute_expansion_does_not_follow_the_input():
    b = Builder("absolute")
    b.block((8, 16))
    b.add(b.conv((1,)))
    b.add(b.bneck((3,), (1, 2)))
    expansion = ir.Choice((ir.Relative(Fraction(3, 2)), 20), b.layers[1].expansion.decision)
    b.layers[1] = attrs.evolve(b.layers[1], expansion=expansion)
    b.end()
    space = b.finish()
    relative, absolute = (
        [macs_model(space).by_site(np.array([(option, filters)]))["0.1"][0] for filters in (0, 1)]
        for option in (0, 1)
    )
    area = 224 * 224
    assert relative == [16 * (8 + 9 + 8) * area, 24 * (16 + 9 + 16) * area]
    assert absolute == [20 * (8 + 9 + 8) * area, 20 * (16 + 9 + 16) * area]


def test_a_space_without_classifier_and_decisions():
    features = ir.FeatureMap(ir.constant(4), ir.constant((5, 5)))
    conv = ir.Conv(inputs=features, outputs=features, kernel=ir.constant(3), stride=1, batch_norm=False)
    space = ir.Space("bare", features, 1, (), (ir.Block("b", ir.constant(4), (conv,)),), None)
    nothing = np.empty((1, 0), dtype=int)
    assert macs_model(space).total(nothing) == [9 * 16 * 25]
    assert parameters_model(space).total(nothing) == [9 * 16 + 4]
