"""The comments that silence warnings, and those among them that silence none."""

import re
from collections.abc import Iterator

from tunas_dsl.analysis import rules
from tunas_dsl.diagnostics import Fix, Report
from tunas_dsl.diagnostics.diagnostic import IGNORE
from tunas_dsl.source import Source, Span, lines_of

_COMMENT = re.compile(r'"[^"\n]*"|#[^\n]*')
_CODE = re.compile(r"[A-Z0-9]+")


def check_silencing(source: Source, report: Report) -> None:
    """Report each code that a comment names for nothing, once everything else about ``source`` was found."""
    if report.has_errors or not source.silences:
        return
    for comment in _silencing(source):
        line, _ = source.position(comment.start())
        codes = list(_CODE.finditer(source.text, *comment.span(1)))
        idle = [code for code in codes if not report.silenced(source, line, code[0])]
        used = [code[0] for code in codes if code not in idle]
        fix = _without(source, comment, used)
        for code in idle:
            span = Span(source, *code.span())
            report.add(rules.IdleSilencing(span=span, silenced=code[0], rest=fix))


def _silencing(source: Source) -> Iterator[re.Match[str]]:
    for written in _COMMENT.finditer(source.text):
        if written[0].startswith("#") and (comment := IGNORE.search(source.text, *written.span())):
            yield comment


def _without(source: Source, comment: re.Match[str], used: list[str]) -> Fix:
    """The comment with the codes alone that it silences, or no comment where there are none."""
    if used:
        return Fix(Span(source, *comment.span(1)), ", ".join(used))
    end = source.text.find("\n", comment.start())
    end = len(source.text) if end < 0 else end
    more = source.text[comment.end() : end].strip()
    if more:  # a reason, most often
        return Fix(Span(source, comment.start(), end), f"# {more.lstrip('#: ')}")
    start = len(source.text[: comment.start()].rstrip(" \t"))
    alone = lines_of(Span(source, comment.start(), end))
    return Fix(alone if alone.start < comment.start() or alone.end > end else Span(source, start, end), "")
