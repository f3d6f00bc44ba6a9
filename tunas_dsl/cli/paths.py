"""The .space files that a command line names: files, folders, standard input."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import click


def space_files(paths: Iterable[str]) -> Iterator[str]:
    """The files, and those in the folders; there, neither pipes nor links that lead nowhere.

    Raises a usage error for a folder without one.
    """
    for path in paths:
        if not path:
            raise click.UsageError("a path is empty")
        if not Path(path).is_dir():
            yield path
            continue
        inside = sorted(str(file) for file in Path(path).rglob("*.space") if file.is_file())
        if not inside:
            raise click.UsageError(f"there is no .space file in {path}")
        yield from inside


def counted(number: int, thing: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{number} {thing}" + ("" if number == 1 else "s")
