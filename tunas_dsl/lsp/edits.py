"""Another text as edits of the lines that change, so that an editor keeps its place in the others."""

import difflib

from lsprotocol import types

from tunas_dsl.source import lines_with_ends


def edits(before: str, after: str) -> list[types.TextEdit]:
    """What turns the one text into the other."""
    old, new = lines_with_ends(before), lines_with_ends(after)
    changes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [
        types.TextEdit(types.Range(types.Position(start, 0), _end(old, end)), "".join(new[new_start:new_end]))
        for kind, start, end, new_start, new_end in changes
        if kind != "equal"
    ]


def _end(lines: list[str], number: int) -> types.Position:
    """The beginning of that line; behind a last line without an end, its end."""
    if number == len(lines) and lines and not lines[-1].endswith("\n"):
        return types.Position(number - 1, len(lines[-1].encode("utf-16-le")) // 2)
    return types.Position(number, 0)
