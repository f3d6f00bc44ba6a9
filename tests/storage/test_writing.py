"""What is written over keeps what it was; what is no file is refused; what is shown carries nothing out."""

import json
import os
import shutil
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import refusal, tunas
from tunas_dsl.diagnostics.printable import in_one_line, printable
from tunas_dsl.exchange.bundle import read_bundle
from tunas_dsl.storage.files import swap, write_atomically
from tunas_dsl.storage.locking import LOCK

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
    "4",
)
UGLY = "space s { input image 8 x 8 x 3 block b (filters: 8) { conv(kernel: 3) } }"


def test_permissions_links_and_other_names_stay(tmp_path):
    file, link, other = (tmp_path / name for name in ("file", "link", "other"))
    file.write_text("a long text before")
    file.chmod(0o4754)
    link.symlink_to("file")
    other.hardlink_to(file)
    for path in (file, link, other):
        write_atomically(path, f"by {path.name}")
        assert file.read_text() == other.read_text() == f"by {path.name}"
    assert link.is_symlink()
    assert file.samefile(other)
    assert stat.S_IMODE(file.stat().st_mode) == 0o4754
    other.unlink()
    write_atomically(file, "alone")
    assert stat.S_IMODE(file.stat().st_mode) == 0o4754
    assert {path.name for path in tmp_path.iterdir()} == {"file", "link"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_file_of_someone_else_stays_theirs(tmp_path):
    file = tmp_path / "a.space"
    file.write_text(UGLY)
    os.chown(file, 1234, 1234)
    tunas("fmt", file)
    assert (file.stat().st_uid, file.stat().st_gid) == (1234, 1234)


@pytest.mark.parametrize("command", [("check",), ("fmt",), ("show",), ("cost",)])
def test_a_fifo_does_not_hang(tmp_path, command):
    fifo = tmp_path / "fifo.space"
    os.mkfifo(fifo)
    ended = subprocess.run(
        [sys.executable, "-m", "tunas_dsl", *command, str(fifo)],
        timeout=60,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode in (1, 2)
    assert "regular file" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_architecture_that_is_a_fifo(tmp_path):
    os.mkfifo(tmp_path / "arch.json")
    assert "regular file" in refusal("cost", tmp_path / "arch.json")


def test_two_folders_change_places(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    if not swap(tmp_path / "a", tmp_path / "b"):
        pytest.skip("this file system cannot")
    assert (tmp_path / "a" / "b").exists()
    assert (tmp_path / "b" / "a").exists()


KILLED = """
import os, shutil, sys
from tunas_dsl.cli import main
shutil.rmtree = lambda *_, **__: os._exit(9)
sys.argv = ["tunas", "compile", "digits", "0:0:0:0:0:0:0:0:0:0:0:0:0:0", "-o", sys.argv[1]]
main()
"""


def test_a_bundle_is_replaced_in_one_step(tmp_path):
    bundle = tmp_path / "bundle"
    tunas("compile", "digits", "-o", bundle)
    ended = subprocess.run([sys.executable, "-c", KILLED, str(bundle)], capture_output=True, check=False)
    assert ended.returncode == 9  # killed when the old one was to be removed
    assert all(len(decision.options) == 1 for decision in read_bundle(bundle).space.decisions)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", "a\ufffd[31mb"),
        ("a\u202eb", "a\ufffdb"),
        ("é \N{CJK UNIFIED IDEOGRAPH-4E2D}", None),
        ("\udc80", "\ufffd"),
    ],
)
def test_what_a_terminal_would_carry_out_is_shown(text, shown):
    assert printable(text) == (text if shown is None else shown)
    assert in_one_line("a\n::error::b") == "a\ufffd::error::b"


def test_names_of_files_are_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = "a\n::error::\x1b[2Jb.space"
    Path(name).write_text("nonsense")
    ended = tunas("check", name, status=1)
    assert "\x1b" not in ended.stderr + ended.stdout
    assert "\n::error::" not in ended.stderr + ended.stdout
    assert "\x1b" not in refusal("show", "missing\x1b[2J.space")


def test_a_damaged_run_does_not_hide_the_others(tmp_path):
    tunas(*SEARCH, "-o", tmp_path / "good")
    shutil.copytree(tmp_path / "good", tmp_path / "bad")
    with (tmp_path / "bad/events.jsonl").open("a") as log:
        log.write("junk\n")
    ended = tunas("runs", tmp_path)
    assert "good" in ended.stdout
    assert "bad is passed over: line " in ended.stderr.replace("\n", "")
    shutil.rmtree(tmp_path / "good")
    assert "is not an event" in tunas("runs", tmp_path, status=1).stderr


def test_watch_knows_that_the_process_is_gone(tmp_path):
    tunas(*SEARCH, "-o", tmp_path / "run")
    (tmp_path / "run/result.json").unlink()
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )

    holder = {
        "pid": int(gone.stdout),
        "host": socket.gethostname(),
        "since": 0,
        "command": "x",
        "started": "",
    }
    (tmp_path / "run" / LOCK).write_text(json.dumps(holder))
    assert "stopped: its process is gone" in tunas("watch", "--once", tmp_path / "run").stdout
