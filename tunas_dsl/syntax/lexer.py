"""Text to tokens. What other languages write otherwise is reported, and read as what was meant."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import attrs

from tunas_dsl.diagnostics import Report
from tunas_dsl.source import Source, Span
from tunas_dsl.syntax import rules
from tunas_dsl.syntax.grammar import grammar

if TYPE_CHECKING:
    from tunas_dsl.syntax import foreign

MAX_SIGNS = 1000
"""Signs that are not of the language, after which reading is given up."""


class Token(NamedTuple):
    """A word, number or sign: its terminal in the grammar, what is written, and where."""

    kind: str
    text: str
    start: int
    end: int


def lex(text: str) -> Iterator[Token]:
    """The tokens of a text in which every character belongs to the language."""
    for match in grammar().pattern.finditer(text):
        kind = match.lastgroup or "NOTHING"
        if kind != "NOTHING":
            yield Token(kind, match[kind], *match.span(kind))


def is_call(token: Token) -> bool:
    """Whether a parenthesis belongs to the token."""
    return token.kind == "CALL"


def span_of(source: Source, token: Token) -> Span:
    """Where a token stands; a call without its parenthesis."""
    return Span(source, token.start, token.end - is_call(token))


def word_of(token: Token) -> str:
    """What is written, a call without its parenthesis."""
    return token.text.removesuffix("(") if is_call(token) else token.text


@attrs.define(eq=False)
class Lexer:
    """Reads the tokens of one text: that of ``source``, or one of the same length in its place.

    ``doubtful`` are the places whose meaning is a guess, so that the statements around them are not
    looked into. At most ``limit`` findings are reported.
    """

    source: Source
    report: Report
    limit: int
    text: str
    doubtful: list[int] = attrs.field(factory=list)
    found: int = 0
    _signs: int = 0
    _known: set[str] = attrs.field(factory=set)

    def tokens(self) -> list[Token]:
        """Every token; signs that the language does not have are of the kind ``ODD``."""
        text, scan = self.text, grammar().pattern.finditer
        tokens: list[Token] = []
        position = 0
        while position < len(text) and self.found < self.limit:
            for match in scan(text, position):
                kind = match.lastgroup or "NOTHING"
                start, position = match.span(kind)
                if kind == "ODD" or (kind == "STRING" and text.startswith('"""', start)):
                    position = self.odd(start, tokens)
                    break
                if kind == "FROM" and (imported := _python_import(text, start)) is not None:
                    position = self._take(start, imported, tokens)
                    break
                if kind != "NOTHING":
                    tokens.append(Token(kind, text[start:position], start, position))
            else:
                break
        return tokens

    def odd(self, position: int, tokens: list[Token]) -> int:
        """Read what no terminal begins with; the end of what was read."""
        from tunas_dsl.syntax import foreign  # which a right text does not need

        text = self.text
        before = tokens[-1] if tokens and tokens[-1].end == position else None
        touching = None if before is None else (before.kind, before.text)
        earlier = tokens[-2:-1] if touching is not None and touching[0] == "NAME" else tokens[-1:]
        reading = foreign.read(text, position, touching, earlier[0].kind if earlier else "")
        start = before.start if before is not None and reading.joins else position
        if before is not None and reading.joins:
            tokens.pop()
        return self._take(start, reading, tokens)

    def _take(self, start: int, reading: "foreign.Reading", tokens: list[Token]) -> int:
        """Report what was read from ``start`` on, and take its tokens; its end."""
        text = self.text
        if reading.help is not None and text[start : reading.end] not in self._known:
            self._known.add(text[start : reading.end] if reading.once else "")
            begin, end = reading.marked or (start, min(reading.end, start + reading.shown))
            self._add(Span(self.source, begin, end), reading)
        if reading.help is None and reading.tokens:
            self._signs += 1
            if self._signs > MAX_SIGNS:  # this is no space
                self._add(Span(self.source, start, reading.end), reading)
                self.found = self.limit
        if reading.doubtful:
            self.doubtful.append(start)
        for kind, written, begin, end in reading.tokens:
            tokens.append(Token(kind, written, begin, end))
        return reading.end

    def _add(self, span: Span, reading: "foreign.Reading") -> None:
        self.found += 1
        self.report.add(
            rules.UnknownCharacter(
                span=span,
                written=_visible(span.text),
                help=reading.help or None,
                replacement=reading.replacement,
                sure=reading.sure,
                said=reading.said,
            )
        )


def _python_import(text: str, start: int) -> "foreign.Reading | None":
    """An import as Python writes it, which begins a line; a right text has none."""
    if text[text.rfind("\n", 0, start) + 1 : start].strip():
        return None
    from tunas_dsl.syntax.python_imports import python_import

    return python_import(text, start)


def _visible(text: str) -> str:
    from tunas_dsl.syntax import foreign

    return foreign.visible(text)
