"""The shipped spaces: exact as JSON, and the paper's three cost what the ones built by hand cost."""

from pathlib import Path

import numpy as np
import pytest

from tests.cost.building import ENLARGED, SMALL, V3_LIKE
from tunas_dsl.cost.counting import architectures
from tunas_dsl.cost.layers import parameters_model, supernet_parameters
from tunas_dsl.cost.named import cost_model
from tunas_dsl.cost.sampling import sample
from tunas_dsl.ir.exchange import read_space, space_document
from tunas_dsl.ir.selection import AVERAGE
from tunas_dsl.language.compiler import load_space
from tunas_dsl.storage.documents import dump, parse
from tunas_dsl.storage.resources import shipped

FILES = sorted(Path(str(shipped("spaces"))).glob("**/*.space"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_shipped_space_comes_back_from_json(file):
    space = load_space(str(file))
    document = dump(space_document(space))
    again = read_space(parse(document))
    assert again == space
    assert dump(space_document(again)) == document  # origins, too, which equality leaves out


@pytest.mark.parametrize("by_hand", [SMALL, ENLARGED, V3_LIKE], ids=lambda space: space.name)
def test_the_published_spaces_cost_what_those_built_by_hand_cost(by_hand):
    written = load_space(by_hand.name)
    points = sample(by_hand, 500, seed=0)
    assert supernet_parameters(written) == supernet_parameters(by_hand)
    assert architectures(written) == architectures(by_hand)
    assert np.array_equal(parameters_model(written).total(points), parameters_model(by_hand).total(points))
    for name in ("macs", "pixel1"):
        expected = cost_model(by_hand, name).total(points)
        np.testing.assert_allclose(cost_model(written, name).total(points), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("mobilenet_v2", 3_504_872), ("mobilenet_v3_large", 5_483_032), ("mnasnet_b1", 4_383_312)],
)
def test_reference_networks_have_the_parameters_that_torchvision_gives_them(name, parameters):
    """Its figures are for 1000 classes; one class more is 1280 weights and a bias more."""
    (file,) = (file for file in FILES if file.stem == name)
    network = load_space(str(file))
    nothing = np.zeros((1, len(network.decisions)), dtype=int)
    assert parameters_model(network).total(nothing) == [parameters + 1281]


@pytest.mark.parametrize(("name", "latency"), [("digits", "macs"), ("mobilenet_v3_like", "pixel1")])
def test_a_few_points_at_a_time_cost_to_the_bit_what_many_do(name, latency):
    space = load_space(name)
    model = cost_model(space, latency)
    indices = sample(space, 600, 0)
    indices[np.random.default_rng(0).random(indices.shape) < 0.1] = AVERAGE
    few = [model.total(indices[start : start + 3]) for start in range(0, len(indices), 3)]
    assert (np.concatenate(few) == model.total(indices)).all()
