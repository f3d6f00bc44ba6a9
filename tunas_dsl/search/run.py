"""The folder of one search on disk: settings, log, policy and result, as JSON that needs no torch to read."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from tunas_dsl.search.errors import SearchError
from tunas_dsl.search.progress import Outcome
from tunas_dsl.search.settings import SearchSettings

SCHEMA = 1


@attrs.frozen
class RunFolder:
    """One search: what it was started with, and where its files are.

    ``data`` names the data set as the user wrote it. The folder holds ``settings.json``,
    ``bundle/`` (the compiled space, written by whoever makes the run), ``events.jsonl``,
    ``policy.json``, the backend's checkpoints, and in the end ``result.json``.
    """

    path: Path
    settings: SearchSettings
    data: str

    @classmethod
    def create(cls, path: Path, settings: SearchSettings, data: str) -> "RunFolder":
        """Make the folder and write its settings.

        Raises:
            SearchError: there is something at ``path`` already.
        """
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise SearchError(f"{path} exists and is not an empty folder: name another one, or resume it")
        path.mkdir(parents=True, exist_ok=True)
        run = cls(path, settings, data)
        write_json(path / "settings.json", run._description())
        return run

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        """The run at ``path``, to resume or to read.

        Raises:
            SearchError: it is not the folder of a run, or its settings are not ours.
        """
        description = read_json(path / "settings.json", "is not the folder of a search")
        try:
            settings, data = description["settings"], description["data"]
        except KeyError as missing:
            raise SearchError(f"{path / 'settings.json'} has no {missing}") from None
        return cls(path, SearchSettings.from_json(settings), data)

    @property
    def fingerprint(self) -> str:
        """A hash of what the run was started with, for a checkpoint to be held against."""
        description = json.dumps(self._description(), sort_keys=True)
        return hashlib.sha256(description.encode()).hexdigest()

    @property
    def bundle(self) -> Path:
        """The folder of the compiled space."""
        return self.path / "bundle"

    @property
    def events(self) -> Path:
        """The log, one event a line."""
        return self.path / "events.jsonl"

    def write_policy(self, step: int, logits: Mapping[str, Sequence[float]]) -> None:
        """Replace ``policy.json``: the logits of each decision by its id, after ``step`` steps."""
        entry = {"schema": SCHEMA, "step": step, "logits": {id: list(row) for id, row in logits.items()}}
        write_json(self.path / "policy.json", entry)

    def read_policy(self) -> tuple[int, dict[str, list[float]]]:
        """The steps done and the logits of each decision by its id, as of the last checkpoint.

        Raises:
            SearchError: there is no policy yet.
        """
        entry = read_json(self.path / "policy.json", "has no policy yet: the search wrote no checkpoint")
        return entry["step"], entry["logits"]

    def write_result(self, outcome: Outcome) -> None:
        """Write ``result.json``."""
        write_json(self.path / "result.json", {"schema": SCHEMA, **attrs.asdict(outcome)})

    def _description(self) -> dict[str, Any]:
        return {"schema": SCHEMA, "data": self.data, "settings": self.settings.to_json()}


def write_json(path: Path, entry: Mapping[str, Any]) -> None:
    """Replace the file at ``path`` in one step, so that a reader never sees half of it."""
    fresh = path.with_name(f".{path.name}.new")
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(entry, file, indent=2, allow_nan=False)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def read_json(path: Path, absent: str) -> dict[str, Any]:
    """The object in the file at ``path``; without a file, the folder ``absent``, as the error says.

    Raises:
        SearchError: there is no such file, or it is damaged, or of a schema that we do not know.
    """
    try:
        entry = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise SearchError(f"{path.parent} {absent}") from None
    except ValueError as error:
        raise SearchError(f"{path} is not JSON: {error}") from None
    if not isinstance(entry, dict) or entry.get("schema") != SCHEMA:
        raise SearchError(f"{path} is not of schema {SCHEMA}, the one that this version reads")
    return entry
