"""Texts that a command writes back, or shows as a change."""

import difflib
import sys
from pathlib import Path

from tunas_dsl.source import Source, lines_with_ends
from tunas_dsl.storage.files import write_atomically


def rewrite(source: Source, text: str) -> None:
    """Put a text in the place of that of a source: on standard output where that was standard input.

    A byte order mark stays, as do links. Raises ``OSError`` where a file cannot be written; it is then as
    it was.
    """
    whole = _marked(source, text)
    if source.path == "-":
        sys.stdout.buffer.write(whole.encode())
    else:
        write_atomically(Path(source.path).resolve(), whole)


def unified(source: Source, text: str) -> str:
    """The change from a source to another text as a patch."""
    before, after = (_lines(_marked(source, lines)) for lines in (source.text, text))
    return "".join(difflib.unified_diff(before, after, source.path, source.path))


def _marked(source: Source, text: str) -> str:
    return "\ufeff" + text if source.marked else text


def _lines(text: str) -> list[str]:
    lines = lines_with_ends(text)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n\\ No newline at end of file\n"
    return lines
