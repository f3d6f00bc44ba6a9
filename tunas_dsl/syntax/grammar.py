"""The grammar as tables: its terminals as one pattern, and its LALR(1) automaton."""

import json
import re
from functools import cache
from typing import NamedTuple

from tunas_dsl.storage.resources import shipped

END = "$END"
"""The kind of what stands behind the last token."""

GRAMMARS = "grammars"
TABLES = "space.tables.json"
"""What ``tunas_dsl.syntax.generation`` makes of the grammar."""


class Reduction(NamedTuple):
    """A rule of the grammar whose symbols are all there: so many of them become one ``rule``.

    ``kept`` are the positions of those that matter, and whether each is a list to be spliced in. Of an
    ``inlined`` rule with one child that child remains. A ``repeated`` rule is Lark's own, for ``*``.
    """

    rule: str
    length: int
    kept: tuple[tuple[int, bool], ...]
    inlined: bool
    repeated: bool


Action = int | Reduction
"""What a token does in a state: a state to go to, or what is reduced before it is looked at again."""


class Grammar(NamedTuple):
    """``pattern`` has a group for each terminal.

    By state, ``actions`` are what a terminal does, and ``gotos`` the state behind a rule that was reduced.
    """

    pattern: re.Pattern[str]
    actions: list[dict[str, Action]]
    gotos: list[dict[str, int]]
    start: int
    end: int


@cache
def grammar() -> Grammar:
    """The grammar of the language, read once."""
    tables = json.loads((shipped(GRAMMARS) / TABLES).read_text(encoding="utf-8"))
    reductions = [Reduction(*fields) for fields in tables["reductions"]]
    actions = [
        {symbol: number if number >= 0 else reductions[-1 - number] for symbol, number in row.items()}
        for row in tables["actions"]
    ]
    pattern = re.compile(tables["pattern"], re.DOTALL)
    return Grammar(pattern, actions, tables["gotos"], tables["start"], tables["end"])
