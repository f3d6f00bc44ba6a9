"""Runs that survive kills, damage, full disks and vanished data."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.command_line import after_step, tunas
from tests.torch.begun_runs import SEARCH, SUPERNET, WEIGHTS, failure, flip
from tunas_dsl.runs.folder import CHECKPOINT

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["search", "train", "quality"])
def test_a_damaged_newest_checkpoint_costs_only_the_steps_since_the_one_before(begun, tmp_path, name):
    command = "train" if name == "train" else "search"
    newest = "state.json" if name == "quality" else CHECKPOINT
    files = [newest, WEIGHTS if name == "train" else "policy.json", "result.json"]
    quiet, cut = (Path(shutil.copytree(begun / name, tmp_path / run)) for run in ("quiet", "cut"))
    for run in (quiet, cut):
        shutil.copy(run / newest, run / newest.replace(".", ".1."))
    flip(cut / newest)
    tunas(command, "--resume", "-o", quiet)
    ended = tunas(command, "--resume", "-o", cut)
    assert "going on from the one before it" in ended.stderr
    assert [(quiet / file).read_bytes() for file in files] == [(cut / file).read_bytes() for file in files]
    assert (cut / newest.replace(".", ".damaged.")).exists()


@pytest.mark.parametrize(
    ("name", "files"), [("search", "checkpoint*"), ("train", "checkpoint*"), ("quality", "state*")]
)
def test_as_many_checkpoints_stay_as_asked_for(begun, tmp_path, name, files):
    command = "train" if name == "train" else "search"
    for keep in (1, 2):
        run = Path(shutil.copytree(begun / name, tmp_path / str(keep)))
        tunas(command, "--resume", "--keep-checkpoints", keep, "-o", run)
        assert len(list(run.glob(files))) == keep


def test_a_full_disk_is_an_error_and_the_last_checkpoint_whole(begun, tmp_path, monkeypatch):
    run = Path(shutil.copytree(begun / "search", tmp_path / "run"))
    before = (run / CHECKPOINT).read_bytes()
    plain = os.fsync

    def full(descriptor):
        if (run / f".{CHECKPOINT}.new").exists():
            raise OSError(28, "No space left on device")
        plain(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr("tunas_dsl.runs.folder.os.fsync", full)
        message = failure("search", "--resume", "-o", run)
    assert "cannot be written: No space left on device" in message
    assert (run / CHECKPOINT).read_bytes() == before
    tunas("search", "--resume", "-o", run)


def test_a_data_folder_that_vanishes_costs_nothing(tmp_path, monkeypatch):
    """Every step done until then is saved; with the images back in place, the search goes on bit for bit."""
    from PIL import Image

    random = np.random.default_rng(0)
    for number in range(24):
        place = tmp_path / "images" / "ab"[number % 2] / f"{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 255, (8, 8), np.uint8)).save(place)
    data = ("--data", f"folder:{tmp_path / 'images'}", *SUPERNET[2:])
    monkeypatch.setattr("tunas_torch.data.folder._CACHE_BYTES", 0)
    tunas(*SEARCH, *data, "-o", tmp_path / "quiet")
    with after_step(2, lambda: (tmp_path / "images").rename(tmp_path / "gone")):
        message = failure(*SEARCH, *data, "-o", tmp_path / "run")
    assert "No such file or directory" in message
    (tmp_path / "gone").rename(tmp_path / "images")
    tunas("search", "--resume", "-o", tmp_path / "run")
    for name in (CHECKPOINT, "policy.json", "result.json"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "quiet" / name).read_bytes()


def test_killed_at_random_also_inside_writes_a_search_ends_the_same():
    command = [sys.executable, "benchmarks/kills.py", "--kills", "4", "--steps", "8"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    outcome = json.loads(ended.stdout)
    assert outcome["kills"] >= 4
    assert outcome["inside_writes"] > 0
    assert outcome["equal"] == outcome["runs"] > 0
