"""Costs of other people, by entry point: used, explained, searched and exported like a table."""

from importlib.metadata import EntryPoint

import attrs
import numpy as np
import pytest

from tests.command_line import document, refusal, tunas
from tunas_dsl.cost import installed
from tunas_dsl.cost.layers import macs_model
from tunas_dsl.cost.model import CostModel
from tunas_dsl.cost.named import cost_model, explained
from tunas_dsl.language.compiler import load_space


def energy(space):
    """A microjoule for each million multiply-adds, and two for each layer that has some."""
    macs = macs_model(space)
    sites = tuple(attrs.evolve(site, table=site.table / 1e6 + 2 * (site.table > 0)) for site in macs.sites)
    return CostModel("energy", "uJ", macs.options, 1.5, sites)


def of_another_space(space):
    return attrs.evolve(macs_model(load_space("quickstart")), name="foreign")


def broken(space):
    raise FileNotFoundError("no measurements")


@pytest.fixture(autouse=True)
def distribution(monkeypatch):
    here = {"energy": "energy", "broken": "broken", "nothing": "nothing", "renamed": "energy"}
    here |= {"foreign": "of_another_space"}
    points = [EntryPoint(name, f"{__name__}:{to}", installed.GROUP) for name, to in here.items()]
    for point in points:
        loaded = globals().get(point.value.rsplit(":", 1)[1], lambda space: None)
        vars(point)["load"] = lambda loaded=loaded: loaded
    monkeypatch.setattr(installed, "entry_points", lambda group: points if group == installed.GROUP else [])


def test_it_costs_what_its_sum_says():
    space = load_space("digits")
    model, row = cost_model(space, "energy"), np.zeros(len(space.decisions), dtype=int)
    parts = explained(space, row.tolist(), "energy")
    assert parts.total == pytest.approx(float(model.total(row[None])[0]))
    assert (parts.unit, parts.intercept) == ("uJ", 1.5)


def test_the_program_costs_searches_and_exports_by_it(tmp_path):
    ends = document("cost", "digits", "--latency", "energy")["energy"]
    target, run = (ends["smallest"] + ends["largest"]) / 2, tmp_path / "run"
    search = ("search", "digits", "--quality", "synthetic", "--latency", "energy", "--steps", 300)
    tunas(*search, "--target", target, "-o", run)
    totals = document("export", run)["totals"]
    assert (totals["model"], totals["unit"]) == ("energy", "uJ")
    assert totals["cost"] == pytest.approx(target, rel=0.1)
    assert "uJ" in tunas("runs", run, columns=160).stdout


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("broken", "failed: FileNotFoundError: no measurements"),
        ("nothing", "gives no cost model of `digits`"),
        ("foreign", "gives no cost model of `digits`"),
        ("renamed", "calls its model `energy`"),
        ("enrgy", "did you mean `energy`?"),
    ],
)
def test_what_is_no_cost_is_refused_in_a_line(name, said):
    assert said in refusal("cost", "digits", "--latency", name)
