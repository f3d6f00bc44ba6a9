import re

import pytest

from tests.command_line import tunas
from tunas_dsl.cost.band import Band
from tunas_dsl.cost.distribution import uniform_decisions
from tunas_dsl.cost.named import cost_model
from tunas_dsl.cost.statistics import CostStatistics
from tunas_dsl.errors import SearchError
from tunas_dsl.language.compiler import compile_text
from tunas_dsl.search.outlook import check_decisions, outlook, target_quantile
from tunas_dsl.search.presets import with_preset
from tunas_dsl.search.settings import PolicySettings, SearchSettings
from tunas_dsl.storage.resources import shipped_spaces

DIGITS = compile_text(shipped_spaces()["digits"].read_text(), "digits")
MODEL = cost_model(DIGITS, "macs")
OPTIONS = 28

FIXED = """
space fixed {
    input image 8 x 8 x 1
    filters divisible by 8
    block all (filters: 8) { conv(kernel: 3)  relu  (| residual(conv(kernel: 3)))  global_pool }
    classifier (classes: 10)
}
"""


def said(ranks=1, kind=SearchSettings, preset=None, **given):
    asked = {"steps": 1000, "target": 0.15, **given}
    return outlook(DIGITS, MODEL, kind(**with_preset(kind, preset, asked)), ranks)


def warnings(lines):
    return [line for line in lines if line.startswith("warning: ")]


def test_defaults_and_presets_give_batch_norm_enough():
    """Facts 5 and 9 of 12: the paper's architectures had 128 images in training, in the code 512 to rate."""
    assert "images of an architecture: 32 in training, 128 in validation" in said()
    assert "images of an architecture: 128 in training, 128 in validation" in said(preset="paper")
    code = "images of an architecture: 128 in training, 512 in validation"
    assert code in said(preset="reference-code")
    assert code in said(preset="reference-code", samples_per_step=2)
    for preset in (None, "paper", "reference-code", "small"):
        assert not warnings(said(preset=preset))


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"batch_size": 124}, ["--batch-size 128"]),
        ({"batch_size": 128}, []),
        ({"batch_size": 128, "ranks": 2}, ["--batch-size 256"]),
        ({"batch_size": 256, "ranks": 2, "validation_batch_size": 248}, ["--validation-batch-size 256"]),
        (
            {"preset": "reference-code", "batch_size": 64},
            ["--batch-size 1024", "--validation-batch-size 1024"],
        ),
    ],
)
def test_few_images_are_warned_of_with_what_to_change(given, found):
    assert [re.findall(r"--\S+ \d+", line)[0] for line in warnings(said(**given))] == found


@pytest.mark.parametrize("target", [0.05, 0.0925, 0.12, 0.16, 0.2, 0.32, 0.33, 0.6])
def test_the_quantile_is_that_of_the_exact_statistics(target):
    statistics = CostStatistics(MODEL, uniform_decisions(DIGITS))
    exact = statistics.probability(Band(-1.0, target - 1e-9)).value
    share = target_quantile(DIGITS, MODEL, target)
    assert share == pytest.approx(exact, abs=0.008)
    lines = said(target=target)
    assert f"the target is at the {100 * share:.0f} % quantile of random architectures" in lines
    assert bool(warnings(lines)) == (not 0.1 <= exact <= 0.9)


def test_evaluations_are_those_after_the_delay_and_of_all_processes():
    assert sum(len(decision.options) for decision in DIGITS.decisions if len(decision.options) > 1) == OPTIONS
    assert f"the policy learns: 3,000, {3000 / OPTIONS:.3g} an option" in said()[1]
    assert f"the policy learns: 6,000, {6000 / OPTIONS:.3g} an option" in said(ranks=2, batch_size=256)[1]
    with_quality = said(kind=PolicySettings)
    assert f"the policy learns: 4,000, {4000 / OPTIONS:.3g} an option" in with_quality[0]
    assert not any("images" in line for line in with_quality)


@pytest.mark.parametrize(
    "arguments",
    [
        ("search", "--data", "digits", "--steps", 4),
        ("search", "--quality", "synthetic", "--steps", 4),
        ("search", "--data", "digits", "--preset", "small", "--train-steps", 2, "--steps", 4),
        ("baseline", "random", "--quality", "synthetic", "-n", 4),
        ("bench",),
    ],
)
def test_where_nothing_is_left_to_decide_that_is_said_in_a_line(tmp_path, arguments):
    file, run = tmp_path / "fixed.space", tmp_path / "run"
    file.write_text(FIXED)
    asked = () if arguments == ("bench",) else ("--latency", "macs", "--target", 0.05, "-o", run)
    (line,) = tunas(*arguments, file, *asked, status=1).stderr.splitlines()
    assert line.startswith("error: `fixed` leaves nothing to decide")
    assert not run.exists()


def test_one_option_is_no_decision():
    with pytest.raises(SearchError, match="nothing to decide"):
        check_decisions(compile_text(FIXED, "fixed"))
    check_decisions(DIGITS)
