"""The canonical style of .space files: text in, text out.

``trivia`` has the words and what stands between them, ``grouping`` the brackets, ``layout`` the lines, and
``lines`` their columns.
"""

from tunas_dsl.diagnostics import Report, SpaceError
from tunas_dsl.source import Source, Span
from tunas_dsl.syntax import rules, tree
from tunas_dsl.syntax.formatter.grouping import group
from tunas_dsl.syntax.formatter.layout import lay_out
from tunas_dsl.syntax.formatter.lines import LIMIT, text_of
from tunas_dsl.syntax.formatter.trivia import Word, tidy, words_of
from tunas_dsl.syntax.parser import parse

__all__ = ["LIMIT", "MeaningChanged", "format_source"]


class MeaningChanged(Exception):
    """The formatted text would not mean the same: a mistake of the formatter. The message is for the user."""


def format_source(source: Source) -> str:
    """The text of ``source`` in canonical style, with the line ends that it has.

    The new text is read again: its tree and its comments are those of the old one.

    Raises:
        SpaceError: the text has syntax errors.
        MeaningChanged: the formatter is wrong.
    """
    try:
        text = _canonical_text(source)
    except RecursionError:
        report = Report()
        report.add(rules.TooLarge(span=Span(source, 0, 0), what="the nesting", limit="the stack"))
        raise SpaceError(report) from None
    return text.replace("\n", "\r\n") if _has_crlf(source.text) else text


def _canonical_text(source: Source) -> str:
    before = _parse(source)
    words = words_of(source.text)
    text = text_of(lay_out(group(tidy(words))))
    try:
        again = _parse(Source(source.path, text))
        same = tree.equal(again, before) and _comments(words_of(text)) == _comments(words)
    except SpaceError:
        same = False
    if not same:
        raise MeaningChanged("formatting would change what it means, which is a mistake of tunas fmt")
    return text


def _parse(source: Source) -> tree.File:
    report = Report()
    file = parse(source, report)
    if file is None or report.has_errors:
        raise SpaceError(report)
    return file


def _comments(words: list[Word]) -> list[str]:
    return [comment for word in words for comment in word.gap.comments()]


def _has_crlf(text: str) -> bool:
    """Whether the first line ends as lines do on Windows."""
    return text[: text.find("\n") + 1].endswith("\r\n")
