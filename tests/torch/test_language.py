"""Spaces generated as text, with every construct of the language, through all that a space compiles to.

Each is compiled, its supernet run masked and sliced in float64, a point of it extracted, costed, written
as text and as JSON, and read again: all of them must be the same network.
"""

import random

import numpy as np
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from tunas_dsl.cost.layers import macs_model, parameters_model
from tunas_dsl.cost.sampling import sample
from tunas_dsl.ir.exchange import read_space, space_document
from tunas_dsl.ir.matching import find_indices
from tunas_dsl.ir.selection import AVERAGE, prune
from tunas_dsl.language.compiler import compile_source, compile_text
from tunas_dsl.language.unparse import unparse
from tunas_dsl.source import Source
from tunas_torch.exporting.python_source import python_source
from tunas_torch.latency import LatencyModel
from tunas_torch.network import Network
from tunas_torch.policy import Policy
from tunas_torch.supernet import Supernet

SHARED = """
let size = 1 | 3
decide width = 1/2 | 1
default sepconv(act: swish6)
layer bneck(stride, act: relu) = bottleneck(kernel: size, expand: 2x | 20, stride: stride, act: act)
layer more = residual(bneck(1, swish) | skip)
"""

HEADER = """import bneck, more as repeated, width from "shared.space"
default bottleneck(se_act: relu6)
decide common = 3 | 5
decide shared = conv(kernel: 3) | { sepconv(kernel: 3) relu } | skip
decide depth = 1 | 2
decide stretch = 1x | 24
"""

FILTERS = ["8", "4 | 8", "8 * width", "4 * (1 | 3/2 | 2)", "16 * width"]
KERNELS = ["1", "3", "3 | 5", "common", "| 3"]
EXPANSIONS = ["1x", "3/2x", "1x | 2x", "12", "8 | 16", "2x | 12", "stretch"]
RATIOS = ["off", "on", "off | on", "on, se_ratio: 1/2, se_act: swish"]
ACTS = ["relu", "relu6", "swish", "swish6", "sigmoid"]

kernels, acts = st.sampled_from(KERNELS), st.sampled_from(ACTS)


@st.composite
def convolutions(draw, stride=1):
    """A layer that makes the filters of its block."""
    kernel, act = draw(kernels), draw(acts)
    expand, se = draw(st.sampled_from(EXPANSIONS)), draw(st.sampled_from(RATIOS))
    return draw(
        st.sampled_from(
            [
                f"conv(kernel: {kernel}, stride: {stride})",
                f"conv({kernel}, {stride}, off)",
                f"sepconv(kernel: {kernel}, stride: {stride}, act: {act})",
                f"bottleneck(kernel: {kernel}, expand: {expand}, se: {se}, stride: {stride}, act: {act})",
                f"bneck({stride})",
                f"bneck(stride: {stride}, act: {act})",
            ]
        )
    )


LEAVES = st.one_of(convolutions(), acts, st.sampled_from(["endpoint", "repeated", "residual(shared)"]))


def _around(items):
    two = st.lists(items, min_size=2, max_size=2)
    return st.one_of(
        items.map("residual({})".format),
        items.map("residual({} | skip)".format),
        items.map("2 * {{ {} }}".format),
        items.map("(0 | 2) * {{ {} }}".format),
        items.map("depth * {{ {} }}".format),
        items.map("(| {})".format),
        two.map("({0[0]} | {0[1]})".format),
        two.map("{{ {0[0]} {0[1]} }}".format),
        two.map("first (1 | 2) of {{ residual({0[0]}) residual({0[1]}) }}".format),
        two.map("residual({{ {0[0]} {0[1]} }} | {0[0]} | skip)".format),
    )


ITEMS = st.recursive(LEAVES, _around, max_leaves=4)


