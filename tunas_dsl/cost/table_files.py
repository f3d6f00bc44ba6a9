"""Where latency tables lie: files and folders of the user's, and those that are shipped."""

import difflib
from importlib.resources.abc import Traversable
from pathlib import Path

from tunas_dsl.cost.installed import installed_costs
from tunas_dsl.cost.table import LatencyTable
from tunas_dsl.cost.table_json import read_table
from tunas_dsl.errors import DocumentError, TableError
from tunas_dsl.ir import space as ir
from tunas_dsl.storage import documents
from tunas_dsl.storage.resources import shipped


def load_table(name_or_path: str | Path, space: ir.Space) -> LatencyTable:
    """The table for ``space``: a shipped one by its name, such as ``pixel1``, or a file or folder.

    In a folder, the table of a space is the file ``<space>.json``.

    Raises:
        TableError: there is no table, it is malformed, or it is one of another space.
    """
    place = _locate(str(name_or_path), other=("macs",))
    file = place / f"{space.name}.json" if place.is_dir() else place
    if place.is_dir() and not file.is_file():
        covered = ", ".join(f"`{name}`" for name in _spaces_of_tables(place)) or "no space"
        raise TableError(f"{name_or_path} has no table for the space `{space.name}`: it covers {covered}")
    table = read_file(file)
    if table.space is not None and table.space != space.name:
        raise TableError(f"{file} covers the space `{table.space}`: it is no table for `{space.name}`")
    return table


def is_table(name_or_path: str) -> bool:
    """Whether there is a shipped table of this name, or something at this path."""
    return name_or_path in shipped_tables() or Path(name_or_path).exists()


def open_table(name_or_path: str | Path) -> LatencyTable:
    """The table in a file, or the shipped one of that name, for whatever space. Raises TableError."""
    place = _locate(str(name_or_path))
    if place.is_dir():
        files = ", ".join(f"{name}.json" for name in _spaces_of_tables(place)) or "none"
        raise TableError(f"{name_or_path} is a folder: name one of its tables ({files})")
    return read_file(place)


def read_text(file: Path | Traversable) -> str:
    """The text of a table's file. Raises TableError where there is none, or it is no text, or huge."""
    try:
        return documents.read_text(file)
    except DocumentError as error:
        raise TableError(f"{file}: {error}") from None


def read_file(file: Path | Traversable) -> LatencyTable:
    """The table in ``file``. Raises TableError where it cannot be read or is malformed."""
    try:
        return read_table(read_text(file))
    except DocumentError as error:
        raise TableError(f"{file}: {error}") from None


def shipped_tables() -> dict[str, list[str]]:
    """The names of the shipped tables, each with the spaces that it is for; none stand for any."""
    return {
        place.name.removesuffix(".json"): _spaces_of_tables(place) if place.is_dir() else []
        for place in sorted(_tables_folder().iterdir(), key=lambda place: place.name)
    }


def _tables_folder() -> Traversable:
    return shipped("spaces") / "latency"


def _locate(name_or_path: str, other: tuple[str, ...] = ()) -> Path | Traversable:
    """Where a table lies; ``other`` names of costs, which are no tables, are told of where there is none."""
    path = Path(name_or_path)
    if name_or_path in shipped_tables():
        folder = _tables_folder() / name_or_path
        return folder if folder.is_dir() else _tables_folder() / f"{name_or_path}.json"
    if path.exists():
        return path
    other = (*other, *installed_costs()) if other else other
    close = difflib.get_close_matches(name_or_path, [*other, *shipped_tables()], n=1)
    hint = f"; did you mean `{close[0]}`?" if close else ""
    besides = "".join(f"`{name}` nor " for name in other)
    raise TableError(
        f"there is no latency table `{name_or_path}`: it is neither a file or folder nor {besides}one of the "
        f"shipped tables ({', '.join(shipped_tables())}){hint}"
    )


def _spaces_of_tables(place: Path | Traversable) -> list[str]:
    """The spaces that the tables in a folder are for."""
    return sorted(file.name.removesuffix(".json") for file in place.iterdir() if file.name.endswith(".json"))
