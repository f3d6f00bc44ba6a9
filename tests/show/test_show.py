"""What ``tunas show`` prints: golden texts of shipped spaces, and numbers that agree with other commands."""

import json
import re
from pathlib import Path

import pytest

from tests.command_line import document, tunas
from tunas_dsl.cost.sampling import sample
from tunas_dsl.ir.sharing import places, shared
from tunas_dsl.language.compiler import load_space

GOLDEN = Path(__file__).with_name("golden")
EVERYTHING = str(GOLDEN / "everything.space")
ORIGINAL = ":".join(["0"] * 67)
PROXYLESS = "spaces/reference/proxylessnas_mobile.space"


@pytest.mark.parametrize(
    ("name", "columns", "arguments"),
    [
        ("proxylessnas_80", 80, ("proxylessnas",)),
        ("cifar10_80", 80, ("cifar10", "--decisions")),
        ("mobilenet_v3_like_200", 200, ("mobilenet_v3_like", "--share", "largest")),
        ("ofa_mbv3_80", 80, ("ofa_mbv3",)),
        ("cifar10_resnet_80", 80, ("cifar10_resnet",)),
        ("detection_backbone_200", 200, ("detection_backbone", "--tree")),
        ("uncollapsed_200", 200, ("proxylessnas_uncollapsed",)),
        ("everything_80", 80, (EVERYTHING, "--tree", "--decisions")),
        ("proxylessnas_mobile_80", 80, ("proxylessnas", PROXYLESS, "--latency", "pixel1")),
        ("original_80", 80, ("proxylessnas_original", ORIGINAL, "--latency", "proxylessnas_original")),
        ("residuals_80", 80, (str(GOLDEN / "residuals.space"), "--tree")),
        ("depths_80", 80, (str(GOLDEN / "depths.space"), "--tree")),
        ("mobilenet_v3_large_200", 200, ("spaces/reference/mobilenet_v3_large.space",)),
    ],
)
def test_golden_texts(name, columns, arguments, golden):
    text = tunas("show", *arguments, columns=columns).stdout
    golden(GOLDEN / f"{name}.txt", text)
    assert max(map(len, text.splitlines())) <= columns
    assert all(line == line.rstrip() for line in text.splitlines())


def test_no_terminal_means_no_escapes_and_80_columns():
    assert "\x1b" not in tunas("show", "digits").stdout
    assert tunas("show", "digits", columns=20).stdout == tunas("show", "digits", columns=80).stdout


def test_colours_are_for_those_who_want_them():
    assert "\x1b[" in tunas("show", "digits", colours=True).stdout


@pytest.mark.parametrize("share", ["mean_share", "largest_share"])
def test_shares_of_blocks_make_a_whole(share):
    shown = document("show", "cifar10")
    for costs in ("parameters", "macs"):
        assert sum(block[costs][share] for block in shown["blocks"]) == pytest.approx(1)
    assert sum(block["macs"]["largest"] for block in shown["blocks"]) == shown["macs"]["largest"]


def test_the_mean_is_that_of_random_index_vectors():
    shown = document("show", "cifar10")
    rows = document("sample", "cifar10", "-n", "2000")
    mean = sum(row["macs"] for row in rows) / len(rows)
    assert shown["macs"]["mean"] == pytest.approx(mean, rel=0.03)


def test_the_once_for_all_space_has_as_many_architectures_as_its_authors_count():
    shown = document("show", "ofa_mbv3")
    assert shown["architectures"] == str(5 * (9**2 + 9**3 + 9**4) ** 5)
    assert f"{5 * (9**2 + 9**3 + 9**4) ** 5:,}" in tunas("show", "ofa_mbv3").stdout


@pytest.mark.parametrize("name", ["cifar10", "ofa_mbv3", "proxylessnas_uncollapsed", EVERYTHING])
def test_layers_of_an_architecture_add_up_to_what_cost_says(name):
    space = load_space(name)
    for vector in sample(space, 3, 1).tolist():
        text = ":".join(map(str, vector))
        shown, costs = document("show", name, text), document("cost", name, text)
        for total in ("parameters", "macs"):
            assert sum(layer[total] for layer in shown["layers"]) == costs[total]
            assert shown[total]["largest"] == costs[total]
        assert shown["indices"] == vector


@pytest.mark.parametrize(
    ("space", "latency"), [("proxylessnas", "pixel1"), ("proxylessnas_original", "proxylessnas_original")]
)
def test_latencies_of_layers_add_up(space, latency):
    (vector,) = sample(load_space(space), 1, 3).tolist()
    arguments = (space, ":".join(map(str, vector)), "--latency", latency)
    expected = document("cost", *arguments)["latency_ms"]
    shown = document("show", *arguments)
    assert shown["latency_ms"] == pytest.approx(expected)
    intercept = shown["latency_ms"] - sum(shown["latency_by_site"].values())
    assert (abs(intercept) > 1) == (latency == "pixel1")
    assert f"{expected:.2f} ms by {latency}" in tunas("show", *arguments).stdout


def test_the_latency_of_a_space_is_that_of_its_extremes():
    shown = document("show", "proxylessnas", "--latency", "pixel1")["latency_ms"]
    assert document("cost", "proxylessnas", "--latency", "pixel1")["latency_ms"] == {
        "smallest": shown["smallest"],
        "largest": shown["largest"],
    }
    assert shown["smallest"] < shown["mean"] < shown["largest"]


