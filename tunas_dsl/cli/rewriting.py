"""Texts that a command writes back, or shows as a change."""

import difflib
from pathlib import Path

from tunas_dsl.files import write_atomically
from tunas_dsl.source import lines_with_ends


def rewrite(path: str, text: str) -> None:
    """Put a text in the place of a file's, or of that of the file that a link leads to.

    Raises ``OSError`` where it cannot be written; the file is then as it was.
    """
    write_atomically(Path(path).resolve(), text)


def unified(path: str, before: str, after: str) -> str:
    """The change as a patch."""
    return "".join(difflib.unified_diff(_lines(before), _lines(after), path, path))


def _lines(text: str) -> list[str]:
    lines = lines_with_ends(text)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n\\ No newline at end of file\n"
    return lines
