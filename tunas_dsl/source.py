"""Texts and places in them, by character offset; lines and columns only when they are shown."""

import bisect
import io
from functools import cached_property

import attrs


@attrs.frozen
class Source:
    """A text and the path that people know it by (``-`` for standard input).

    ``marked`` says that its file begins with a byte order mark, which is no part of the text.
    """

    path: str
    text: str = attrs.field(repr=False)
    marked: bool = False

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(offset + 1 for offset, character in enumerate(self.text) if character == "\n")]

    @cached_property
    def silences(self) -> bool:
        """Whether there may be a comment in it that silences warnings."""
        return "tunas" in self.text

    @cached_property
    def name(self) -> str:
        """The file's own name, without its folders."""
        return self.path.rsplit("/", 1)[-1]

    def line_number(self, offset: int) -> int:
        """The line of a character offset, from 1."""
        return bisect.bisect_right(self._line_starts, offset)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of a character offset, both from 1."""
        line = bisect.bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line, from 1, without its end."""
        start = self._line_starts[number - 1]
        end = self._line_starts[number] - 1 if number < len(self._line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r")


@attrs.frozen
class Span:
    """The characters ``start`` to ``end`` of a source, half open."""

    source: Source = attrs.field(repr=False)
    start: int
    end: int

    @property
    def text(self) -> str:
        """What is written there."""
        return self.source.text[self.start : self.end]

    def to(self, other: "Span") -> "Span":
        """From the start of this span to the end of ``other``."""
        return Span(self.source, self.start, other.end)


def inside(span: Span, other: Span) -> bool:
    """Whether ``span`` is a part of ``other``."""
    return span.source is other.source and other.start <= span.start and span.end <= other.end


def lines_with_ends(text: str) -> list[str]:
    """The lines of a text; nothing but a line feed ends one."""
    return list(io.StringIO(text, newline="\n"))


def lines_of(span: Span) -> Span:
    """The whole lines that ``span`` fills, or only itself where something else stands on them."""
    text = span.source.text
    start = text.rfind("\n", 0, span.start) + 1
    end = text.find("\n", span.end)
    after = len(text) if end < 0 else end + 1
    alone = not text[start : span.start].strip() and not text[span.end : after].strip()
    return Span(span.source, start, after) if alone else span
