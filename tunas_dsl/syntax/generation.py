"""The tables of the grammar, made by Lark from its text: ``python -m tunas_dsl.syntax.generation``.

They are kept beside it, since making them takes longer than checking a space. A test makes them anew.
"""

import json
from typing import Any

import lark

from tunas_dsl.storage.resources import shipped
from tunas_dsl.syntax.grammar import END, GRAMMARS, TABLES

GRAMMAR = "space.lark"


def make_tables() -> dict[str, Any]:
    """The grammar's tables as a JSON document: the same one whenever the grammar is the same.

    ``pattern`` has a group for each terminal. An action of a state is the state to go to, or -1 minus the
    number of a reduction.
    """
    text = (shipped(GRAMMARS) / GRAMMAR).read_text(encoding="utf-8")
    parser = lark.Lark(text, parser="lalr", lexer="basic", maybe_placeholders=False)
    table = parser.parse_interactive("").parser_state.parse_conf
    numbers = _numbered(table.states, table.start_state)
    rows = [table.states[state] for state in numbers]
    reductions = sorted(
        {
            _reduction(argument)
            for row in rows
            for _, argument in row.values()
            if not isinstance(argument, int)
        }
    )
    actions, gotos = [], []
    for row in rows:
        terminals = sorted(symbol for symbol in row if symbol.isupper() or symbol == END)
        actions.append({symbol: _action(row[symbol][1], numbers, reductions) for symbol in terminals})
        gotos.append({symbol: numbers[row[symbol][1]] for symbol in sorted(row) if symbol not in terminals})
    return {
        "pattern": _pattern(parser),
        "start": numbers[table.start_state],
        "end": numbers[table.end_state],
        "reductions": reductions,
        "actions": actions,
        "gotos": gotos,
    }


def _numbered(states: dict[int, dict[str, Any]], start: int) -> dict[int, int]:
    """The states in the order in which they are reached by symbols in the order of their names."""
    numbers = {start: 0}
    for state in (reached := [start]):
        for symbol in sorted(states[state]):
            following = states[state][symbol][1]
            if isinstance(following, int) and following not in numbers:
                numbers[following] = len(numbers)
                reached.append(following)
    return numbers


def _action(argument: object, numbers: dict[int, int], reductions: list[Any]) -> int:
    return numbers[argument] if isinstance(argument, int) else -1 - reductions.index(_reduction(argument))


def _reduction(rule: Any) -> tuple[str, int, tuple[tuple[int, bool], ...], bool, bool]:
    """A reduction's fields, as :class:`tunas_dsl.syntax.grammar.Reduction` has them."""
    name, expansion = str(rule.origin.name), rule.expansion
    kept = tuple(
        (position, symbol.name.startswith("_"))
        for position, symbol in enumerate(expansion)
        if not (symbol.is_term and symbol.filter_out)
    )
    return name, len(expansion), kept, bool(rule.options.expand1), name.startswith("_")


def _pattern(parser: lark.Lark) -> str:
    """White space and comments, then one terminal, in Lark's order of preference."""
    ignored = set(parser.ignore_tokens)
    first = sorted(parser.terminals, key=lambda t: (-t.priority, -t.pattern.max_width, t.name))
    terminals = [f"(?P<{t.name}>{t.pattern.to_regexp()})" for t in first if t.name not in ignored]
    passed = "|".join(sorted(t.pattern.to_regexp() for t in parser.terminals if t.name in ignored))
    return f"(?:{passed})*(?:{'|'.join(terminals)}|(?P<ODD>.)|(?P<NOTHING>\\Z))"


def tables_text() -> str:
    """What is in the file: a row of the tables a line."""
    lines = []
    for name, value in make_tables().items():
        rows = value if isinstance(value, list) else None
        inside = json.dumps(value) if rows is None else "[\n" + ",\n".join(map(json.dumps, rows)) + "\n]"
        lines.append(f"{json.dumps(name)}: {inside}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    (shipped(GRAMMARS) / TABLES).write_text(tables_text(), encoding="utf-8")
