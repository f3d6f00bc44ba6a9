"""The grammar as Lark reads it: its terminals as one pattern, and its LALR(1) table."""

import re
from functools import cache

import attrs
import lark

from tunas_dsl.storage.resources import shipped

END = "$END"
"""The kind of what stands behind the last token."""


@attrs.frozen(eq=False)
class Reduction:
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


@attrs.frozen(eq=False)
class Grammar:
    """``pattern`` has a group for each terminal.

    By state, ``actions`` are what a terminal does, and ``gotos`` the state behind a rule that was reduced.
    """

    pattern: re.Pattern[str]
    actions: dict[int, dict[str, Action]]
    gotos: dict[int, dict[str, int]]
    start: int
    end: int


@cache
def grammar() -> Grammar:
    """The grammar of the language, read once."""
    text = (shipped("grammars") / "space.lark").read_text(encoding="utf-8")
    parser = lark.Lark(text, parser="lalr", lexer="basic", maybe_placeholders=False)
    table = parser.parse_interactive("").parser_state.parse_conf
    reductions: dict[object, Reduction] = {}
    actions: dict[int, dict[str, Action]] = {}
    gotos: dict[int, dict[str, int]] = {}
    for state, row in table.states.items():
        terminals = {symbol for symbol in row if symbol.isupper() or symbol == END}
        actions[state] = {symbol: _action(row[symbol][1], reductions) for symbol in terminals}
        gotos[state] = {symbol: row[symbol][1] for symbol in row if symbol not in terminals}
    return Grammar(_pattern(parser), actions, gotos, table.start_state, table.end_state)


def _action(argument: object, reductions: dict[object, Reduction]) -> Action:
    if isinstance(argument, int):
        return argument
    if argument not in reductions:
        reductions[argument] = _reduction(argument)
    return reductions[argument]


def _reduction(rule: object) -> Reduction:
    name, expansion = str(rule.origin.name), rule.expansion  # type: ignore[attr-defined]
    kept = tuple(
        (position, symbol.name.startswith("_"))
        for position, symbol in enumerate(expansion)
        if not (symbol.is_term and symbol.filter_out)
    )
    inlined = bool(rule.options.expand1)  # type: ignore[attr-defined]
    return Reduction(name, len(expansion), kept, inlined, name.startswith("_"))


def _pattern(parser: lark.Lark) -> re.Pattern[str]:
    """White space and comments, then one terminal, in Lark's order of preference."""
    ignored = set(parser.ignore_tokens)
    first = sorted(parser.terminals, key=lambda t: (-t.priority, -t.pattern.max_width, t.name))
    terminals = [f"(?P<{t.name}>{t.pattern.to_regexp()})" for t in first if t.name not in ignored]
    passed = "|".join(t.pattern.to_regexp() for t in parser.terminals if t.name in ignored)
    return re.compile(f"(?:{passed})*(?:{'|'.join(terminals)}|(?P<ODD>.)|(?P<NOTHING>\\Z))", re.DOTALL)
