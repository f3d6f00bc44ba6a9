"""The shipped spaces are those of the paper, decision for decision (facts 1.3, 4)."""

import random

import numpy as np
import pytest

from tunas_dsl.cost.counting import architectures, combinations, logits
from tunas_dsl.cost.layers import macs_model, parameters_model, supernet_parameters
from tunas_dsl.ir.selection import AVERAGE, active_decisions, canonical, prune
from tunas_dsl.language.compiler import compile_text, load_space
from tunas_dsl.language.unparse import unparse
from tunas_dsl.search.outlook import target_quantile
from tunas_dsl.storage.resources import shipped

SPACES = ("proxylessnas", "proxylessnas_enlarged", "mobilenet_v3_like", "quickstart", "digits")
WIDTHS = 7**5 * 6 * 4**3


def space_of(name):
    return load_space(str(shipped("spaces") / f"{name}.space"))


@pytest.mark.parametrize(
    ("name", "decisions", "product", "distinct", "logit_count", "parameters"),
    [
        ("proxylessnas", 73, 3 * 6**6 * 12**15, 3 * 6**6 * 7**15, 153, 5_544_873),
        ("proxylessnas_enlarged", 73, 3 * 6**6 * 12**15 * WIDTHS, 3 * 6**6 * 7**15 * WIDTHS, 197, 25_221_545),
        (
            "mobilenet_v3_like", 86, 2 * 6 * 36**5 * 72**15 * WIDTHS // 4,
            2 * 4 * 36**5 * 37**15 * WIDTHS // 4, 306, 41_213_177,
        ),
    ],
)  # fmt: skip
def test_sizes_of_the_papers_spaces(name, decisions, product, distinct, logit_count, parameters):
    space = space_of(name)
    assert len(space.decisions) == decisions
    assert combinations(space) == product
    assert architectures(space) == distinct
    assert logits(space) == logit_count
    assert supernet_parameters(space) == parameters


def test_sizes_of_the_space_of_small_images_and_the_place_of_its_target():
    space = space_of("cifar10_mobile")
    layers, widths = (3 * 6 * 2) ** 3, 4 * 4 * 6**3
    assert combinations(space) == layers * (3 * 6 * 2 * 2) ** 3 * widths
    assert architectures(space) == layers * (3 * 6 * 2 + 1) ** 3 * widths
    assert logits(space) == 98
    assert supernet_parameters(space) == 332_834
    assert 0.25 < target_quantile(space, macs_model(space), 0.64e6) < 0.28  # as of the paper's targets


@pytest.mark.parametrize("name", ["proxylessnas", "proxylessnas_enlarged"])
def test_positions_of_the_decisions_of_proxylessnas(name):
    ids = [decision.id for decision in space_of(name).decisions]
    filters = [position for position, id in enumerate(ids) if id.endswith(".filters")]
    assert filters == [0, 2, 15, 28, 41, 54, 67, 71, 72]
    assert ids[3:9] == ["b2.0.kernel", "b2.0.expand", "b2.0.op", "b2.1.kernel", "b2.1.expand", "b2.1.op"]


def test_positions_of_the_decisions_of_the_v3_like_space():
    ids = [decision.id for decision in space_of("mobilenet_v3_like").decisions]
    filters = [position for position, id in enumerate(ids) if id.endswith(".filters")]
    assert filters == [3, 19, 35, 51, 67, 83, 84, 85]
    assert ids[:3] == ["stem.0.kernel", "stem.2.kernel", "stem.2.op"]
    assert ids[4:11] == [
        "b1.0.kernel", "b1.0.expand", "b1.0.se", "b1.1.kernel", "b1.1.expand", "b1.1.se", "b1.1.op",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("base", "options"),
    [(16, (8, 16, 24, 32)), (32, (16, 24, 32, 40, 48, 64)), (64, (32, 40, 48, 64, 80, 96, 128))],
)
def test_filters_that_round_alike_are_one_option(base, options):
    space = compile_text(
        "space s { input image 8x8x1 let w = 1/2 | 5/8 | 3/4 | 1 | 5/4 | 3/2 | 2\n"
        f"block b (filters: {base} * w) {{ conv(kernel: 3) }} }}"
    )
    assert space.decisions[-1].options == options
    assert space.decisions[-1].largest == len(options) - 1


@pytest.mark.parametrize(
    ("name", "parameters", "macs"),
    [
        ("mobilenet_v2", 3_506_153, 300_775_552),
        ("mnasnet_b1", 4_384_593, 314_417_152),
        ("proxylessnas_mobile", 4_081_793, 320_428_864),
    ],
)
def test_sizes_of_the_reference_models(name, parameters, macs):
    model = space_of(f"reference/{name}")
    indices = np.zeros((1, len(model.decisions)), int)
    assert parameters_model(model).total(indices) == parameters
    assert macs_model(model).total(indices) == macs


@pytest.mark.parametrize("name", SPACES)
def test_an_architecture_written_out_and_read_again_is_the_same(name):
    space = space_of(name)
    source = random.Random(name)
    for _ in range(10):
        indices = [source.randrange(len(decision.options)) for decision in space.decisions]
        architecture = prune(space, indices)
        assert compile_text(unparse(architecture)) == architecture
        assert prune(space, canonical(space, indices)) == architecture


def test_a_skipped_layer_keeps_its_place_and_its_decisions_do_not_count():
    space = space_of("digits")
    position = space.position["b1.1.op"]
    indices = [0] * len(space.decisions)
    indices[position] = 1
    active = dict(zip((d.id for d in space.decisions), active_decisions(space, indices), strict=True))
    assert [id for id, counts in active.items() if not counts] == ["b1.1.kernel", "b1.1.expand"]
    indices[position] = AVERAGE
    assert all(active_decisions(space, indices))


def test_filters_are_in_ascending_order_whatever_the_order_of_the_text():
    space = compile_text(
        "space s { input image 8x8x1 block b (filters: 24 | 8 | 16) { conv(kernel: 5 | 3) } }"
    )
    kernel, filters = space.decisions
    assert filters.options == (8, 16, 24)  # facts 1.4
    assert kernel.options == (5, 3)


def test_a_residual_ties_the_filters_of_two_blocks():
    space = compile_text(
        "space s { input image 8x8x1 block a (filters: 8 | 16) { conv(kernel: 3) }\n"
        "block b (filters: 8 | 16) { residual(conv(kernel: 3)) } }"
    )
    assert [decision.id for decision in space.decisions] == ["a.filters"]
    assert space.blocks[1].filters == space.blocks[0].filters
