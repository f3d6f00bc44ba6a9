"""The examples do what they say."""

import runpy
from pathlib import Path

import tunas_dsl as tunas

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_loop_of_ones_own_is_short_and_learns_to_keep_to_its_target() -> None:
    path = EXAMPLES / "custom_loop.py"
    assert len(path.read_text().splitlines()) <= 40
    found = runpy.run_path(str(path))["search"](epochs=1)
    cost = tunas.load("digits").cost("macs")
    assert cost.smallest <= found.cost(cost) <= cost.largest
