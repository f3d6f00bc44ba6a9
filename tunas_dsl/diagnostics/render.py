"""Diagnostics for people and for programs."""

import unicodedata
from collections.abc import Iterable
from typing import Any

from tunas_dsl.diagnostics.diagnostic import Diagnostic, Fix
from tunas_dsl.diagnostics.printable import in_one_line
from tunas_dsl.source import Span

LONGEST_LINE = 200
"""Characters of a line that is shown whole."""


def render(diagnostic: Diagnostic) -> str:
    """A diagnostic as people read it: message, the line with carets, other places, the hint."""
    width = max(_gutter(place) for place in (diagnostic.span, *(note.span for note in diagnostic.places)))
    lines = [
        f"{diagnostic.severity}[{diagnostic.code}]: {_printable(diagnostic.text)}",
        *_excerpt(diagnostic.span, diagnostic.label_text, width, arrow="-->", mark="^"),
    ]
    for note in diagnostic.places:
        lines += _excerpt(note.span, note.label, width, arrow=":::", mark="-")
    if diagnostic.hint:
        lines.append(f"{' ' * width} = help: {_printable(diagnostic.hint)}")
    return "\n".join(lines)


def to_json(diagnostics: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """Diagnostics as ``tunas check --format json`` prints them: lines and columns from 1."""
    return [_as_dict(diagnostic) for diagnostic in diagnostics]


def _as_dict(diagnostic: Diagnostic) -> dict[str, Any]:
    return {
        **_place(diagnostic.span),
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.text,
        "hint": diagnostic.hint,
        "notes": [{**_place(note.span), "message": note.label} for note in diagnostic.places],
        "fix": _fix(diagnostic.fix),
    }


def _fix(fix: Fix | None) -> dict[str, Any] | None:
    if fix is None:
        return None
    return {**_place(fix.span), "replacement": fix.replacement, "applicability": fix.applicability}


def _place(span: Span) -> dict[str, Any]:
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {
        "path": span.source.path,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
    }


def _gutter(span: Span) -> int:
    return len(str(span.source.position(span.start)[0]))


def _excerpt(span: Span, label: str, width: int, *, arrow: str, mark: str) -> list[str]:
    number, column = span.source.position(span.start)
    before, marked, after = _around(span, column)
    text = before + marked + after
    margin = " " * width
    underline = " " * _cells(before) + mark * max(1, _cells(before + marked) - _cells(before))
    return [
        f"{margin}{arrow} {in_one_line(span.source.path)}:{number}:{column}",
        f"{margin} |",
        f"{number:>{width}} | {_printable(text)}".rstrip(),
        f"{margin} | {underline} {label}".rstrip(),
    ]


def _around(span: Span, column: int) -> tuple[str, str, str]:
    """The line before the mark, what is marked, and the rest; of a very long line only what is near."""
    text = span.source.line(span.source.position(span.start)[0])
    before, marked = text[: column - 1], text[column - 1 : column - 1 + span.end - span.start]
    after = text[column - 1 + len(marked) :]
    if len(text) <= LONGEST_LINE:
        return before, marked, after
    marked = _cut(marked, LONGEST_LINE // 2)
    if len(before) > LONGEST_LINE // 4:
        before = "..." + before[-(LONGEST_LINE // 4) :]
    return before, marked, _cut(after, LONGEST_LINE // 4)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[:length] + "..."


def _printable(text: str) -> str:
    expanded = text.expandtabs(4)
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in expanded)


def _cells(text: str) -> int:
    """Terminal cells that ``text`` fills when tabs are expanded from its start."""
    expanded = text.expandtabs(4)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in expanded
    )
