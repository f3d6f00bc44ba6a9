"""Loggers: what they are told, and that a run does not depend on them."""

import json
import sys

import pytest

from tests.command_line import interrupted, refusal, tunas

MODULE = """
import json

class Lines:
    def begin(self, run): self.say("begin", run)
    def log(self, entry): self.say("log", entry)
    def end(self, result): self.say("end", result)
    def say(self, *said):
        with open("lines.jsonl", "a") as file:
            file.write(json.dumps(said) + "\\n")

class Failing(Lines):
    def log(self, entry): raise ConnectionError("no such server")

class Half:
    def begin(self, run): pass
"""
SEARCH = ("search", "digits", "--quality", "synthetic", "--latency", "macs", "--target", 0.2, "--steps", 30)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    (tmp_path / "own_loggers.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("own_loggers", None)


def lines(here):
    return [json.loads(line) for line in (here / "lines.jsonl").read_text().splitlines()]


def test_a_logger_is_told_the_settings_every_step_and_the_result(here):
    tunas(*SEARCH, "--logger", "own_loggers:Lines", "-o", "run")
    (begin, run), *entries, (end, result) = lines(here)
    assert (begin, end) == ("begin", "end")
    assert (run["path"], run["settings"]["steps"]) == ("run", 30)
    logged = [json.loads(line) for line in (here / "run" / "events.jsonl").read_text().splitlines()]
    assert [entry for _, entry in entries] == logged
    assert result == json.loads((here / "run" / "result.json").read_text())


def test_a_resumed_run_is_told_from_where_it_goes_on(here):
    interrupted(12, *SEARCH, "--logger", "own_loggers:Lines", "-o", "run")
    before = lines(here)
    assert before[-1] == ["end", None]
    tunas("search", "--resume", "-o", "run", "--quality", "synthetic", "--logger", "own_loggers:Lines")
    entries = [entry for what, entry in lines(here)[len(before) :] if what == "log"]
    assert (entries[0]["event"], max(e["step"] for e in entries if e["event"] == "step")) == ("resumed", 29)


def test_a_logger_that_fails_is_told_of_once_and_the_run_ends_well(here):
    said = tunas(*SEARCH, "--logger", "own_loggers:Failing", "-o", "run").stderr
    assert said.count("the logger `own_loggers:Failing` failed in log(), the run goes on without it") == 1
    assert "ConnectionError: no such server" in said
    assert (here / "run" / "result.json").is_file()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("own_loggers:Half", "is no class of a logger: it has no log()"),
        ("mlflow", "there is no logger `mlflow`"),
        ("own_loggers:Line", "did you mean Lines?"),
    ],
)
def test_what_is_no_logger_is_refused_before_anything_begins(here, name, said):
    assert said in refusal(*SEARCH, "--logger", name, "-o", "run")
    assert not (here / "run").exists()
