"""The state of a search without a supernet on disk: JSON, checked when it is read, the one before it kept."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tunas_dsl import documents
from tunas_dsl.search.errors import SearchError
from tunas_dsl.search.folder import write_document

SCHEMA = "tunas.state/1"
NEWEST = "state.json"
PREVIOUS = "state.previous.json"


def save_state(folder: Path, fingerprint: str, state: Mapping[str, Any]) -> None:
    """Write the newest state of ``folder``; the one that was the newest becomes the previous one.

    ``fingerprint`` says what search it belongs to.
    """
    newest = folder / NEWEST
    if newest.exists():
        newest.replace(folder / PREVIOUS)
    document = {"schema": SCHEMA, "fingerprint": fingerprint, "sha256": _digest(state), "state": state}
    write_document(newest, document)


def load_state(folder: Path, fingerprint: str, tell: Callable[[str], None]) -> dict[str, Any] | None:
    """The newest whole state of ``folder``, or nothing where none was ever written.

    ``tell`` hears of it where the previous one has to do.

    Raises:
        SearchError: there are states, but all are damaged; or they are of another search.
    """
    faults: list[str] = []
    for path in (folder / NEWEST, folder / PREVIOUS):
        if not path.exists():
            continue
        try:
            document = _read(path)
        except documents.DocumentError as damage:
            faults.append(f"{path} is damaged: {damage}")
            continue
        if document["fingerprint"] != fingerprint:
            raise SearchError(
                f"the space or the settings of {folder} changed after {path.name}: start a new run"
            )
        if faults:
            tell(f"{faults[0]}; going on from the one before it")
        state: dict[str, Any] = document["state"]
        return state
    if faults:
        raise SearchError("; ".join(faults) + ": nothing is left to go on from, so start a new run")
    return None


def _read(path: Path) -> dict[str, Any]:
    try:
        document = documents.parse(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise documents.DocumentError("it is not text") from None
    documents.check_schema(document, SCHEMA)
    if not isinstance(document.get("state"), dict) or _digest(document["state"]) != document.get("sha256"):
        raise documents.DocumentError("it is not what was written")
    return document


def _digest(state: Mapping[str, Any]) -> str:
    return hashlib.sha256(documents.dump(state, indent=None).encode()).hexdigest()
