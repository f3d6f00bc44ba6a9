"""Layers that stand side by side and were meant as one: ``residual (a | skip)``, ``3 x layer``.

Both parse, since items of a block stand beside each other without a sign between them.
"""

import re
from collections.abc import Iterable, Sequence

from tunas_dsl.analysis import rules
from tunas_dsl.analysis.operators import OPERATORS
from tunas_dsl.analysis.scope import Scope
from tunas_dsl.diagnostics import Report
from tunas_dsl.source import Span
from tunas_dsl.syntax import rules as syntax_rules
from tunas_dsl.syntax import tree

REPEATED = "to repeat a layer, write `3 * layer`"
_OPENED = re.compile(r"\s*\(\s*")


def separated(items: Sequence[tree.Expression], scope: Scope, report: Report) -> list[tree.Expression]:
    """``items`` without those that make sense only with their neighbour, which are reported."""
    kept: list[tree.Expression] = []
    number = 0
    while number < len(items):
        taken = _misread(items[number : number + 3], scope, report)
        if not taken:
            kept.append(items[number])
        number += taken or 1
    return kept


def _misread(items: Sequence[tree.Expression], scope: Scope, report: Report) -> int:
    """How many of the first ``items`` were meant as one; then that is reported."""
    first, *rest = items
    if not rest:
        return 0
    between = Span(first.span.source, first.span.end, rest[0].span.start)
    match first, rest[0]:
        case tree.Reference(name=name), _ if _needs_arguments(name, scope) and _OPENED.fullmatch(
            between.text
        ):
            paren = between.start + between.text.index("(") + 1
            place = Span(first.span.source, first.span.start, paren)
            report.add(syntax_rules.LooseParenthesis(span=place, name=name))
            return 2
        case tree.Reference(name="first"), _ if scope.known("first") is None and _OPENED.fullmatch(
            between.text
        ):
            layers = rest[1:] and isinstance(rest[1], tree.Sequence)
            end = rest[1].span.start + 1 if layers else rest[0].span.end + 1
            span = Span(first.span.source, first.span.start, end)
            report.add(syntax_rules.first_of(span))
            return 3 if layers else 2
        case tree.Number(), tree.Reference(name="x" | "X"):
            _repetition(first.span.to(rest[0].span), report)
            return 2
        case tree.Times(), tree.Reference() | tree.Call():
            _repetition(first.span, report)
            return 1
        case tree.Reference() | tree.Call(), tree.Reference(name=name) if re.fullmatch(r"[xX][0-9]+", name):
            _repetition(rest[0].span, report)
            return 2
        case _:
            return 0


def _repetition(span: Span, report: Report) -> None:
    report.add(rules.NotALayer(span=span, written=span.text, help=REPEATED))


def _needs_arguments(name: str, scope: Scope) -> bool:
    if name in OPERATORS:
        return any(parameter.required for parameter in OPERATORS[name])
    binding = scope.known(name)
    return binding is not None and _any_required(p.default for p in binding.parameters)


def _any_required(defaults: Iterable[tree.Expression | None]) -> bool:
    return any(default is None for default in defaults)
