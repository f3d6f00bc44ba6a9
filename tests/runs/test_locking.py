"""One process writes to a place at a time; the second says who does, and changes nothing."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.command_line import refusal, tunas
from tunas_dsl.errors import LockedError
from tunas_dsl.storage.locking import LOCK, holder, locked, take, was_killed

HOLD = """
import sys, time
from pathlib import Path
from tunas_dsl.storage.locking import take
take(Path(sys.argv[1]), inside=sys.argv[2] == "inside")
print("held", flush=True)
time.sleep(60)
"""
SEARCH = (
    "search",
    "digits",
    "--quality",
    "synthetic",
    "--latency",
    "macs",
    "--target",
    "0.25",
    "--steps",
    "5",
)


@pytest.fixture
def held():
    """Starts a process that holds the lock of a path."""
    children = []

    def start(path, where="inside"):
        command = [sys.executable, "-c", HOLD, str(path), where]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        children.append(child)
        assert child.stdout.readline() == "held\n"
        return child

    yield start
    for child in children:
        child.kill()
        child.wait()
        child.stdout.close()


def _content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != LOCK)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_lock_is_held_once_and_leaves_nothing_behind(tmp_path):
    with locked(tmp_path / "a", inside=True):
        assert holder(tmp_path / "a").pid == os.getpid()
        with pytest.raises(LockedError, match=f"is in use by process {os.getpid()} on .* since "):
            take(tmp_path / "a", inside=True)
    assert holder(tmp_path / "a") is None
    assert list((tmp_path / "a").iterdir()) == []
    with locked(tmp_path / "a", inside=True):
        pass


def test_the_lock_of_a_dead_process_is_taken_over(tmp_path, held):
    child = held(tmp_path)
    with pytest.raises(LockedError, match=f"process {child.pid} "):
        take(tmp_path, inside=True)
    assert not was_killed(tmp_path)
    child.kill()
    child.wait()
    assert was_killed(tmp_path)
    with locked(tmp_path, inside=True):
        assert not was_killed(tmp_path)


def test_a_forked_child_does_not_keep_the_lock_of_its_parent(tmp_path):
    command = f"""
import os, sys, time
from pathlib import Path
from tunas_dsl.storage.locking import take
take(Path({str(tmp_path)!r}), inside=True)
child = os.fork()
if not child:
    time.sleep(30)
    os._exit(0)
print(child, flush=True)
os.kill(os.getpid(), 9)
"""
    ended = subprocess.run([sys.executable, "-c", command], stdout=subprocess.PIPE, text=True, check=False)
    try:
        with locked(tmp_path, inside=True):
            pass
    finally:
        os.kill(int(ended.stdout), signal.SIGKILL)


@pytest.mark.parametrize("content", [b"", b"no json", b"[]", b'{"pid": 1}'])
def test_files_of_locks_that_say_nothing(tmp_path, content):
    (tmp_path / LOCK).write_bytes(content)
    assert holder(tmp_path) is None
    with locked(tmp_path, inside=True):
        pass


@pytest.mark.parametrize(
    "command",
    [
        SEARCH,
        ("search", "--resume"),
        ("baseline", "random", "--resume"),
        ("baseline", "random", *SEARCH[1:-2], "-n", "3"),
        ("train", "digits", ":".join("0" * 14), "--data", "digits", "--steps", "1"),
        ("experiment", "table9"),
    ],
    ids=lambda command: "-".join(command[:2]),
)
def test_the_second_command_says_who_is_there_and_changes_nothing(tmp_path, held, command):
    run = tmp_path / "run"
    if "--resume" in command:
        kind = SEARCH if command[0] == "search" else ("baseline", "random", *SEARCH[1:-2], "-n", "3")
        tunas(*kind, "-o", run)
        before = _content(run)
    else:
        before = {}
    child = held(run)
    line = refusal(*command, "-o", run)
    assert f"in use by process {child.pid} on " in line
    assert _content(run) == before


def test_compile_and_profile_hold_what_they_replace(tmp_path, held):
    bundle, table = tmp_path / "bundle", tmp_path / "table.json"
    tunas("compile", "digits", "-o", bundle)
    before = _content(bundle)
    for path, command in ((bundle, ("compile", "digits")), (table, ("profile", "digits"))):
        held(path, "beside")
        assert "in use by process" in refusal(*command, "-o", path)
    assert _content(bundle) == before
    assert not table.exists()


def test_readers_do_not_wait(tmp_path, held):
    tunas(*SEARCH, "-o", tmp_path / "runs" / "run")
    held(tmp_path / "runs" / "run")
    start = time.monotonic()
    assert "run" in tunas("runs", tmp_path / "runs").stdout
    assert json.loads(tunas("runs", tmp_path / "runs", "--format", "json").stdout)
    assert time.monotonic() - start < 60


def test_of_two_searches_into_one_new_folder_one_ends_and_its_files_belong_together(tmp_path):
    program = [sys.executable, "-m", "tunas_dsl", *SEARCH, "-o", str(tmp_path / "run")]
    with open(os.devnull, "wb") as nothing:  # noqa: PTH123
        pair = [
            subprocess.Popen([*program, "--seed", str(seed)], stderr=nothing, stdout=nothing)
            for seed in (1, 2)
        ]
        statuses = [child.wait() for child in pair]
    assert sorted(statuses) == [0, 1]
    winner = 1 + statuses.index(0)
    settings = json.loads((tmp_path / "run/settings.json").read_text())
    assert settings["settings"]["seed"] == winner
    tunas(*SEARCH, "--seed", winner, "-o", tmp_path / "alone")
    for name in ("result.json", "policy.json"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes()
