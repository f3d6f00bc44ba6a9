"""Formatting as edits of the lines that change, so that an editor keeps its place in the others."""

import difflib

from lsprotocol import types

from tunas_dsl.source import Source, lines_with_ends
from tunas_dsl.syntax.formatter import format_source


def formatting_edits(source: Source) -> list[types.TextEdit]:
    """What turns the text into its canonical form. Raises as :func:`format_source` does."""
    before, after = lines_with_ends(source.text), lines_with_ends(format_source(source))
    changes = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return [
        types.TextEdit(
            types.Range(types.Position(start, 0), _end(before, end)), "".join(after[new_start:new_end])
        )
        for kind, start, end, new_start, new_end in changes
        if kind != "equal"
    ]


def _end(lines: list[str], number: int) -> types.Position:
    """The beginning of that line; behind a last line without an end, its end."""
    if number == len(lines) and lines and not lines[-1].endswith("\n"):
        return types.Position(number - 1, len(lines[-1].encode("utf-16-le")) // 2)
    return types.Position(number, 0)
