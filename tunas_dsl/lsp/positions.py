"""Character offsets as the protocol counts them: lines from 0, columns in UTF-16 units."""

from lsprotocol import types

from tunas_dsl.source import Source, Span


def position(source: Source, offset: int) -> types.Position:
    """Where a character offset lies."""
    line, column = source.position(offset)
    before = source.text[offset - column + 1 : offset]
    return types.Position(line - 1, _units(before))


def offset(source: Source, place: types.Position) -> int:
    """The character offset of a position; past the end of a line, that end."""
    starts = source.text.split("\n", place.line)
    if len(starts) <= place.line:
        return len(source.text)
    start = len(source.text) - len(starts[-1])
    units = 0
    for number, character in enumerate(starts[-1].partition("\n")[0]):
        if units >= place.character:
            return start + number
        units += _units(character)
    return start + len(starts[-1].partition("\n")[0])


def range_of(span: Span) -> types.Range:
    """Where a span lies."""
    return types.Range(position(span.source, span.start), position(span.source, span.end))


def _units(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)
