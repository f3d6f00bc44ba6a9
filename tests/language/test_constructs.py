"""Decisions beyond a single setting: shared ones, depths, resolutions, defaults."""

import itertools

import numpy as np
import pytest

from tunas_dsl.cost.counting import architectures
from tunas_dsl.cost.layers import macs_model, parameters_model
from tunas_dsl.ir.matching import find_indices
from tunas_dsl.ir.selection import active_decisions, canonical, prune
from tunas_dsl.language.compiler import check_text, compile_text, load_space
from tunas_dsl.language.unparse import unparse
from tunas_dsl.source import Source

DEEP = """space deep {
    input image (8 | 16) x 1
    decide width = 1/2 | 1
    let kernel = 3 | 5
    layer a(stride: 1) = bottleneck(kernel: kernel, expand: 2x, stride: stride)
    block b (filters: 32 * width) { first (1 | 3) of { a(2)  2 * residual(a) } }
    block c (filters: 16 * width) { a(2)  (0 | 1) * residual(a) }
    classifier (classes: 2)
}"""


def vectors(space):
    return itertools.product(*(range(len(d.options)) for d in space.decisions))


def test_the_order_of_shared_and_nested_decisions():
    ids = [d.id for d in compile_text(DEEP).decisions]
    kernels = ["b.0.0.kernel", "b.0.1.kernel", "b.0.2.kernel"]
    assert ids == [
        "input.resolution",
        *kernels,
        "b.0.depth",
        "width",
        "c.0.kernel",
        "c.1.0.kernel",
        "c.1.depth",
    ]


def test_every_point_costs_what_its_text_costs_and_is_found_again():
    space = compile_text(DEEP)
    indices = np.array(list(vectors(space)))
    macs, parameters = macs_model(space).total(indices), parameters_model(space).total(indices)
    for number in range(0, len(indices), 7):
        point = tuple(map(int, indices[number]))
        text = compile_text(unparse(prune(space, point)))
        only = np.zeros((1, len(text.decisions)), int)
        assert macs_model(text).total(only) == macs[number]
        assert parameters_model(text).total(only) == parameters[number]
        assert canonical(space, find_indices(space, text)) == canonical(space, point)


def test_distinct_architectures_are_counted_by_enumeration():
    space = compile_text(DEEP)
    assert architectures(space) == len({canonical(space, vector) for vector in vectors(space)})


def test_a_dropped_layers_decisions_do_not_count():
    space = compile_text(DEEP)
    shallow = dict(zip((d.id for d in space.decisions), active_decisions(space, (0,) * 9), strict=True))
    assert [id for id, active in shallow.items() if not active] == [
        "b.0.1.kernel",
        "b.0.2.kernel",
        "c.1.0.kernel",
    ]


def test_the_once_for_all_space_has_the_size_that_its_authors_count():
    space = load_space("ofa_mbv3")
    stage = 9**2 + 9**3 + 9**4
    assert architectures(space) == stage**5 * 5
    assert architectures(space) // 5 == pytest.approx(2e19, rel=0.1)


def test_the_uncollapsed_space_has_the_architectures_of_the_collapsed_one():
    one, other = load_space("proxylessnas"), load_space("proxylessnas_uncollapsed")
    assert architectures(one) == architectures(other)


def test_a_default_is_what_a_call_does_not_give():
    text = """space s {{ input image 8 x 8 x 3  {0}
        layer b(expand, act) = bottleneck(kernel: 3, expand: expand, act: act{1})
        block b (filters: 16) {{ b(3x, relu)  b(6x, relu6) }} }}"""
    given = compile_text(text.format("", ", se: on, stride: 2"))
    defaults = compile_text(text.format("default bottleneck(se: on, stride: 2)", ""))
    assert given == defaults


