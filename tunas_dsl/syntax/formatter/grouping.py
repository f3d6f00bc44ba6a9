"""Words to nested brackets: the elements of each, and how wide they are on one line."""

from collections.abc import Iterable, Sequence
from typing import Literal

import attrs

from tunas_dsl.syntax.formatter.trivia import Gap, Word
from tunas_dsl.syntax.words import STATEMENTS

Kind = Literal["statements", "items", "arguments", "alternatives"]

SEPARATORS: dict[Kind, str] = {"statements": "  ", "items": "  ", "arguments": " ", "alternatives": " "}
"""What stands between elements on one line; a comma belongs to the element before it, a bar to the next."""

_OPENING = frozenset({"LPAR", "CALL", "LBRACE"})
_CLOSING = frozenset({"RPAR", "RBRACE", "$END"})
_JOINING = frozenset({"STAR", "FIRST", "OF"})


@attrs.frozen(eq=False)
class Run:
    """An element: words and brackets. ``width`` is missing where it cannot stand on one line."""

    parts: "tuple[Word | Bracket, ...]"
    width: int | None

    @property
    def gap(self) -> Gap:
        """What stands before the element."""
        return self.parts[0].gap

    def find(self, *kinds: str) -> int | None:
        """The number of the first part of one of these kinds."""
        numbers = (number for number, part in enumerate(self.parts) if part.kind in kinds)
        return next(numbers, None)


@attrs.frozen(eq=False)
class Bracket:
    """An opening word, elements and a closing word. The file is one whose ends are empty."""

    open: Word
    kind: Kind
    runs: tuple[Run, ...]
    close: Word
    width: int | None

    @property
    def gap(self) -> Gap:
        """What stands before the opening word."""
        return self.open.gap

    @property
    def padding(self) -> str:
        """What stands inside braces on one line."""
        return " " if self.kind == "items" and self.runs else ""


Part = Word | Bracket


def group(words: Iterable[Word]) -> Bracket:
    """The text as a bracket of statements."""
    stack = [_Open(Word("", ""), "statements")]
    for word in words:
        top = stack[-1]
        if word.kind in _CLOSING:
            bracket = stack.pop().closed(word)
            if not stack:
                return bracket
            stack[-1].parts[-1].append(bracket)
            continue
        top.begin(word)
        if word.kind in _OPENING:
            stack.append(_Open(word, top.kind_inside(word, outermost=len(stack) == 1)))
            continue
        top.parts[-1].append(word)
        if word.kind == "COMMA" and top.kind == "arguments":
            top.parts.append([])
    raise AssertionError("the words end with $END")


def run_of(parts: Sequence[Part]) -> Run:
    """An element of these parts; a bar that says nothing is left out."""
    parts = _without_leading_bar(list(parts))
    width = 0
    for number, part in enumerate(parts):
        if part.width is None or (number and part.gap.has_comments):
            return Run(tuple(parts), None)
        width += part.width + (len(space_before(part)) if number else 0)
    return Run(tuple(parts), width)


def space_before(part: Part) -> str:
    """What stands before a part that is not the first of its element, on one line."""
    return "" if part.kind in ("COMMA", "COLON") else " "


@attrs.define(eq=False)
class _Open:
    """A bracket that is not closed yet, with the parts of its elements."""

    open: Word
    kind: Kind
    parts: list[list[Part]] = attrs.field(factory=lambda: [[]])

    def begin(self, word: Word) -> None:
        """Begin another element where ``word`` does."""
        current = self.parts[-1]
        if self.kind == "statements":
            begins = word.kind in STATEMENTS
        else:
            joined = word.kind in ("STAR", "OF") or (current and current[-1].kind in _JOINING)
            begins = self.kind == "items" and not joined
        if begins and current:
            self.parts.append([])

    def kind_inside(self, word: Word, *, outermost: bool) -> Kind:
        """What stands in a bracket that ``word`` opens here."""
        if word.kind != "LBRACE":
            return "arguments"
        return "statements" if outermost and self.parts[-1][0].kind == "SPACE" else "items"

    def closed(self, close: Word) -> Bracket:
        """The bracket, which ``close`` ends."""
        kind, elements = self.kind, [parts for parts in self.parts if parts]
        if kind == "arguments" and len(elements) == 1 and not any(p.kind == "COLON" for p in elements[0]):
            split = split_before(_without_leading_bar(elements[0]), "BAR")
            if len(split) > 1 or split[0][0].kind == "BAR":
                kind, elements = "alternatives", split
        runs = tuple(map(run_of, elements))
        return Bracket(self.open, kind, runs, close, _width(self.open, kind, runs, close))


def split_before(parts: Sequence[Part], kind: str) -> list[list[Part]]:
    """The parts in pieces, each but the first beginning with a part of this kind."""
    pieces: list[list[Part]] = [[]]
    for part in parts:
        if part.kind == kind and pieces[-1]:
            pieces.append([])
        pieces[-1].append(part)
    return pieces


def _without_leading_bar(parts: list[Part]) -> list[Part]:
    """Two or more alternatives are a decision with a bar before them and without."""
    bars = [number for number, part in enumerate(parts) if part.kind == "BAR"]
    if len(bars) < 2 or (bars[0] and parts[bars[0] - 1].kind not in ("COLON", "EQUAL")):
        return parts
    bar, first, *rest = parts[bars[0] :]
    gap = bar.gap.then(first.gap)
    moved = (
        attrs.evolve(first, gap=gap)
        if isinstance(first, Word)
        else attrs.evolve(first, open=attrs.evolve(first.open, gap=gap))
    )
    return [*parts[: bars[0]], moved, *rest]


def _width(open: Word, kind: Kind, runs: tuple[Run, ...], close: Word) -> int | None:
    """The width on one line, if it can be.

    Braces stay open where the author opened them, parentheses only where comments or blank lines are inside.
    """
    gaps = [*(run.gap for run in runs), close.gap]
    if kind == "statements" or any(gap.has_comments for gap in gaps) or any(g.blank for g in gaps[1:-1]):
        return None
    if kind == "items" and runs and any(gap.newline for gap in gaps):
        return None
    widths = [run.width for run in runs]
    if None in widths:
        return None
    between = len(SEPARATORS[kind]) * max(0, len(runs) - 1)
    padding = 2 if kind == "items" and runs else 0
    return open.width + sum(width or 0 for width in widths) + between + padding + close.width
