"""How much work a text may make: everything of the analysis whose amount the text decides is counted.

A few characters can stand for millions of layers, and a file from elsewhere may be written to do so. One unit
is about what it takes to read a word, some ten microseconds; all of the budget is some two seconds.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import attrs

from tunas_dsl.source import Span

MAX_CHARACTERS = 1_000_000
"""Of a file."""

MAX_WORDS = 40_000
"""Words, numbers and signs of a file."""

MAX_NESTING = 250
"""Parentheses and braces inside each other."""

MAX_DIGITS = 30
"""Of a number as it is written, and of those that a product of fractions is made of."""

MAX_LAYERS = 20_000
"""Of a space, all options of all decisions."""

MAX_DEPTH = 500
"""Layers inside layers, and names for names: each is one."""

MAX_OPTIONS = 1000
"""Of a decision."""

MAX_AROUND = 100_000
"""Combinations of the decisions around a layer, over which costs are tables."""

MAX_WORK = 100_000
"""Units of a compilation, with all files that it reads."""

LAYER = 3
"""The work of a layer, in units."""

IMPORT = 70
"""The work of looking for a file, in units."""


class OverBudget(Exception):
    """A text makes more work than there is for it; ``span`` is where that was noticed."""

    def __init__(self, span: Span) -> None:
        super().__init__(span)
        self.span = span


@attrs.define
class _Work:
    left: int


_WORK: ContextVar[_Work | None] = ContextVar("work", default=None)


@contextmanager
def work(units: int = MAX_WORK) -> Iterator[None]:
    """So many units for what is done inside, in this thread."""
    token = _WORK.set(_Work(units))
    try:
        yield
    finally:
        _WORK.reset(token)


def spend(units: int, span: Span) -> None:
    """Count work that what is at ``span`` makes; nothing is counted outside of :func:`work`.

    Raises:
        OverBudget: there was not so much left.
    """
    budget = _WORK.get()
    if budget is None:
        return
    budget.left -= units
    if budget.left < 0:
        raise OverBudget(span)
