"""`tunas bench`: figures that add up, for any space, on noise or images, as text and as JSON."""

import json

import pytest

from tests.command_line import tunas
from tunas_dsl.search.measurement import STAGES, Measurement


@pytest.mark.parametrize("more", [(), ("--data", "digits"), ("--warmup", "--execution", "masked")])
def test_the_figures_of_a_measurement_add_up(more):
    found = json.loads(
        tunas("bench", "digits", "--seconds", 0.2, "--batch-size", 16, "--format", "json", *more).stdout
    )
    assert found["schema"] == "tunas.bench/1"
    assert found["data"] == ("digits" if "--data" in more else None)
    assert sum(found["seconds"]) >= 0.2 > sum(found["seconds"][:-1])
    assert found["shares"].keys() == {*STAGES, "other"}
    assert sum(found["shares"].values()) == pytest.approx(1)
    assert all(share >= 0 for share in found["shares"].values())
    assert found["shares"]["forward"] > 0
    assert found["shares"]["backward"] > 0
    assert found["images_per_second"] == pytest.approx(16 / found["seconds_per_step"])
    assert 50e6 < found["peak_bytes"] < 20e9


def test_the_table_says_what_was_measured_and_on_what():
    text = tunas("bench", "digits", "--seconds", 0, "--batch-size", 16, "--samples-per-step", 2).stdout
    first, second, *rows = text.splitlines()
    assert first == "digits: 1 step of 16 images (noise) and 2 architectures"
    assert "float32; torch " in second
    assert [row.split()[0] for row in rows if row] == ["step", "images", "memory", *STAGES, "other"]


def test_rates_and_shares_are_of_medians_and_sums():
    found = Measurement(
        space="s", device="cpu", hardware="h", software="t", threads=1, precision="float32", data=None,
        images=30, samples=1, seconds=(1.0, 2.0, 5.0), stages={"forward": 4.0, "policy": 2.0}, peak_bytes=1,
    )  # fmt: skip
    assert (found.step, found.images_per_second) == (2.0, 15.0)
    assert found.shares["forward"] == 0.5
    assert found.shares["other"] == pytest.approx(0.25)


def test_what_cannot_be_measured_is_one_line():
    ended = tunas("bench", "digits", "--device", "abacus", status=1)
    assert ended.stderr == "error: there is no device `abacus` on this machine: use `cpu`\n"
    tunas("bench", "digits", "--data", "digits", "--data-free", status=2)