def test_a_shared_layer_is_one_decision():
    text = """space s { input image 8 x 8 x 16
        decide op = conv(kernel: 3) | conv(kernel: 5) | skip
        block b (filters: 16) { residual(op)  residual(op) } }"""
    space = compile_text(text)
    assert [(d.id, d.kind, len(d.options)) for d in space.decisions] == [
        ("op", "layer", 3),
        ("b.filters", "filters", 1),
    ]
    parts = parameters_model(space).total(np.array([[0, 0], [1, 0], [2, 0]]))
    assert parts.tolist() == [2 * (9 * 256 + 32), 2 * (25 * 256 + 32), 0]


def test_a_shared_decision_counts_where_any_of_its_places_does():
    text = """space s { input image 8 x 8 x 16
        decide k = 3 | 5
        layer a = residual(bottleneck(kernel: k, expand: 2x) | skip)
        block b (filters: 16) { a a } }"""
    space = compile_text(text)
    assert [d.id for d in space.decisions] == ["k", "b.0.op", "b.1.op", "b.filters"]
    counts = {v: active_decisions(space, v)[0] for v in vectors(space) if v[0] == 0}
    assert [v for v, active in counts.items() if not active] == [(0, 1, 1, 0)]
    assert architectures(space) == 2 * 3 + 1


@pytest.mark.parametrize(
    "mistake",
    ["let k = kernle", "layer a(x) = conv(kernel: y)", "layer a = cnov(kernel: 3)"],
)
def test_definitions_that_nothing_uses_are_read_too(mistake):
    _, report = check_text(Source("x.space", mistake))
    assert "E101" in [d.code for d in report.diagnostics]


def test_what_follows_a_broken_statement_is_checked():
    text = """space s {
        input image 8 x 8 x 1
        let k = = 3
        block a (filters: 8) { conv(kernel: k)  conv(kernel = 3) }
        block b (filters: 16) { residual(conv(kernel: 3))  conv(kernel: 4) }
        block c (filters: 24) { conv(kernal: k) }
    }"""
    _, report = check_text(Source("x.space", text))
    lines = [(d.code, d.span.source.position(d.span.start)[0]) for d in report.diagnostics]
    assert lines == [("E012", 3), ("E010", 4), ("E302", 5), ("E201", 5), ("E105", 6)]


def test_a_block_of_which_nothing_need_be_kept_ties_its_filters_to_those_before():
    space = compile_text(
        "space s { input image 8 x 8 x 3 block a (filters: 8 | 16) { conv(3) }\n"
        "block b (filters: 8 | 16) { (0 | 1 | 2) * sepconv(kernel: 3) }\n"
        "block c (filters: 16) { conv(3) } block d (filters: 16) { (0 | 1) * residual(conv(3)) } }"
    )
    assert [d.id for d in space.decisions] == [
        "a.filters",
        "b.0.depth",
        "c.filters",
        "d.0.depth",
        "d.filters",
    ]
    assert {block.filters.decision for block in space.blocks[:2]} == {"a.filters"}
    assert architectures(space) == 2 * 3 * 2


@pytest.mark.parametrize("filters", ["16", "8 | 24"])
def test_filters_that_are_others_cannot_be_left_out(filters):
    report = check_text(
        Source(
            "s.space",
            "space s { input image 8 x 8 x 3 block a (filters: 8 | 16) { conv(3) }\n"
            f"block b (filters: {filters}) {{ (0 | 1) * conv(3) }} }}",
        )
    )[1]
    assert [finding.code for finding in report.diagnostics] == ["E307"]


@pytest.mark.parametrize(
    "layer",
    [
        "residual((conv(3) | conv(5)) | skip)",
        "residual(residual(conv(3) | skip) | skip)",
        "(| residual((conv(3) | relu)))",
    ],
)
def test_alternatives_directly_inside_others_are_decisions_of_their_own(layer):
    text = f"space s {{ input image 8 x 8 x 8 block b (filters: 8) {{ conv(1) {layer} }} }}"
    space = compile_text(text)
    assert [d.id for d in space.decisions] == ["b.1.0.op", "b.1.op", "b.filters"]
    assert [len(d.options) for d in space.decisions] == [2, 1 if layer.startswith("(|") else 2, 1]
    assert architectures(space) == (2 if layer.startswith("(|") else 3)
