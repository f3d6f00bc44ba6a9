"""The folder of a run, whatever it runs: made once, its documents written whole and read with care.

A folder may come from elsewhere. Nothing in it is followed out of it, unpickled or run.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tunas_dsl.errors import DocumentError, SearchError
from tunas_dsl.storage import documents
from tunas_dsl.storage.files import put_in_place
from tunas_dsl.storage.locking import LOCK

RUN_SCHEMA = "tunas.run/1"
TRAINING_SCHEMA = "tunas.training/1"
RUNS = {RUN_SCHEMA: "a search", TRAINING_SCHEMA: "a training"}
"""What a folder is of, by the schema of its settings."""

CHECKPOINT = "checkpoint.safetensors"
"""The state of what a backend trains; the ones before it lie beside it."""

RESULT = "result.json"
"""What a run writes at its end, and no earlier."""

SETTINGS = "settings.json"
"""What a run was started with."""

_BEGINNING = re.compile(r"\.(settings\.json|bundle|architecture\.json)\..*")

EVENTS = "events.jsonl"
"""The log, which begins with the first step."""

BEGUN = (CHECKPOINT, "policy.json", "state.json", "weights.safetensors")
"""What runs write with their first checkpoint, one or another."""

TRAININGS = "trainings"
"""The folder, in that of a search, of the trainings that rate its architectures."""


def make_folder(path: Path) -> None:
    """Make the folder of a new run.

    Raises:
        SearchError: there is something at ``path`` already.
    """
    if path.is_dir() and is_unfinished(path):
        for entry in [entry for entry in path.iterdir() if entry.name != LOCK]:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    if path.exists() and (not path.is_dir() or any(entry.name != LOCK for entry in path.iterdir())):
        raise SearchError(f"{path} exists and is not an empty folder: name another one, or resume it")
    path.mkdir(parents=True, exist_ok=True)


def is_unfinished(path: Path) -> bool:
    """Whether a folder holds nothing but the beginnings of a run, which a kill or a full disk cut off."""
    names = {entry.name for entry in path.iterdir()} - {LOCK}
    beginnings = {SETTINGS, "bundle", *(name for name in names if _BEGINNING.fullmatch(name))}
    whole = (path / "bundle" / "manifest.json", path / "architecture.json")
    return bool(names) and names <= beginnings and not any(map(Path.exists, whole))


def has_begun(path: Path) -> bool:
    """Whether there is something to go on from in the folder of a run."""
    folders = (path, *path.glob(f"{TRAININGS}/*"))
    return any((folder / name).exists() for folder in folders for name in BEGUN)


def has_worth(path: Path) -> bool:
    """Whether a step was done in the folder of a run, be it saved or only logged."""
    logs = (path / EVENTS, *path.glob(f"{TRAININGS}/*/{EVENTS}"))
    return has_begun(path) or any(log.exists() and log.stat().st_size for log in logs)


def check_folder(path: Path) -> None:
    """Refuse a run's folder that leads out of itself, into which a run would write.

    Raises:
        SearchError: a link in it points outside, or something in it is neither a file nor a folder.
    """
    root = path.resolve()
    for walked, folders, files in os.walk(path):
        for entry in (Path(walked) / name for name in (*folders, *files)):
            if entry.is_symlink() and not _target(entry).is_relative_to(root):
                raise SearchError(f"{entry} is a link out of the run's folder: put the file itself there")
            if not (entry.is_file() or entry.is_dir() or entry.is_symlink()):
                raise SearchError(f"{entry} is neither a file nor a folder: remove it")


def _target(link: Path) -> Path:
    try:
        return link.resolve()
    except (OSError, RuntimeError):  # links that lead in a circle
        return Path("/")


def fingerprint(document: Mapping[str, Any]) -> str:
    """A hash of ``document``, for a checkpoint to be held against."""
    return hashlib.sha256(documents.dump(document).encode()).hexdigest()


def write_document(path: Path, document: Mapping[str, Any]) -> None:
    """Replace the file at ``path`` in one step, so that a reader never sees half of it."""
    put_in_place(write_beside(path, documents.dump(document).encode()), path)


def write_beside(path: Path, content: bytes) -> Path:
    """Write ``content`` to a file beside ``path``, down to the disk, and give its place to rename it from."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        with suppress(OSError):  # half a file, on a full disk
            fresh.unlink()
        raise SearchError(
            f"{path} cannot be written: {error.strerror}; what was there is as it was"
        ) from None
    return fresh


def read_document(path: Path, schema: str, absent: str) -> dict[str, Any]:
    """The object in the file at ``path``; without a file, the folder ``absent``, as the error says.

    Raises:
        SearchError: there is no such file, or it is damaged, or not of ``schema``.
    """
    if not path.exists():
        raise SearchError(f"{path.parent} {absent}")
    try:
        document = documents.parse(documents.read_text(path))
        _check_kind(path, document, schema)
        documents.check_schema(document, schema)
    except DocumentError as error:
        raise SearchError(f"{path}: {error}") from None
    return document


def read_sealed(
    path: Path, schema: str, absent: str, *, help: str = "", always: bool = True
) -> dict[str, Any]:
    """As :func:`read_document`, of a document that was ``sealed``, or, unless ``always``, has no hash.

    Raises:
        SearchError: there is no such file, or it is damaged, which ``help`` ends, or not of ``schema``.
    """
    document = read_document(path, schema, absent)
    if not always and "sha256" not in document:
        return document
    try:
        return documents.unsealed(document)
    except DocumentError as error:
        raise SearchError(f"{path} is damaged: {error}{help}") from None


def write_settings(folder: Path, description: Mapping[str, Any]) -> None:
    """Write ``settings.json`` of a run's folder, with a hash of itself."""
    write_document(folder / "settings.json", documents.sealed(description))


def read_settings(folder: Path, schema: str) -> dict[str, Any]:
    """The object in ``settings.json`` of a run's folder; those of old runs have no hash.

    Raises:
        SearchError: it is no such folder, or that of another kind of run, or damaged, or leads out of itself.
    """
    check_folder(folder)
    absent, help = f"is not the folder of {RUNS[schema]}", "; restore it, or start a new run"
    return read_sealed(folder / "settings.json", schema, absent, help=help, always=False)


def _check_kind(path: Path, document: Mapping[str, Any], schema: str) -> None:
    found = document.get("schema")
    if schema in RUNS and found != schema and found in tuple(RUNS):
        raise SearchError(f"{path.parent} is the folder of {RUNS[found]}, not of {RUNS[schema]}")
