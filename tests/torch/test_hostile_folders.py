"""Folders of runs that are damaged, or come from somebody who means harm: they are refused."""

import json
import os
import pickle
import re
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.command_line import tunas
from tests.torch.begun_runs import WEIGHTS, failure, flip
from tunas_dsl.runs.folder import CHECKPOINT
from tunas_dsl.storage import documents
from tunas_torch.runs.tensor_files import read_tensors, write_tensors


def edit_json(path, edit):
    document = json.loads(path.read_text())
    sealed = "sha256" in document
    document.pop("sha256", None)
    edit(document)
    path.write_text(documents.dump(documents.sealed(document) if sealed else document))


def edit_tensors(path, edit, **changes):
    """Change a checkpoint as one who knows how to: all of its hashes are right again."""
    schema = "tunas.weights/1" if path.name == WEIGHTS else "tunas.checkpoint/1"
    description, tensors = read_tensors(path, schema)
    edit(tensors)
    write_tensors(path, changes.pop("schema", schema), {**description, **changes}, tensors).replace(path)


def with_header(path, header):
    path.write_bytes(struct.pack("<Q", len(header)) + header)


class Payload:
    def __reduce__(self):
        return os.system, ("touch executed",)


def pickled(path):
    path.write_bytes(pickle.dumps(Payload()))


def linked(run, name):
    """Replace a file or folder of the run by a link to it in another place."""
    outside = run.with_name("outside")
    (run / name).rename(outside)
    (run / name).symlink_to(outside)


def pickled_tables(run):
    tables = run / "bundle" / "latency.npz"
    np.savez(tables, **{"0.0": np.array([Payload()], dtype=object)})
    seal_bundle(run)


def seal_bundle(run):
    import hashlib

    def rehash(manifest):
        for name in manifest["files"]:
            manifest["files"][name] = hashlib.sha256((run / "bundle" / name).read_bytes()).hexdigest()

    edit_json(run / "bundle" / "manifest.json", rehash)


def another_space(run):
    shutil.rmtree(run / "bundle")
    tunas("compile", "quickstart", "-o", run / "bundle")


def contradictory_space(run):
    def shorten(space):
        space["decisions"][0]["options"].pop()

    edit_json(run / "bundle" / "space.json", shorten)
    seal_bundle(run)


def fifo(run):
    (run / "events.jsonl").unlink()
    os.mkfifo(run / "events.jsonl")


DEEP = b'{"schema": ' + b"[" * 200_000
HOLES = b'{"x": {"dtype": "F32", "shape": [1], "data_offsets": [-4, 0]}}'
BOMB = json.dumps({"__metadata__": {"tunas": "[" * 200_000}}).encode()
TWICE = b'{"x": {"dtype": "F32", "shape": [], "data_offsets": [0, 4]}, "x": {"dtype": "F32"}}'
EVERY_RUN = {
    "settings are missing": lambda run: (run / "settings.json").unlink(),
    "settings are cut": lambda run: os.truncate(run / "settings.json", 60),
    "settings are a pickle": lambda run: pickled(run / "settings.json"),
    "settings are a bomb": lambda run: (run / "settings.json").write_bytes(DEEP),
    "settings are endless": lambda run: os.truncate(run / "settings.json", 1 << 40),
    "settings of another version": lambda run: edit_json(
        run / "settings.json", lambda settings: settings.update(schema="tunas.run/99")
    ),
    "settings have a key twice": lambda run: (run / "settings.json").write_text(
        (run / "settings.json").read_text().replace("{", '{"schema": "", ', 1)
    ),
    "settings with another number": lambda run: (run / "settings.json").write_text(
        re.sub(r'("seed": )\d+', r"\g<1>7", (run / "settings.json").read_text())
    ),
    "settings with a number that is none": lambda run: (run / "settings.json").write_text(
        re.sub(r'("seed": )\d+', r"\1NaN", (run / "settings.json").read_text())
    ),
    "log is a link": lambda run: linked(run, "events.jsonl"),
    "log is a pipe": fifo,
}

EVERY_SEARCH = {
    "bundle is missing": lambda run: shutil.rmtree(run / "bundle"),
    "bundle is a link": lambda run: linked(run, "bundle"),
    "bundle of another space": another_space,
    "bundle contradicts itself": contradictory_space,
    "tables are missing": lambda run: (run / "bundle" / "latency.npz").unlink(),
    "tables are a pickle": pickled_tables,
    "manifest has a flipped bit": lambda run: flip(run / "bundle" / "manifest.json", 300),
}

