"""The folder of one search on disk: settings, log, policy and result, as JSON that needs no torch to read."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from tunas_dsl import documents
from tunas_dsl.ir import space as ir
from tunas_dsl.search.errors import SearchError
from tunas_dsl.search.progress import Outcome
from tunas_dsl.search.settings import SearchSettings

RUN_SCHEMA = "tunas.run/1"
POLICY_SCHEMA = "tunas.policy/1"
RESULT_SCHEMA = "tunas.result/1"


@attrs.frozen
class RunFolder:
    """One search: what it was started with, and where its files are.

    ``data`` names the data set as the user wrote it, ``cost`` the bundle's cost model. The folder holds
    ``settings.json``, ``bundle/`` (the compiled space, written by whoever makes the run),
    ``events.jsonl``, ``policy.json``, the backend's checkpoints, and in the end ``result.json``.
    """

    path: Path
    settings: SearchSettings
    data: str
    cost: str

    @classmethod
    def create(cls, path: Path, settings: SearchSettings, data: str, cost: str) -> "RunFolder":
        """Make the folder and write its settings.

        Raises:
            SearchError: there is something at ``path`` already.
        """
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise SearchError(f"{path} exists and is not an empty folder: name another one, or resume it")
        path.mkdir(parents=True, exist_ok=True)
        run = cls(path, settings, data, cost)
        write_document(path / "settings.json", run._description())
        return run

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        """The run at ``path``, to resume or to read.

        Raises:
            SearchError: it is not the folder of a run, or its settings are not ours.
        """
        file = path / "settings.json"
        description = read_document(file, RUN_SCHEMA, "is not the folder of a search")
        settings, data, cost = (description.get(key) for key in ("settings", "data", "cost"))
        if not (isinstance(settings, dict) and isinstance(data, str) and isinstance(cost, str)):
            raise SearchError(f"{file}: `settings` is not an object, or `data` or `cost` not a text")
        try:
            return cls(path, SearchSettings.from_json(settings), data, cost)
        except SearchError as error:
            raise SearchError(f"{file}: {error}") from None

    @property
    def fingerprint(self) -> str:
        """A hash of what the run was started with, for a checkpoint to be held against."""
        return hashlib.sha256(documents.dump(self._description()).encode()).hexdigest()

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
        rows = {id: list(row) for id, row in logits.items()}
        write_document(self.path / "policy.json", {"schema": POLICY_SCHEMA, "step": step, "logits": rows})

    def read_policy(self) -> tuple[int, dict[str, list[float]]]:
        """The steps done and the logits of each decision by its id, as of the last checkpoint.

        Raises:
            SearchError: there is no policy yet.
        """
        absent = "has no policy yet: the search wrote no checkpoint"
        document = read_document(self.path / "policy.json", POLICY_SCHEMA, absent)
        return document["step"], document["logits"]

    def most_probable(self, space: ir.Space) -> tuple[int, ...]:
        """The index vector of the most probable architecture as of the last checkpoint; the first wins a tie.

        Raises:
            SearchError: there is no policy yet, or it is not one for ``space``.
        """
        _, logits = self.read_policy()
        counts = {id: len(row) for id, row in logits.items()}
        if counts != {decision.id: len(decision.options) for decision in space.decisions}:
            raise SearchError(f"{self.path / 'policy.json'} is not a policy for `{space.name}`")
        rows = (logits[decision.id] for decision in space.decisions)
        return tuple(row.index(max(row)) for row in rows)

    def write_result(self, outcome: Outcome) -> None:
        """Write ``result.json``."""
        write_document(self.path / "result.json", {"schema": RESULT_SCHEMA, **attrs.asdict(outcome)})

    def _description(self) -> dict[str, Any]:
        settings = self.settings.to_json()
        return {"schema": RUN_SCHEMA, "data": self.data, "cost": self.cost, "settings": settings}


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
        documents.check_schema(document, schema)
    except (FileNotFoundError, NotADirectoryError):
        raise SearchError(f"{path.parent} {absent}") from None
    except (documents.DocumentError, UnicodeDecodeError) as error:
        raise SearchError(f"{path}: {error}") from None
    return document
