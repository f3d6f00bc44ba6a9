"""Algorithms of other people: by module:Class or entry point, through search, export, runs and report."""

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from tests.command_line import document, interrupted, refusal, tunas
from tunas_dsl.errors import SearchError
from tunas_dsl.search.algorithms import own

EXAMPLE = Path(__file__).parents[2] / "examples" / "hill_climbing.py"
NAMED = ("--algorithm", "hill_climbing:HillClimbing")
START = ("search", "digits", "--quality", "synthetic", "--latency", "macs", "--target", 0.2, "--steps", 40)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with the example in it, where the program works."""
    (tmp_path / EXAMPLE.name).write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("hill_climbing", None)


def test_it_searches_and_readers_of_its_folder_need_no_code(here):
    tunas(*START, *NAMED, "--option", "width=8", "-o", "run")
    (here / EXAMPLE.name).unlink()
    del sys.modules["hill_climbing"]
    assert tunas("export", "run", "--format", "indices").stdout.strip()
    (row,) = document("runs", "run")
    assert row["algorithm"] == "hill_climbing:HillClimbing"
    assert "hill_climbing:HillClimbing" in tunas("runs", "run", columns=160).stdout
    tunas("report", "run", "-o", "report.html")
    assert "hill_climbing:HillClimbing" in (here / "report.html").read_text(encoding="utf-8")
    assert "hill_climbing" not in sys.modules


def test_an_interrupted_search_goes_on_to_the_same_end_once_it_is_named_again(here):
    tunas(*START, *NAMED, "-o", "whole")
    interrupted(17, *START, *NAMED, "-o", "parts")
    again = ("search", "--resume", "-o", "parts")
    assert "--algorithm hill_climbing:HillClimbing" in refusal(*again, "--quality", "synthetic")
    tunas(*again, "--quality", "synthetic", *NAMED)
    ends = [tunas("export", run, "--format", "indices").stdout for run in ("whole", "parts")]
    assert ends[0] == ends[1]


def test_other_options_than_those_of_the_start_are_refused(here):
    tunas(*START, *NAMED, "-o", "run")
    said = refusal("search", "--resume", "-o", "run", *NAMED, "--option", "width=9")
    assert "`options` is {'width': 9}" in said


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("hill_climbing:HillClimbin", "did you mean HillClimbing?"),
        ("nowhere:Hill", "No module named 'nowhere'"),
        ("hill_climbing:np", "is no class of an algorithm: module"),
        ("json:JSONDecoder", "is no class of an algorithm, which has no propose()"),
        ("unheard_of", "there is no algorithm `unheard_of`"),
    ],
)
def test_what_is_no_algorithm_is_refused_and_leaves_nothing(here, named, said):
    assert said in refusal(*START, "--algorithm", named, "-o", "run")
    assert not (here / "run").exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ((*NAMED, "--beta", -1), "no use for --beta"),
        ((*NAMED, "--option", "width"), "not of the form NAME=JSON"),
        (("--option", "width=1"), "name it by --algorithm"),
        (("--algorithm", "evolution"), "tunas baseline evolution"),
    ],
)
def test_usage_errors(here, more, said):
    assert said in tunas(*START, *more, "-o", "run", status=2).stderr


def test_an_installed_distribution_names_algorithms_by_entry_points(here, monkeypatch):
    point = EntryPoint("climb", "hill_climbing:HillClimbing", own.GROUP)
    monkeypatch.setattr(own, "entry_points", lambda group: [point] if group == own.GROUP else [])
    monkeypatch.syspath_prepend(here)
    tunas(*START, "--algorithm", "climb", "-o", "run")
    assert document("runs", "run")[0]["algorithm"] == "climb"
    with pytest.raises(SearchError, match=r"these have one: climb"):
        own.named_algorithm("clmb", lambda name: None)
