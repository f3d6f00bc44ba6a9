"""Merge conflicts that a version control system left in a text.

Before: a text with lines of seven ``<``, ``=`` and ``>``. After: a text of the same length, in which one side
of each conflict stands alone, so that all other places stay what they are and are checked.
"""

import re

import attrs

from tunas_dsl.source import Source, Span

_MARKER = re.compile(r"^(<{7}|\|{7}|={7}|>{7})(?: [^\n]*|\r?)$", re.MULTILINE)


@attrs.frozen
class Conflict:
    """From the first line of a conflict to its last; ``first`` is the marker that it begins with."""

    span: Span
    first: Span


def find_conflicts(source: Source) -> tuple[Conflict, ...]:
    """The conflicts of a text, in its order. A marker without its counterparts is one by itself."""
    if "<<<<<<<" not in source.text and ">>>>>>>" not in source.text:
        return ()
    found: list[Conflict] = []
    opened: re.Match[str] | None = None
    divided = False
    for marker in _MARKER.finditer(source.text):
        sign = marker[1][0]
        if sign == "<":
            if opened is not None:
                found.append(_conflict(source, opened, opened))
            opened, divided = marker, False
        elif sign == ">":
            if opened is not None and not divided:
                found.append(_conflict(source, opened, opened))
                opened = None
            found.append(_conflict(source, opened or marker, marker))
            opened = None
        elif opened is not None:
            divided = divided or sign == "="
    if opened is not None:
        found.append(_conflict(source, opened, opened))
    return tuple(found)


def _conflict(source: Source, first: re.Match[str], last: re.Match[str]) -> Conflict:
    return Conflict(Span(source, first.start(), last.end()), Span(source, *first.span()))


def one_side(source: Source, conflicts: tuple[Conflict, ...]) -> str:
    """The text with blanks in the place of markers, and of all but the first side of each conflict."""
    pieces: list[str] = []
    end = 0
    for conflict in conflicts:
        start, behind = conflict.span.start, conflict.span.end
        lines = source.text[start:behind].splitlines(keepends=True)
        divider = next((n for n, line in enumerate(lines) if line.startswith(("|||||||", "======="))), 1)
        kept = [line if 0 < n < divider else _blank(line) for n, line in enumerate(lines)]
        pieces += [source.text[end:start], *kept]
        end = behind
    return "".join([*pieces, source.text[end:]])


def _blank(line: str) -> str:
    return re.sub(r"[^\r\n]", " ", line)
