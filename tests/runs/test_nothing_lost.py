"""Whatever ends a search: what was done is saved, and it goes on from there."""

import json
import os
import signal
from pathlib import Path

import pytest

from tests.command_line import after_step, interrupted, refusal, tunas

SEARCH = ("search", "digits", "--latency", "macs", "--target", "0.25", "--steps", "40")
SYNTHETIC = (*SEARCH, "--quality", "synthetic")
BOARD = """
from pathlib import Path
calls = []
def f(rows):
    calls.append(len(rows))
    if len(calls) > 12 and not Path("plugged").exists():
        raise RuntimeError("board is unplugged")
    return [0.5 + row.sum() / 1000 for row in rows]
def shaky(rows):
    calls.append(len(rows))
    if len(calls) % 3 == 1:
        raise RuntimeError("once in a while")
    return [0.5 + row.sum() / 1000 for row in rows]
def wrong(rows):
    raise TypeError("rows")
"""


def _raise(error):
    raise error


@pytest.fixture
def whole(tmp_path):
    tunas(*SYNTHETIC, "-o", tmp_path / "whole")
    return tmp_path / "whole"


def _goes_on(run: Path, whole: Path, *quality: str) -> None:
    tunas("search", "--resume", "-o", run, *quality)
    for name in ("result.json", "policy.json"):
        assert (run / name).read_bytes() == (whole / name).read_bytes()


@pytest.mark.parametrize(
    "error", [BrokenPipeError(32, "Broken pipe"), OSError(5, "Input/output error"), SystemExit(1)]
)
def test_nobody_listens_any_more(tmp_path, whole, error):
    with after_step(3, lambda: _raise(error)):
        tunas(*SYNTHETIC, "-o", tmp_path / "run", status=1)
    assert json.loads((tmp_path / "run/policy.json").read_text())["step"] == 3
    _goes_on(tmp_path / "run", whole)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_closed_terminal(tmp_path, whole, number):
    said = interrupted(3, *SYNTHETIC, "-o", tmp_path / "run", by=number)
    assert "interrupted after 3 steps; go on with: tunas search --resume" in said.stderr
    _goes_on(tmp_path / "run", whole)


def test_a_terminal_that_nohup_made_stay(tmp_path, whole):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with after_step(3, lambda: os.kill(os.getpid(), signal.SIGHUP)):
            tunas(*SYNTHETIC, "-o", tmp_path / "run")
    finally:
        signal.signal(signal.SIGHUP, before)
    assert (tmp_path / "run/result.json").read_bytes() == (whole / "result.json").read_bytes()


@pytest.fixture
def board(tmp_path, monkeypatch):
    """A name for a module that is imported anew, and the folder that it is in."""
    monkeypatch.chdir(tmp_path)
    name = f"board_{os.getpid()}_{tmp_path.name}".replace("-", "_")
    Path(f"{name}.py").write_text(BOARD)
    return name


def test_a_quality_that_fails_is_tried_again_and_then_what_was_done_is_saved(tmp_path, board):
    quality = ("--quality", f"{board}:f")
    line = tunas(*SEARCH, *quality, "-o", "run", status=1).stderr.splitlines()[-1]
    assert "failed, also when tried again: RuntimeError: board is unplugged" in line
    steps = int(line.rpartition("; saved after ")[2].removesuffix(" steps"))
    assert json.loads(Path("run/policy.json").read_text())["step"] == steps > 0
    Path("plugged").touch()
    tunas(*SEARCH, *quality, "-o", "whole")
    _goes_on(Path("run"), Path("whole"), *quality)


def test_a_quality_that_fails_once_in_a_while(board):
    tunas(*SEARCH, "--quality", f"{board}:shaky", "-o", "run")
    assert json.loads(Path("run/result.json").read_text())["status"] == "finished"


def test_nothing_is_in_the_way_where_nothing_was_done(board):
    assert "saved" not in tunas(*SEARCH, "--quality", f"{board}:wrong", "-o", "run", status=1).stderr
    assert not Path("run").exists()


@pytest.mark.parametrize(
    "left", [("settings.json",), ("settings.json", ".bundle.1.new/space.json"), (".settings.json.new",)]
)
def test_a_start_that_was_cut_off_is_not_in_the_way(tmp_path, whole, left):
    for name in left:
        (tmp_path / "run" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "run" / name).write_text("{}")
    tunas(*SYNTHETIC, "-o", tmp_path / "run")
    assert (tmp_path / "run/result.json").read_bytes() == (whole / "result.json").read_bytes()


def test_a_disk_that_fills_while_the_bundle_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "tunas_dsl.exchange.bundle._put", lambda *_: _raise(OSError(28, "No space left on device"))
    )
    assert "No space left" in refusal(*SYNTHETIC, "-o", tmp_path / "run")
    assert not (tmp_path / "run").exists()
