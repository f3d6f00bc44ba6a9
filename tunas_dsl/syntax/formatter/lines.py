"""Lines, and the columns that they share: as gofmt, within a paragraph."""

from collections.abc import Sequence
from itertools import groupby

import attrs

LIMIT = 120


@attrs.frozen
class Row:
    """A statement in cells: those of its header, the items of its braces (or its value), what closes it.

    ``shapes`` say which items are alike.
    """

    kind: str
    header: tuple[str, ...]
    items: tuple[str, ...]
    shapes: tuple[str, ...] = ()
    end: str = ""


@attrs.define(eq=False)
class Line:
    """A line: its text behind ``indent`` spaces, and the comment behind it, or alone on it."""

    indent: int
    text: str = ""
    comment: str | None = None
    row: Row | None = None

    @property
    def width(self) -> int:
        """Columns without the comment."""
        return self.indent + len(self.text)

    @property
    def table(self) -> tuple[int, str] | None:
        """What lines of one table have in common."""
        return (self.indent, self.row.kind) if self.row else None


def text_of(lines: Sequence[Line]) -> str:
    """The lines as text, with columns."""
    _align_statements(lines)
    gaps = _comment_gaps(lines)
    written = (
        " " * line.indent * bool(line.text or line.comment)
        + line.text
        + (" " * gap + line.comment if line.comment else "")
        for line, gap in zip(lines, gaps, strict=True)
    )
    return "".join(f"{line}\n" for line in written)


def _align_statements(lines: Sequence[Line]) -> None:
    """Pad statements of one kind that follow each other, also past comments between them."""
    run: list[Line] = []
    for line in [*lines, Line(0)]:
        if run and line.row and line.table == run[0].table:
            run.append(line)
        elif line.text or not line.comment:
            _align(run)
            run = [line] if line.row else []


def _align(run: Sequence[Line]) -> None:
    """Pad as much as the limit allows: header and items, only the header, or nothing."""
    if len(run) < 2 or any(line.width > LIMIT for line in run):
        return
    rows = [line.row for line in run if line.row]
    headers = _header_cells([row.header for row in rows])
    for items in (_item_cells(rows), ["  ".join(row.items) for row in rows]):
        texts = [h + text + row.end for h, text, row in zip(headers, items, rows, strict=True)]
        if all(line.indent + len(text) <= LIMIT for line, text in zip(run, texts, strict=True)):
            for line, text in zip(run, texts, strict=True):
                line.text = text
            return


def _header_cells(headers: Sequence[tuple[str, ...]]) -> list[str]:
    padded = [""] * len(headers)
    for column in zip(*headers, strict=True):
        width = max(map(len, column))
        if width:
            padded = [f"{text}{cell:<{width}} " for text, cell in zip(padded, column, strict=True)]
    return padded


def _item_cells(rows: Sequence[Row]) -> list[str]:
    """Items with columns: one goes over the rows that follow each other and are alike up to it."""
    texts = [row.items[0] for row in rows]
    for column in range(1, max(len(row.items) for row in rows)):
        for group in _runs_of_equal_shape(rows, column):
            width = max(len(texts[number]) for number in group)
            for number in group:
                if len(rows[number].items) > column:
                    texts[number] = f"{texts[number]:<{width}}  {rows[number].items[column]}"
    return texts


def _runs_of_equal_shape(rows: Sequence[Row], column: int) -> list[list[int]]:
    """Neighbouring rows whose items before this column are there and have the same shapes."""
    groups: list[list[int]] = []
    for number, row in enumerate(rows):
        if len(row.items) < column:
            continue
        last = groups[-1][-1] if groups else None
        if last == number - 1 and rows[last].shapes[:column] == row.shapes[:column]:
            groups[-1].append(number)
        else:
            groups.append([number])
    return groups


def _comment_gaps(lines: Sequence[Line]) -> list[int]:
    """The spaces before each comment: two, or as many as put those of neighbouring lines below each other."""
    gaps: list[int] = []
    for commented, group in groupby(lines, lambda line: (bool(line.text and line.comment), line.indent)):
        together = list(group)
        edge = max(line.width for line in together) + 2
        aligned = commented[0] and all(edge + len(line.comment or "") <= LIMIT for line in together)
        gaps += [edge - line.width if aligned else 2 * bool(line.text) for line in together]
    return gaps