@st.composite
def spaces(draw):
    """The text of a space whose layers keep size and filters behind the first of each block."""
    size = draw(st.sampled_from(["9 x 8 x 3", "8x8x1", "(6 | 8) x 2", "(8x6 | 9x7) x 1"]))
    blocks = []
    for number in range(draw(st.integers(1, 2))):
        first = draw(convolutions(stride=draw(st.sampled_from([1, 2]))))
        items = draw(st.lists(ITEMS, max_size=3))
        filters = draw(st.sampled_from(FILTERS))
        blocks.append(f"  block b{number} (filters: {filters}) {{ {'  '.join([first, *items])} }}\n")
    end = draw(st.sampled_from(["  block top (filters: 8) { global_pool  conv(1) }\n", ""]))
    body = (
        f"  input image {size}\n  filters divisible by 4\n{''.join(blocks)}{end}  classifier (classes: 3)\n"
    )
    return f"{HEADER}space s {{\n{body}}}\n"


def compiled(text):
    found = compile_source(Source("s.space", text), lambda path, importing: Source(path, SHARED))
    errors = [d.text for d in found.report.diagnostics if d.severity == "error"]
    assert found.space is not None, (text, errors)
    return found.space


SIGMOID = """space s {
  input image 9 x 8 x 3
  filters divisible by 4
  block b (filters: 4 | 8) { conv(kernel: 1)  (1 | 2) * { sigmoid }  conv(kernel: 3) }
  classifier (classes: 3)
}
"""
"""A function that is not 0 at 0: what it makes of channels that are off must be masked."""


@settings(max_examples=12)
@example(SIGMOID, 0)
@example(SIGMOID.replace("conv(kernel: 3)", ""), 0)
@given(spaces(), st.integers(0, 2**32 - 1))
def test_every_way_of_a_space_is_the_same_network(float64, draw, images, text, seed):
    space = compiled(text)
    assert read_space(space_document(space)) == space

    supernet, vector = float64(Supernet(space)), draw(space, seed)
    batch = images(space, size=prune(space, vector).inputs.size.constant)
    logits = supernet(batch, vector)
    masked = Supernet(space, execution="masked").double()
    masked.load_state_dict(supernet.state_dict())
    torch.testing.assert_close(masked(batch, vector), logits, rtol=1e-10, atol=1e-10)

    network = supernet.extract(vector)
    torch.testing.assert_close(network(batch), logits, rtol=1e-10, atol=1e-10)

    again = compile_text(unparse(prune(space, vector)))
    found = prune(space, find_indices(space, again))  # other options where two of them are the same layers
    for twin in (Network(again), Network(found), executed(python_source(again))):
        twin.double().train()
        with torch.no_grad():
            for ours, theirs in zip(twin.parameters(), network.parameters(), strict=True):
                ours.copy_(theirs)
        torch.testing.assert_close(twin(batch), network(batch), rtol=1e-10, atol=1e-10)


@settings(max_examples=12)
@given(spaces(), st.integers(0, 2**32 - 1))
def test_costs_policy_and_latency_of_a_space(draw, images, text, seed):
    space = compiled(text)
    vector = draw(space, seed)
    macs, parameters = macs_model(space), parameters_model(space)
    rows = np.array([vector, *sample(space, 3, seed=seed % 1000)])

    network = Network(prune(space, vector)).double().eval()
    with FlopCounterMode(display=False) as counter:
        network(images(network.architecture, count=1))
    assert counter.get_total_flops() == 2 * macs.total(rows)[0]
    assert sum(p.numel() for p in network.parameters()) == parameters.total(rows)[0]

    latency = LatencyModel(macs)
    exact = torch.from_numpy(macs.total(rows)).double()
    torch.testing.assert_close(latency(latency.masks(torch.from_numpy(rows))), exact)

    policy = Policy(space)
    drawn = policy.sample(np.random.default_rng(seed), 4, op_warmup=0.5, filter_warmup=0.5)
    assert torch.isfinite(policy.log_probabilities()).all()
    supernet = Supernet(space).double()
    for row in drawn.rows():
        assert torch.isfinite(supernet(images(space), row)).all()
    assert policy.activity(drawn.indices).shape == drawn.indices.shape
    assert AVERAGE not in random.Random(seed).choice(rows)


def executed(source):
    """The network of a module that was exported."""
    module = {"__name__": "exported"}
    exec(source, module)
    return module["Network"]()
