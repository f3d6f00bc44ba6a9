"""The folder of a run, whatever it runs: made once, its documents written whole and read with care."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tunas_dsl import documents
from tunas_dsl.search.errors import SearchError

RUN_SCHEMA = "tunas.run/1"
TRAINING_SCHEMA = "tunas.training/1"
RUNS = {RUN_SCHEMA: "a search", TRAINING_SCHEMA: "a training"}
"""What a folder is of, by the schema of its settings."""


def make_folder(path: Path) -> None:
    """Make the folder of a new run.

    Raises:
        SearchError: there is something at ``path`` already.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise SearchError(f"{path} exists and is not an empty folder: name another one, or resume it")
    path.mkdir(parents=True, exist_ok=True)


def fingerprint(document: Mapping[str, Any]) -> str:
    """A hash of ``document``, for a checkpoint to be held against."""
    return hashlib.sha256(documents.dump(document).encode()).hexdigest()


def write_document(path: Path, document: Mapping[str, Any]) -> None:
    """Replace the file at ``path`` in one step, so that a reader never sees half of it."""
    fresh = path.with_name(f".{path.name}.new")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(documents.dump(document))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def read_document(path: Path, schema: str, absent: str) -> dict[str, Any]:
    """The object in the file at ``path``; without a file, the folder ``absent``, as the error says.

    Raises:
        SearchError: there is no such file, or it is damaged, or not of ``schema``.
    """
    try:
        document = documents.parse(path.read_text(encoding="utf-8"))
        _check_kind(path, document, schema)
        documents.check_schema(document, schema)
    except (FileNotFoundError, NotADirectoryError):
        raise SearchError(f"{path.parent} {absent}") from None
    except (documents.DocumentError, UnicodeDecodeError) as error:
        raise SearchError(f"{path}: {error}") from None
    return document


def read_settings(folder: Path, schema: str) -> dict[str, Any]:
    """The object in ``settings.json`` of a run's folder.

    Raises:
        SearchError: it is no such folder, or that of another kind of run, or damaged.
    """
    return read_document(folder / "settings.json", schema, f"is not the folder of {RUNS[schema]}")


def _check_kind(path: Path, document: Mapping[str, Any], schema: str) -> None:
    found = document.get("schema")
    if schema in RUNS and found != schema and found in tuple(RUNS):
        raise SearchError(f"{path.parent} is the folder of {RUNS[found]}, not of {RUNS[schema]}")
