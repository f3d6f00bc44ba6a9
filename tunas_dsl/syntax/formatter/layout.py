"""Brackets to lines: what stands on one line, and where a line that is too long is broken."""

from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from tunas_dsl.syntax.formatter.grouping import (
    SEPARATORS,
    Bracket,
    Kind,
    Part,
    Run,
    run_of,
    space_before,
    split_before,
)
from tunas_dsl.syntax.formatter.lines import LIMIT, Line, Row
from tunas_dsl.syntax.formatter.trivia import Comment, Gap, Word

INDENT = 4
_PRAGMA = "# tunas:"

_Steps = Iterator[Any]
"""A method that writes something, and gives what it wants to be written inside it: again such steps."""


def lay_out(file: Bracket) -> list[Line]:
    """The lines of a file."""
    page = _Page()
    open_steps = [page.statements(file, 0)]
    while open_steps:  # not calls inside calls: what is nested deeply would be too much for Python's stack
        inside = next(open_steps[-1], None)
        if inside is None:
            open_steps.pop()
        else:
            open_steps.append(inside)
    return page.lines[1:]  # the first is that of the opening word, which a file has not


@attrs.define(eq=False)
class _Page:
    """The lines so far. Text goes to the end of the last one."""

    lines: list[Line] = attrs.field(factory=lambda: [Line(0)])

    @property
    def column(self) -> int:
        """Where the next character goes."""
        return self.lines[-1].indent + len(self.lines[-1].text)

    def write(self, text: str, indent: int) -> None:
        """Add to the last line, or behind its comment to a new one, which is indented further."""
        if self.lines[-1].comment is not None:
            self.lines.append(Line(indent + INDENT))
        line = self.lines[-1]
        line.text += text if line.text else text.lstrip()

    def comment(self, text: str | None) -> None:
        """Put a comment behind the last line."""
        if text is not None:
            self.lines[-1].comment = text

    def own_lines(self, comments: Sequence[Comment], indent: int, *, first: bool = False) -> None:
        """Add comments on lines of their own; blank lines before the ``first`` thing in a bracket go."""
        for comment in comments:
            if comment.blank and not first:
                self.lines.append(Line(0))
            self.lines.append(Line(indent, comment=comment.text))
            first = False

    def begin(self, gap: Gap, indent: int, *, first: bool) -> None:
        """Begin the line of an element, behind what stands in the gap before it."""
        self.comment(gap.trailing)
        self.own_lines(gap.own, indent, first=first)
        if gap.blank and not (first and not gap.own):
            self.lines.append(Line(0))
        self.lines.append(Line(indent))

    def end(self, gap: Gap, indent: int, *, first: bool) -> None:
        """Write what stands before a closing word."""
        self.comment(gap.trailing)
        self.own_lines(gap.own, indent, first=first)

    def statements(self, bracket: Bracket, indent: int) -> _Steps:
        """Write statements, each on a line of its own."""
        gaps = [*(run.gap for run in bracket.runs), bracket.close.gap]
        for number, run in enumerate(bracket.runs):
            self.begin(run.gap, indent, first=number == 0)
            pinned = (gaps[number + 1].trailing or "").startswith(_PRAGMA)
            if run.width is not None and (pinned or indent + run.width <= LIMIT):
                self.lines[-1].text = flat(run)
                self.lines[-1].row = _row(run)
            else:
                yield self.run(run, indent, 0)
        self.end(bracket.close.gap, indent, first=not bracket.runs)

    def run(self, run: Run, indent: int, behind: int) -> _Steps:
        """Write an element; ``behind`` is the width of what must stand behind it on the same line."""
        if run.width is not None and self.column + run.width + behind <= LIMIT:
            self.write(flat(run), indent)
            return
        names = _split_behind_commas(run.parts) if run.parts[0].kind == "IMPORT" else []
        pieces = split_before(run.parts, "BAR")
        if len(names) > 1:
            yield self.rows(names, "arguments", indent + INDENT, fresh=False)
        elif len(pieces) > 1:
            yield self.alternatives(pieces, indent)
        else:
            yield self.parts(run.parts, indent, behind)

    def alternatives(self, pieces: Sequence[Sequence[Part]], indent: int) -> _Steps:
        """Write alternatives without parentheses: behind ``=`` or ``:`` on new lines, else from here on."""
        first = pieces[0]
        heads = [number for number, part in enumerate(first) if part.kind in ("EQUAL", "COLON")]
        head = heads[0] + 1 if heads else 0
        yield self.parts(first[:head], indent, 0)
        runs = [run_of(piece) for piece in (first[head:], *pieces[1:]) if piece]
        yield self.rows(runs, "alternatives", indent + INDENT, fresh=bool(head))

    def parts(self, parts: Sequence[Part], indent: int, behind: int) -> _Steps:
        """Write parts one after the other, brackets open where they must be."""
        tails = _tails(parts, behind)
        for number, part in enumerate(parts):
            space = ""
            if number:
                self.odd(part.gap, indent)
                space = space_before(part)
            if isinstance(part, Word):
                self.write(space + part.text, indent)
            else:
                yield self.bracket(part, space, indent, tails[number])

    def odd(self, gap: Gap, indent: int) -> None:
        """Write comments that stand where a line has no natural end."""
        self.comment(gap.trailing)
        if gap.own:
            self.own_lines(gap.own, indent + INDENT)
            self.lines.append(Line(indent + INDENT))

    def bracket(self, bracket: Bracket, space: str, indent: int, behind: int) -> _Steps:
        """Write a bracket, on one line if there is room."""
        if bracket.width is not None and self.column + len(space) + bracket.width + behind <= LIMIT:
            self.write(space + flat(bracket), indent)
            return
        self.write(space + bracket.open.text, indent)
        if bracket.kind == "statements":
            yield self.statements(bracket, indent + INDENT)
            self.lines.append(Line(indent))
        elif _embraces(bracket, indent, self.column):
            yield self.run(bracket.runs[0], indent, behind + bracket.close.width)
        else:
            yield self.rows(bracket.runs, bracket.kind, indent + INDENT, fresh=True)
            self.end(bracket.close.gap, indent + INDENT, first=not bracket.runs)
            self.lines.append(Line(indent))
        self.write(bracket.close.text, indent)

    def rows(self, runs: Sequence[Run], kind: Kind, indent: int, *, fresh: bool) -> _Steps:
        """Write elements on the lines that the author gave them, shorter ones where those are too long."""
        separator = SEPARATORS[kind]
        alone = fresh
        for number, run in enumerate(runs):
            gap = run.gap
            broken = run.width is None or indent + run.width > LIMIT
            full = run.width is None or self.column + len(separator) + run.width > LIMIT
            if number == 0 and not fresh:
                yield self.run(run, indent, 0)
            elif number == 0 or alone or broken or full or gap.newline or gap.has_comments or gap.blank:
                self.begin(gap, indent, first=number == 0)
                yield self.run(run, indent, 0)
            else:
                self.write(separator + flat(run), indent)
            alone = broken


