"""The statistics of ``tunas show``, against every architecture of a small space."""

import itertools
import json
from xml.etree import ElementTree

import numpy as np
import pytest

from tests.command_line import tunas
from tunas_dsl.cost.layers import macs_model
from tunas_dsl.ir.selection import canonical
from tunas_dsl.language.compiler import load_space

BAND = ("--target", "0.3", "--within", "0.01")


def points(kind):
    """Every index vector of the digits, or every architecture, and its millions of multiply-adds."""
    space = load_space("digits")
    vectors = list(itertools.product(*(range(len(decision.options)) for decision in space.decisions)))
    if kind == "architectures":
        vectors = sorted({canonical(space, vector) for vector in vectors})
    return vectors, macs_model(space).total(np.array(vectors)) / 1e6


@pytest.fixture(scope="module")
def shown():
    ended = tunas("show", "digits", "--latency", "macs", *BAND, "--format", "json")
    return json.loads(ended.stdout)["statistics"]


@pytest.mark.parametrize("kind", ["decisions", "architectures"])
def test_the_document_agrees_with_every_architecture(shown, kind):
    vectors, costs = points(kind)
    inside = np.abs(costs - 0.3) <= 0.01 + 1e-12
    figures = shown["distributions"][kind]
    assert figures["mean"] == pytest.approx(costs.mean())
    assert figures["standard_deviation"] == pytest.approx(costs.std())
    for share, quantile in figures["quantiles"].items():
        expected = np.sort(costs)[int(np.ceil(float(share) * len(costs) - 1e-9)) - 1]
        assert (quantile["value"], quantile["exact"]) == (pytest.approx(expected), True)
    band = figures["band"]
    assert band["probability"]["value"] == pytest.approx(inside.mean())
    assert band["count"] == {name: str(inside.sum()) for name in ("value", "at_least", "at_most")} | {
        "exact": True
    }
    assert band["total"] == str(len(vectors))
    histogram = figures["histogram"]
    everything = [histogram["below"], *histogram["probabilities"], histogram["above"]]
    assert sum(everything) == pytest.approx(1)
    assert shown["smallest"]["cost"] == pytest.approx(costs.min())
    assert shown["largest"]["cost"] == pytest.approx(costs.max())
    assert tuple(shown["largest"]["indices"]) in vectors


def test_the_text_says_how_many_there_are_and_draws_them(tmp_path):
    file = tmp_path / "costs.svg"
    text = tunas("show", "digits", "--latency", "macs", *BAND, "--plot", "-o", file).stdout
    _, costs = points("architectures")
    count = (np.abs(costs - 0.3) <= 0.01 + 1e-12).sum()
    assert f"architectures within 0.29 to 0.31: {count}, exactly" in text
    assert "█" in text
    assert text.count("0.14 ..") == 2
    picture = ElementTree.fromstring(file.read_text())
    lines = [element for element in picture.iter() if element.tag.endswith("path")]
    assert len(lines) == 2


def test_ticks_that_round_are_told_of():
    text = tunas("show", "digits", "--latency", "macs", *BAND, "--tick", "0.01").stdout
    assert "costs were rounded to 0.01 M MAdds" in text
    assert "at least" in text
    assert "rounded" not in tunas("show", "digits", "--latency", "macs", *BAND).stdout


def test_a_tick_that_divides_every_cost_is_exact_and_one_that_is_too_fine_an_error():
    digits = ("show", "digits", "--latency", "macs", *BAND)
    text = tunas(*digits, "--tick", "0.000032").stdout
    assert "rounded" not in text
    assert "400, exactly" in text
    (line,) = tunas(*digits, "--tick", "1e-300", status=1).stderr.splitlines()
    assert line.startswith("error: a tick of 1e-300 is too fine for these costs: take ")


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("digits", "--plot"), "--plot needs a cost"),
        (("digits", "--latency", "macs", "--target", "nan", "--within", "1"), "nan is no cost"),
        (("digits", "--latency", "macs", "--target", "1", "--within", "inf"), "inf is no cost"),
        (("digits", "--latency", "macs", "--tick", "0"), "--tick"),
        (("digits", "--latency", "macs", "--within", "1"), "--within belongs to --target"),
        (
            ("spaces/reference/mnasnet_b1.space", "--latency", "macs", "--plot"),
            "an architecture has nothing to decide",
        ),
    ],
)
def test_what_does_not_belong_together_is_a_usage_error(arguments, part):
    assert part in tunas("show", *arguments, status=2).stderr
