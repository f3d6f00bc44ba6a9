"""Expressions as lists of options: numbers, factors and words, with lets and parameters filled in."""

from collections.abc import Iterator
from fractions import Fraction

import attrs

from tunas_dsl.analysis import rules
from tunas_dsl.analysis.operators import OPERATORS, WANTED, WORDS, Kind
from tunas_dsl.analysis.scope import Scope
from tunas_dsl.diagnostics import Report
from tunas_dsl.ir import space as ir
from tunas_dsl.source import Span
from tunas_dsl.syntax import tree

MAX_OPTIONS = 1000
MAX_NUMBER = 100_000

Option = int | Fraction | bool | str | ir.Relative


@attrs.frozen
class Options:
    """What an expression may be, in the order of the text, and whether a decision picks among them."""

    options: tuple[Option, ...]
    decided: bool
    span: Span


@attrs.frozen
class _Raw:
    """An option before it is known what setting it is for."""

    number: Fraction | None
    times: bool
    word: str | None
    span: Span


def evaluate(expression: tree.Expression, scope: Scope, kind: Kind, report: Report) -> Options | None:
    """The options of a setting of this kind, or nothing where ``report`` says what is wrong."""
    raw = _Evaluation(kind, report).options(expression, scope, ())
    if raw is None:
        return None
    options, decided = raw
    typed = [_typed(option, kind, report) for option in options]
    if any(option is None for option in typed):
        return None
    return Options(tuple(o for o in typed if o is not None), decided, expression.span)


def _typed(raw: _Raw, kind: Kind, report: Report) -> Option | None:
    option = _convert(raw, kind)
    if option is None:
        report.add(rules.WrongValue(span=raw.span, written=raw.span.text, wanted=WANTED[kind]))
    return option


def _convert(raw: _Raw, kind: Kind) -> Option | None:
    if kind == "switch":
        return {"on": True, "off": False}.get(raw.word or "")
    if kind == "act":
        return raw.word if raw.word in WORDS["act"] else None
    if raw.number is None:
        return None
    number = raw.number
    if raw.times:
        return ir.Relative(number) if kind == "expansion" and 0 < number <= 1000 else None
    whole = number.denominator == 1 and 1 <= number <= MAX_NUMBER
    match kind:
        case "odd":
            return int(number) if whole and number % 2 == 1 and number <= 31 else None
        case "filters":  # rounded later, to what the filters are divisible by
            return number if 0 < number <= MAX_NUMBER else None
        case "ratio":
            return number if 0 < number <= 1 else None
        case "fraction":
            return number if 0 <= number < 1 else None
        case _:
            return int(number) if whole else None


class _Evaluation:
    """One setting's evaluation: what kind it is for, and where mistakes go."""

    def __init__(self, kind: Kind, report: Report) -> None:
        self.kind = kind
        self.report = report

    def options(
        self, expression: tree.Expression, scope: Scope, inside: tuple[str, ...]
    ) -> tuple[list[_Raw], bool] | None:
        """The options, and whether they were written as alternatives."""
        match expression:
            case tree.Number(number=number):
                return [_Raw(number, False, None, expression.span)], False
            case tree.Times(factor=factor):
                return [_Raw(factor, True, None, expression.span)], False
            case tree.Reference(name=name):
                return self.reference(expression, name, scope, inside)
            case tree.Alternatives(options=options):
                parts = [self.options(option, scope, inside) for option in options]
                if any(part is None for part in parts):
                    return None
                return self.limited([raw for part in parts if part for raw in part[0]], expression), True
            case tree.Product(factors=factors):
                return self.product(expression, factors, scope, inside)
            case _:
                wanted = WANTED[self.kind]
                self.report.add(
                    rules.NotAValue(span=expression.span, written=expression.span.text, wanted=wanted)
                )
                return None

    def reference(
        self, expression: tree.Expression, name: str, scope: Scope, inside: tuple[str, ...]
    ) -> tuple[list[_Raw], bool] | None:
        words = WORDS.get(self.kind, frozenset())
        if name in words:
            return [_Raw(None, False, name, expression.span)], False
        binding = scope.find(name)
        if binding is None and (name in OPERATORS or name in ("on", "off")):
            return [_Raw(None, False, name, expression.span)], False
        if binding is None:
            known = scope.names() | words
            self.report.add(rules.UnknownName(span=expression.span, name=name, what="value", known=known))
            return None
        # A parameter of the same name as the let that it is given is not a cycle.
        key = f"{name}@{id(binding)}"
        if key in inside:
            cycle = " -> ".join(step.split("@")[0] for step in (*inside[inside.index(key) :], key))
            self.report.add(rules.CyclicDefinition(span=binding.name.span, name=name, cycle=cycle))
            return None
        return self.options(binding.expression, binding.scope, (*inside, key))

    def product(
        self,
        expression: tree.Expression,
        factors: tuple[tree.Expression, ...],
        scope: Scope,
        inside: tuple[str, ...],
    ) -> tuple[list[_Raw], bool] | None:
        result = [_Raw(Fraction(1), False, None, expression.span)]
        decided = False
        for factor in factors:
            part = self.options(factor, scope, inside)
            if part is None:
                return None
            result = self.limited(list(self.multiplied(result, part[0], expression.span)), expression)
            decided = decided or part[1]
        return (result, decided) if result else None

    def multiplied(self, left: list[_Raw], right: list[_Raw], span: Span) -> Iterator[_Raw]:
        for a in left:
            for b in right:
                if a.number is None or b.number is None or (a.times and b.times):
                    wanted = "a number that can be multiplied"
                    self.report.add(rules.WrongValue(span=b.span, written=b.span.text, wanted=wanted))
                    return
                yield _Raw(a.number * b.number, a.times or b.times, None, span)

    def limited(self, options: list[_Raw], expression: tree.Expression) -> list[_Raw]:
        if len(options) > MAX_OPTIONS:
            self.report.add(rules.TooMany(span=expression.span, limit=MAX_OPTIONS, what="options"))
            return options[:1]
        return options