CHECKPOINTS = {
    "checkpoint is cut": lambda file: os.truncate(file, file.stat().st_size // 2),
    "checkpoint is empty": lambda file: os.truncate(file, 0),
    "checkpoint has a flipped bit": flip,
    "header has a flipped bit": lambda file: flip(file, 30),
    "checkpoint is a pickle": pickled,
    "checkpoint of torch.save": lambda file: torch.save({"step": Payload()}, file),
    "header is huge": lambda file: file.write_bytes(struct.pack("<Q", 1 << 62) + file.read_bytes()),
    "header is long": lambda file: with_header(file, b"{" + b" " * (1 << 25)),
    "header is a bomb": lambda file: with_header(file, b"[" * 200_000),
    "description is a bomb": lambda file: with_header(file, BOMB),
    "offsets are negative": lambda file: with_header(file, HOLES),
    "a name is there twice": lambda file: with_header(file, TWICE),
    "checkpoint of another version": lambda file: edit_tensors(
        file, lambda _: None, schema="tunas.checkpoint/9"
    ),
    "checkpoint of another space": lambda file: edit_tensors(file, lambda _: None, space="another"),
    "step is negative": lambda file: edit_tensors(file, lambda t: t.update(step=torch.tensor(-3))),
    "step is beyond the end": lambda file: edit_tensors(file, lambda t: t.update(step=torch.tensor(10**9))),
    "numbers are infinite": lambda file: edit_tensors(
        file, lambda t: t.update({n: x * torch.inf for n, x in t.items() if x.is_floating_point()})
    ),
    "numbers of another type": lambda file: edit_tensors(
        file, lambda t: t.update({n: x.half() for n, x in t.items() if x.is_floating_point()})
    ),
    "tensors are missing": lambda file: edit_tensors(file, lambda t: t.pop(sorted(t)[0])),
}


def policy_state(document):
    """The state of the search whose policy learns now, of those that a search consists of."""
    return document["state"]["algorithm"]["current"]


STATES = {
    "state is cut": lambda file: os.truncate(file, 100),
    "state has a flipped bit": flip,
    "state is a pickle": pickled,
    "state is a bomb": lambda file: file.write_bytes(DEEP),
    "state of another version": lambda file: edit_json(file, lambda s: s.update(schema="tunas.state/2")),
    "state of another search": lambda file: edit_json(file, lambda s: s.update(fingerprint="0")),
    "step is text": lambda file: edit_json(file, lambda s: s["state"]["algorithm"].update(step="many")),
    "step is negative": lambda file: edit_json(file, lambda s: s["state"]["algorithm"].update(step=-1)),
    "step is beyond the end": lambda file: edit_json(file, lambda s: s["state"]["algorithm"].update(step=99)),
    "logits are missing": lambda file: edit_json(file, lambda s: policy_state(s).pop("logits")),
    "logits of another space": lambda file: edit_json(file, lambda s: policy_state(s)["logits"].pop()),
    "logits are too large": lambda file: file.write_text(file.read_text().replace("0.0", "1e999", 1)),
    "squares are a number": lambda file: edit_json(file, lambda s: policy_state(s).update(square=1.0)),
}

POLICIES = {
    "policy is missing": lambda file: file.unlink(),
    "policy is cut": lambda file: os.truncate(file, 40),
    "policy has a flipped bit": lambda file: flip(file, -100),
    "policy is a pickle": pickled,
    "policy of another version": lambda file: edit_json(file, lambda p: p.update(schema="tunas.policy/2")),
    "logits are text": lambda file: edit_json(file, lambda p: p.update(logits={"a": ["x"]})),
    "logits are a list": lambda file: edit_json(file, lambda p: p.update(logits=[])),
    "logits of another space": lambda file: edit_json(file, lambda p: p["logits"].popitem()),
}

RESUME_SEARCH, EXPORT = ("search", "--resume", "-o"), ("export", "--format", "indices")
RESUME_TRAINING, EVALUATE = ("train", "--resume", "-o"), ("evaluate",)


def cases():
    def add(run, command, faults, file=None):
        for name, fault in faults.items():
            id = f"{run}-{command[0]}-{name.replace(' ', '_')}"
            yield pytest.param(run, command, fault, file, id=id)

    yield from add("search", RESUME_SEARCH, EVERY_RUN | EVERY_SEARCH)
    yield from add("search", EXPORT, EVERY_RUN | EVERY_SEARCH)
    yield from add("search", RESUME_SEARCH, CHECKPOINTS, CHECKPOINT)
    yield from add("search", EXPORT, POLICIES, "policy.json")
    yield from add("train", RESUME_TRAINING, EVERY_RUN)
    yield from add("train", RESUME_TRAINING, CHECKPOINTS, CHECKPOINT)
    yield from add("train", EVALUATE, EVERY_RUN)
    yield from add("train", EVALUATE, {"weights are missing": Path.unlink}, WEIGHTS)
    of_weights = dict(list(CHECKPOINTS.items())[:12])
    yield from add("train", EVALUATE, of_weights, WEIGHTS)
    yield from add("train", ("export", "--format", "python", "-o", "n.py"), of_weights, WEIGHTS)
    yield from add("quality", RESUME_SEARCH, EVERY_RUN | EVERY_SEARCH)
    yield from add("quality", RESUME_SEARCH, STATES, "state.json")


def contents(folder):
    return {
        path: path.read_bytes() if path.is_file() and path.stat().st_size < 1 << 30 else None
        for path in folder.rglob("*")
    }


@pytest.mark.parametrize(("name", "command", "fault", "file"), list(cases()))
def test_a_damaged_or_hostile_folder_is_refused(begun, tmp_path, monkeypatch, name, command, fault, file):
    """With a message; nothing in it is executed, nothing is lost, and nothing outside is touched."""
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "run"
    shutil.copytree(begun / name, run)
    fault(run if file is None else run / file)
    before = contents(tmp_path)
    assert str(run) in failure(*command, run)
    assert contents(tmp_path) == before


def test_a_link_within_the_folder_is_followed(begun, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(begun / "search", run)
    (run / CHECKPOINT).rename(run / "elsewhere")
    (run / CHECKPOINT).symlink_to("elsewhere")
    tunas("search", "--resume", "-o", run)
    assert (run / "result.json").exists()