def test_shared_decisions_know_their_places():
    space = load_space(EVERYTHING)
    assert shared(space) == {"k", "width", "c.filters"}
    assert places(space)["k"] == ("a.0.kernel", "b.0.kernel", "b.1.kernel", "c.0.kernel")
    assert places(space)["c.filters"] == ("c.filters", "d.filters")


@pytest.mark.parametrize("name", ["mobilenet_v3_like", "ofa_mbv3", "proxylessnas_uncollapsed", EVERYTHING])
def test_a_decision_of_one_place_has_the_name_of_its_place(name):
    for decision, those in places(load_space(name)).items():
        assert those
        assert len(those) > 1 or those == (decision,)


def shown_layers(layers, *more):
    text = f"space s {{ input image 8 x 8 x 8 block b (filters: 8) {{ {layers} }} }}"
    return tunas("show", "-", *more, stdin=text).stdout


DIFFERENT_RESIDUALS = [
    "conv(3) conv(3)",
    "residual({ conv(3) conv(3) })",
    "residual(conv(3)) residual(conv(3))",
    "residual(conv(3)) conv(3)",
    "conv(3) residual(conv(3))",
    "residual({ residual(conv(3)) conv(3) })",
    "residual({ conv(3) residual(conv(3)) })",
    "residual({ residual(conv(3)) residual(conv(3)) })",
    "residual({ residual({ conv(3) conv(3) }) })",
]


def test_different_residuals_are_shown_differently():
    assert len({shown_layers(layers) for layers in DIFFERENT_RESIDUALS}) == len(DIFFERENT_RESIDUALS)
    lists = [json.loads(shown_layers(layers, "--format", "json"))["layers"] for layers in DIFFERENT_RESIDUALS]
    numbers = {
        tuple((layer["residual_of"], tuple(layer["residuals_around"] or ())) for layer in layers)
        for layers in lists
    }
    assert len(numbers) == len(DIFFERENT_RESIDUALS)


def test_a_residual_inside_another_may_be_skipped():
    layers = "residual({ residual(conv(3) | skip) residual(conv(3) | skip) }) conv(3)"
    shown = shown_layers(layers, "1:1:0")
    assert re.search(r" \+ \(skipped  .*\n.*    skipped\)  .*\n.*  conv 3  ", shown), shown


@pytest.mark.parametrize(
    ("layers", "line"),
    [
        ("residual((0|2) * conv(3)) relu", "doubled, relu"),
        ("residual({ conv(3) residual((0|1) * conv(3)) }) relu", "doubled), relu"),
        ("residual({ residual((0|1) * conv(3)) conv(3) })", "+ (doubled"),
        ("residual(residual((0|1) * conv(3)))", "+ doubled"),
    ],
)
def test_a_residual_over_no_layers_is_a_line_of_its_own(layers, line):
    shown = shown_layers(f"conv(5) {layers}", "0:0")
    assert re.search(rf" {re.escape(line)}  .*8x8x8 ", shown), shown


@pytest.mark.parametrize(
    ("layers", "line"),
    [
        ("residual(conv(3)) relu", "+ conv 3, relu"),
        ("residual({ conv(3) relu })", "+ (conv 3, relu)"),
        ("residual({ conv(3) relu }) relu", "+ (conv 3, relu), relu"),
        ("conv(3) residual({ relu conv(3) })", "+ (relu"),
    ],
)
def test_an_activation_is_inside_a_residual_or_after_its_sum(layers, line):
    assert re.search(rf"  {re.escape(line)}  ", shown_layers(layers))  # a line of its own


@pytest.mark.parametrize(
    ("layers", "line"),
    [
        ("(1|2|3|4) * residual(conv(3))", "1|2|3|4 * residual(conv 3)"),
        ("(1|2) * residual(conv(3 | 5) | skip)", "1|2 * residual(conv 3|5 | skip)"),
        ("(0|2) * { conv(3) relu }", "0|2 * { conv 3  relu }"),
        ("residual({ }) (conv(3) | conv(5))", "residual({ })"),
        ("first (1|2) of { conv(3) conv(5) }", "first 1|2 of { conv 3  conv 5 }"),
        ("2 * ((1|2) * conv(3))", "2 * { 1|2 * conv 3 }"),
        ("(1|2) * conv(3) relu", "1|2 * conv 3"),
        ("2 * { conv(3) relu } (conv(3) | conv(5))", "2 * { conv 3  relu }"),
        ("(conv(3) | conv(5)) global_pool", "(conv 3 | conv 5)"),
    ],
)
def test_layers_of_a_space_are_told_as_they_are_written(layers, line):
    assert re.search(rf"(^b| ) +{re.escape(line)}( |$)(?!,)", shown_layers(layers), re.MULTILINE)


def test_the_size_before_a_global_pool_is_shown():
    assert " 4x4 > 1x1 " in shown_layers("conv(3 | 5, stride: 2) global_pool")
    assert ">" not in shown_layers("conv(3 | 5, stride: 2)")


def test_deep_nesting_is_shown():
    nested = "{ " * 150 + "conv(3 | 5)" + " }" * 150
    text = f"space deep {{ input image 8 x 8 x 3 block a (filters: 8) {{ {nested} }} }}"
    assert "conv 3|5" in tunas("show", "-", "--tree", stdin=text).stdout
