"""The paper's spaces and reference models against its figures (facts 4.3, 4.4 and 13)."""

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from tunas_dsl.cost.layers import macs_model, parameters_model
from tunas_dsl.ir.selection import AVERAGE, prune
from tunas_dsl.language.compiler import load_space
from tunas_torch.layers.operations import Masking
from tunas_torch.network import Network
from tunas_torch.supernet import Supernet

REFERENCE = Path(__file__).parents[2] / "spaces" / "reference"

PARAMETERS = {
    "proxylessnas": 5_544_873,
    "proxylessnas_enlarged": 25_221_545,
    "mobilenet_v3_like": 41_213_177,
}

# Parameters, multiply-adds at 224x224, parameters under L2, and a vector of a space that has the model.
MODELS = {
    "mobilenet_v2": (
        3_506_153,
        300_775_552,
        2_189_760,
        "proxylessnas_enlarged",
        "3:0:1:0:1:0:0:1:0:0:0:1:0:0:1:2:0:1:0:0:1:0:0:1:0:0:0:1:2:0:1:0:0:1:0:0:1:0:0:1:0:3:0:1:0:0:1:0:0:1"
        ":0:0:0:1:2:0:1:0:0:1:0:0:1:0:0:0:1:1:0:1:0:1:4",
    ),
    "mnasnet_b1": (
        4_384_593,
        314_417_152,
        3_064_392,
        "proxylessnas_enlarged",
        "3:0:1:0:0:0:0:0:0:0:0:0:0:0:1:2:1:0:0:1:0:0:1:0:0:0:0:1:3:1:1:0:1:1:0:1:1:0:0:0:1:4:0:1:0:0:1:0:0:0"
        ":1:0:0:1:2:1:1:0:1:1:0:1:1:0:1:1:0:2:0:1:0:1:4",
    ),
    "proxylessnas_mobile": (
        4_081_793,
        320_428_864,
        2_765_016,
        "proxylessnas",
        "0:0:0:1:0:0:0:0:0:0:0:1:0:0:1:0:2:0:0:0:0:0:1:0:0:1:0:0:0:2:1:0:1:0:0:1:0:0:1:0:0:0:1:1:0:1:0:0:1:0"
        ":0:1:0:0:0:2:1:0:2:1:0:2:0:0:2:0:0:0:2:1:0:0:0",
    ),
}


@pytest.fixture(scope="session", params=PARAMETERS)
def supernet(request, float64):
    return float64(Supernet(load_space(request.param)))


@pytest.fixture(scope="session")
def small_images():
    """Not so small that batch norm sees only a few values, which makes rounding errors grow."""
    return torch.randn(2, 3, 64, 64, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_parameters_of_supernets(supernet):
    assert sum(parameter.numel() for parameter in supernet.parameters()) == PARAMETERS[supernet.space.name]


@pytest.mark.parametrize("model", MODELS)
def test_figures_of_reference_models(model):
    """Of the model's own file, and of the architecture that the vector selects in the space."""
    parameters, madds, regularised, space, vector = MODELS[model]
    own = load_space(str(REFERENCE / f"{model}.space"))
    for architecture in (own, prune(load_space(space), list(map(int, vector.split(":"))))):
        network = Network(architecture)
        assert sum(p.numel() for p in network.parameters()) == parameters
        assert sum(p.numel() for p in network.parameters() if p.ndim == 4) == regularised
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            network.to("meta")(torch.empty(1, 3, 224, 224, device="meta"))
        assert counter.get_total_flops() == 2 * madds


@pytest.mark.parametrize("path", sorted(REFERENCE.glob("*.space")), ids=lambda path: path.stem)
def test_costs_of_reference_models_by_an_independent_count(path):
    """What the language counts without torch, against the module that is compiled from it."""
    space = load_space(str(path))
    only = np.zeros((1, len(space.decisions)), int)
    network = Network(prune(space, only[0].tolist()))
    assert parameters_model(space).total(only) == sum(p.numel() for p in network.parameters())
    size = space.inputs.size.constant
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network.to("meta")(torch.empty(1, space.inputs.channels.constant, *size, device="meta"))
    assert macs_model(space).total(only) * 2 == counter.get_total_flops()


@pytest.mark.parametrize("path", sorted(REFERENCE.glob("*.space")), ids=lambda path: path.stem)
def test_reference_models_as_supernets_of_one_architecture(path, float64, small_images, score):
    supernet = float64(Supernet(load_space(str(path))))
    indices = [0] * len(supernet.space.decisions)
    network = supernet.extract(indices)
    with torch.no_grad():
        whole, part = score(supernet(small_images, indices)), score(network(small_images))
    torch.testing.assert_close(whole, part, rtol=1e-10, atol=1e-10)


def test_slicing_is_masking(supernet, small_images, draw, score, gradients, assert_equal_gradients):
    indices = draw(supernet.space, 1, average=0.3)
    masked = copy.copy(supernet)
    masked.execution = Masking()
    losses = [score(net(small_images, indices)) + 0.1 * net.penalty(indices) for net in (supernet, masked)]
    torch.testing.assert_close(*losses, rtol=1e-10, atol=1e-10)
    assert_equal_gradients(gradients(supernet, losses[0]), gradients(masked, losses[1]))


def test_an_extracted_network_is_its_part_of_the_supernet(
    supernet, small_images, draw, score, gradients, assert_equal_gradients
):
    indices = draw(supernet.space, 2)
    network = supernet.extract(indices)
    whole, part = score(supernet(small_images, indices)), score(network(small_images))
    torch.testing.assert_close(whole, part, rtol=1e-10, atol=1e-10)
    holder = copy.deepcopy(supernet)
    holder.load_state_dict(gradients(supernet, whole))
    of_used = {used.name: used.values.detach() for used in holder.used(indices)}
    assert_equal_gradients(gradients(network, part), of_used)


@pytest.mark.parametrize("supernet", ["mobilenet_v3_like"], indirect=True)
def test_with_all_operations_averaged_and_filters_largest_every_parameter_learns(
    supernet, small_images, score, gradients
):
    indices = [AVERAGE if d.warmup == "op" else d.largest for d in supernet.space.decisions]
    found = gradients(supernet, score(supernet(small_images, indices)))
    assert [name for name, gradient in found.items() if not gradient.any()] == []