def _split_behind_commas(parts: Sequence[Part]) -> list[Run]:
    starts = [0, *(number + 1 for number, part in enumerate(parts[:-1]) if part.kind == "COMMA")]
    return [run_of(parts[a:b]) for a, b in zip(starts, [*starts[1:], len(parts)], strict=True)]


def _embraces(bracket: Bracket, indent: int, column: int) -> bool:
    """Whether both parentheses stand on the lines of the only bracket inside them: ``residual({``.

    What stands before that bracket must have room behind ``column``, where the opening one ends.
    """
    if bracket.kind != "arguments" or len(bracket.runs) != 1 or bracket.close.gap.has_comments:
        return False
    (run,) = bracket.runs
    *before, last = run.parts
    if run.gap.has_comments or isinstance(last, Word) or run.find("BAR") is not None:
        return False
    if before:
        room = run_of(before).width
        if room is None or column + room + len(space_before(last)) + len(last.open.text) > LIMIT:
            return False
    return run.width is None or indent + INDENT + run.width > LIMIT


def _tails(parts: Sequence[Part], behind: int) -> list[int]:
    """For each part the width of what stands behind it before the line can be broken again."""
    tails: list[int] = []
    for part in reversed(parts):
        tails.append(behind)
        room = part.width if isinstance(part, Word) else part.open.width
        behind = len(space_before(part)) + (room or 0) + (behind if isinstance(part, Word) else 0)
    return tails[::-1]


def flat(part: Part | Run) -> str:
    """The text on one line."""
    pieces: list[str] = []
    rest: list[Part | Run | str] = [part]
    while rest:
        match rest.pop():
            case Word(text=text) | str(text):
                pieces.append(text)
            case Run(parts=(first, *others)):
                for other in reversed(others):
                    rest += [other, space_before(other)]
                rest.append(first)
            case Bracket() as bracket:
                rest += [bracket.close, bracket.padding]
                for number, run in reversed(list(enumerate(bracket.runs))):
                    rest += [run, SEPARATORS[bracket.kind] if number else bracket.padding]
                rest.append(bracket.open)
    return "".join(pieces)


def _row(run: Run) -> Row | None:
    """The cells of a statement that can stand in a table with others of its kind."""
    first = run.parts[0].kind
    if first in ("LET", "DECIDE", "LAYER") and (equal := run.find("EQUAL")):
        cells = (_flat(run.parts[:equal]), _flat(run.parts[equal:]))
        return Row("layer" if first == "LAYER" else "value", cells[:1], cells[1:])
    if first != "BLOCK":
        return None
    *_, braces = run.parts
    header = (_flat(run.parts[:2]), _flat(run.parts[2:-1]))
    if not isinstance(braces, Bracket) or not braces.runs:
        return Row("block", header, (_flat([braces]),))
    item, *others = map(flat, braces.runs)
    return Row("block", header, (f"{{ {item}", *others), tuple(map(_shape, braces.runs)), " }")


def _flat(parts: Sequence[Part]) -> str:
    return flat(Run(tuple(parts), None)) if parts else ""


def _shape(run: Run) -> str:
    """What an item is, but for numbers and arguments: items of one shape stand in columns."""
    words = []
    for part in run.parts:
        if isinstance(part, Bracket):
            words.append(f"{part.open.text}{len(part.runs)}")
            break
        words.append("0" if part.kind == "NUMBER" else part.text)
    return " ".join(words)
