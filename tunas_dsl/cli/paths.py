"""The .space files that a command line names: files, folders, standard input."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import click


def space_files(paths: Iterable[str]) -> Iterator[str]:
    """The files, and those in the folders. Raises a usage error for a folder without one."""
    for path in paths:
        if not Path(path).is_dir():
            yield path
            continue
        inside = sorted(map(str, Path(path).rglob("*.space")))
        if not inside:
            raise click.UsageError(f"there is no .space file in {path}")
        yield from inside


def counted(number: int, thing: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{number} {thing}" + ("" if number == 1 else "s")
