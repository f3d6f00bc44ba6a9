"""The state of a search without a supernet on disk: JSON, checked when it is read, older ones kept."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tunas_dsl.errors import DocumentError, SearchError
from tunas_dsl.runs.folder import write_beside
from tunas_dsl.runs.generations import KEPT, DamageError, Generations
from tunas_dsl.storage import documents

SCHEMA = "tunas.state/1"
NEWEST = "state.json"


def save_state(folder: Path, fingerprint: str, state: Mapping[str, Any], keep: int = KEPT) -> None:
    """Write the newest state of ``folder``, of which ``keep`` stay.

    ``fingerprint`` says what search it belongs to.
    """
    document = documents.sealed({"schema": SCHEMA, "fingerprint": fingerprint, "state": state})
    newest = folder / NEWEST
    Generations(newest, keep).put(write_beside(newest, documents.dump(document, indent=None).encode()))


def load_state(folder: Path, fingerprint: str, tell: Callable[[str], None]) -> dict[str, Any] | None:
    """The newest whole state of ``folder``, or None where none was ever written.

    ``tell`` hears of it where an older one has to do.

    Raises:
        SearchError: there are states, but all are damaged; or they are of another search.
    """
    document = Generations(folder / NEWEST).read(_read, tell)
    if document is None:
        return None
    if document["fingerprint"] != fingerprint:
        raise SearchError(f"the space or the settings of {folder} changed after {NEWEST}: start a new run")
    state: dict[str, Any] = document["state"]
    return state


def _read(path: Path) -> dict[str, Any]:
    try:
        document = documents.unsealed(documents.parse(documents.read_text(path)))
        documents.check_schema(document, SCHEMA)
    except DocumentError as damage:
        raise DamageError(f"is damaged: {damage}") from None
    if not isinstance(document.get("state"), dict) or "fingerprint" not in document:
        raise DamageError("is damaged: it holds no state")
    return document
