"""What ``tunas diff`` says of two spaces and of two architectures."""

from functools import partial
from pathlib import Path

import pytest

from tests.command_line import document, tunas
from tunas_dsl.cost.sampling import sample
from tunas_dsl.exchange.architecture_json import architecture_document
from tunas_dsl.ir.selection import prune
from tunas_dsl.language.compiler import compile_text, load_space
from tunas_dsl.language.unparse import unparse
from tunas_dsl.storage.documents import dump
from tunas_dsl.views.comparison import compare_architectures, compare_spaces

GOLDEN = Path(__file__).with_name("golden")
SMALL = """space small {{
    input image 32 x 32 x 3
    block a (filters: 16) {{ conv(kernel: {kernel}, stride: 2) relu }}
    {more}
    block c (filters: 32) {{ conv(3) }}
    classifier (classes: 10)
}}"""


diff = partial(tunas, "diff")


def small(kernel="3", more=""):
    return compile_text(SMALL.format(kernel=kernel, more=more))


FIRST, SECOND = "0:0:0:0:0:0:0:0:0:0:0:0:0:0", "0:1:0:0:0:1:1:1:0:0:0:0:0:0"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("diff_spaces", ("digits", "quickstart")),
        ("diff_points", ("digits", FIRST, SECOND)),
        ("diff_networks", ("spaces/reference/mobilenet_v2.space", "spaces/reference/mnasnet_b1.space")),
    ],
)
def test_golden_texts(name, arguments, golden):
    golden(GOLDEN / f"{name}.txt", diff(*arguments, status=1).stdout)


@pytest.mark.parametrize("name", ["digits", "ofa_mbv3", "spaces/reference/mobilenet_v2.space"])
def test_nothing_differs_from_itself(name):
    assert "nothing differs" in diff(name, name).stdout


def test_names_and_words_for_the_same_layers_do_not_count():
    one = compile_text(
        "space one { input image 8 x 8 x 1 layer l = conv(3 | 5) block a (filters: 8) { (l | sepconv(3)) } }"
    )
    other = compile_text(
        "space other { input image 8 x 8 x 1 block a (filters: 8) { (conv(3 | 5) | sepconv(kernel: 3)) } }"
    )
    assert compare_spaces(one, other).same


def test_added_blocks_and_changed_options_are_told():
    added = told(small(), small(more="block b (filters: 16) { conv(3) }"))
    assert added == [("block", "b", "added"), ("decision", "b.filters", "added")]
    changed = told(small(), small(kernel="3 | 5"))
    assert changed == [("block", "a", "changed"), ("decision", "a.0.kernel", "added")]
    assert told(small(kernel="3 | 5"), small(kernel="3 | 7"))[1] == ("decision", "a.0.kernel", "changed")


def told(one, other):
    changes = compare_spaces(one, other).changes
    return [(change.what, change.name, change.sign) for change in changes]


@pytest.mark.parametrize("name", ["digits", "ofa_mbv3"])
def test_architectures_differ_exactly_where_they_are_different_networks(name):
    space = load_space(name)
    points = sample(space, 2, 2).tolist()
    networks = [prune(space, point) for point in [*points, points[0]]]
    for one in networks:
        for other in networks:
            compared = compare_architectures(one, other)
            assert compared.same == (one == other)
            again = compare_architectures(other, one)
            assert [figure.before for figure in compared.figures] == [f.after for f in again.figures]


def test_exported_files_of_one_space_tell_their_choices(tmp_path):
    space = load_space("digits")
    for name, vector in (("a", FIRST), ("b", SECOND)):
        indices = [int(index) for index in vector.split(":")]
        text = unparse(prune(space, indices))
        origin = {"space": "digits", "sha256": "0" * 64}
        exported = architecture_document(space, indices, model=None, origin=origin, network_text=text)
        (tmp_path / f"{name}.json").write_text(dump(exported))
    files = (tmp_path / "a.json", tmp_path / "b.json")
    compared = document("diff", *files, status=1)
    inside = document("diff", "digits", FIRST, SECOND, status=1)
    assert compared["changes"] == inside["changes"]
    choices = {c["name"]: (c["before"], c["after"]) for c in compared["changes"] if c["what"] == "choice"}
    assert choices["b1.filters"] == (["16"], ["24"])
    assert choices["b1.1.kernel"] == (["3"], None)  # its layer was skipped
    assert compared["figures"].keys() == {"parameters", "macs"}


def test_latencies_are_compared():
    space = load_space("proxylessnas")
    one, other = (":".join(map(str, vector)) for vector in sample(space, 2, 0).tolist())
    compared = document("diff", "proxylessnas", one, other, "--latency", "pixel1", status=1)
    cost = document("cost", "proxylessnas", other, "--latency", "pixel1")
    assert compared["figures"]["latency_ms"][1] == pytest.approx(cost["latency_ms"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("digits",), "two things are compared"),
        (("digits", "no-such.space"), "No such file"),
        (("digits", "0:1", "0:2"), "2 indices are given"),
        (("digits", "quickstart", "--latency", "pixel1"), "--latency is for two architectures"),
    ],
)
def test_trouble_has_a_status_of_its_own(arguments, message):
    assert message in diff(*arguments, status=2).stderr


def test_a_residual_over_no_layers_is_told_from_none():
    block = "block b (filters: 8) {{ conv(3) {} }}"
    texts = [block.format(layers) for layers in ("residual((0|1) * conv(3))", "(0|1) * residual(conv(3))")]
    networks = [prune(compile_text(f"space s {{ input image 8 x 8 x 8 {text} }}"), (0, 0)) for text in texts]
    (change,) = compare_architectures(*networks).changes
    assert (change.before, change.after) == (("conv 3  8x8x8", "doubled  8x8x8"), ("conv 3  8x8x8",))


def test_one_residual_over_two_layers_is_told_from_two_residuals(tmp_path):
    pair = ["residual({ conv(3) conv(3) })", "residual(conv(3)) residual(conv(3))"]
    files = [tmp_path / "one.space", tmp_path / "two.space"]
    for file, layers in zip(files, pair, strict=True):
        file.write_text(f"space s {{ input image 8 x 8 x 8 block b (filters: 8) {{ {layers} }} }}")
    shown = diff(*files, status=1).stdout
    assert "- conv 3, residual 1 of 2" in shown
    assert "+ conv 3, residual  " in shown
