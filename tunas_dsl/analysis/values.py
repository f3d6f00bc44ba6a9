"""Expressions as lists of options: numbers, factors, sizes and words, with lets and parameters filled in."""

import itertools
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

import attrs

from tunas_dsl.analysis import rules
from tunas_dsl.analysis.kinds import Option, Written, as_alternatives, converted, mended, without_factors
from tunas_dsl.analysis.operators import EXAMPLES, OPERATORS, WANTED, WORDS, Kind
from tunas_dsl.analysis.scope import Binding, Scope
from tunas_dsl.analysis.vocabulary import meant
from tunas_dsl.budgets import MAX_DEPTH, MAX_DIGITS, MAX_OPTIONS, spend
from tunas_dsl.diagnostics import Report
from tunas_dsl.source import Span, inside
from tunas_dsl.syntax import rules as texts
from tunas_dsl.syntax import tree


@attrs.frozen
class Options:
    """What an expression may be, in the order of the text, and whether a decision picks among them.

    ``shared`` is the ``decide`` whose decision it is; then equal options are not one. ``places`` are where
    the options are written.
    """

    options: tuple[Option, ...]
    decided: bool
    span: Span
    shared: Binding | None = None
    labels: tuple[str, ...] = ()
    places: tuple[Span, ...] = ()


@attrs.frozen
class _Set:
    """Options, and what decides among them."""

    raws: tuple[Written, ...]
    decided: bool = False
    shared: Binding | None = None
    labels: tuple[str, ...] = ()


def evaluate(expression: tree.Expression, scope: Scope, kind: Kind, report: Report) -> Options | None:
    """The options of a setting of this kind, or None where ``report`` says what is wrong."""
    found = _Evaluation(kind, report).options(expression, scope, ())
    if found is None:
        return None
    spend(2 * len(found.raws), expression.span)
    typed = [_typed(option, expression.span, kind, report) for option in found.raws]
    if any(option is None for option in typed):
        return None
    options = tuple(o for o in typed if o is not None)
    places = tuple(raw.span for raw in found.raws)
    return Options(options, found.decided, expression.span, found.shared, found.labels, places)


def _typed(raw: Written, use: Span, kind: Kind, report: Report) -> Option | None:
    option = converted(raw, kind)
    if option is None and kind == "filters" and raw.relative is not None:
        written = " ".join(raw.relative.text.split())
        plain = without_factors(written)
        report.add(
            rules.WrongValue(
                span=raw.relative,
                written=written,
                wanted="a factor of filters",
                help=f"`3x` is relative to an input; filters are multiplied by plain numbers: `{plain}`",
                replacement=plain,
                use=use,
            )
        )
    elif option is None:
        help, replacement = mended(raw, kind)
        report.add(
            rules.WrongValue(
                span=raw.span,
                written=raw.span.text,
                wanted=WANTED[kind],
                help=help,
                replacement=replacement,
                use=None if inside(raw.span, use) else use,
            )
        )
    return option


@attrs.frozen(eq=False)
class _Evaluation:
    """One setting's evaluation: what kind it is for, and where mistakes go."""

    kind: Kind
    report: Report

    def options(self, expression: tree.Expression, scope: Scope, inside: tuple[str, ...]) -> _Set | None:
        """The options of ``expression``; ``inside`` are the names that led to it."""
        span = expression.span
        spend(1, span)
        match expression:
            case tree.Number(number=number):
                return _Set((Written(span, number),))
            case tree.Times(factor=factor):
                return _Set((Written(span, factor, times=True),))
            case tree.Size(height=height, width=width):
                return _Set((Written(span, size=(height.number, width.number)),))
            case tree.Reference(name=name):
                return self.reference(expression, name, scope, inside)
            case tree.Alternatives(options=options):
                return self.alternatives(expression, options, scope, inside)
            case tree.Product(factors=factors):
                return self.product(expression, factors, scope, inside)
            case _:
                written, wanted, word = shortened(span.text), WANTED[self.kind], _word(expression, self.kind)
                self.report.add(rules.NotAValue(span=span, written=written, wanted=wanted, word=word))
                return None

    def reference(
        self, expression: tree.Expression, name: str, scope: Scope, inside: tuple[str, ...]
    ) -> _Set | None:
        words = WORDS.get(self.kind, frozenset())
        if name in words:
            return _Set((Written(expression.span, word=name),))
        binding = scope.find(name)
        if binding is not None:
            return self._defined(expression, name, binding, inside)
        if name in OPERATORS or name in ("on", "off"):
            return _Set((Written(expression.span, word=name),))
        if not scope.is_broken(name):
            room, example = self.report.has_room(expression.span.source), EXAMPLES.get(self.kind)
            known = scope.names() | words if room else words
            self.report.add(
                rules.UnknownName(span=expression.span, name=name, what="value", known=known, example=example)
            )
            near = meant(name, known) if room else None
            if near is not None and near.sure:
                return self.reference(expression, near.name, scope, inside)
        return None

    def _defined(
        self, expression: tree.Expression, name: str, binding: Binding, inside: tuple[str, ...]
    ) -> _Set | None:
        """What a name stands for by its definition; ``inside`` are the names that led to it."""
        if binding.shared:
            binding.uses.append(expression.span)
        if len(inside) > MAX_DEPTH:
            what, limit = "this chain of names", f"{MAX_DEPTH} names"
            self.report.add(texts.TooLarge(span=expression.span, what=what, limit=limit))
            return None
        # A parameter of the same name as the let that it is given is not a cycle.
        key = f"{name}@{id(binding)}"
        if key in inside:
            cycle = " -> ".join(step.split("@")[0] for step in (*inside[inside.index(key) :], key))
            self.report.add(rules.CyclicDefinition(span=binding.name.span, name=name, cycle=cycle))
            return None
        if self.kind not in binding.known:
            found = self.options(binding.expression, binding.scope, (*inside, key))
            binding.known[self.kind] = self.decided(found, binding)
        result: _Set | None = binding.known[self.kind]
        if result is None or not any(raw.times for raw in result.raws):
            return result
        place = binding.expression.span
        raws = tuple(
            attrs.evolve(raw, relative=raw.relative or place) if raw.times else raw for raw in result.raws
        )
        return attrs.evolve(result, raws=raws)

    def decided(self, found: _Set | None, binding: Binding) -> _Set | None:
        """What a name stands for, with the decision that it shares if it is that of a ``decide``."""
        if found is None or not binding.shared:
            return found
        if found.shared is not None:  # a decide that names another
            return found
        if not found.decided or len(found.raws) < 2:
            self.report.add(rules.NothingToDecide(span=binding.name.span, name=binding.name.text))
            return None
        return attrs.evolve(found, shared=binding, labels=tuple(raw.written for raw in found.raws))

    def alternatives(
        self,
        expression: tree.Expression,
        options: tuple[tree.Expression, ...],
        scope: Scope,
        inside: tuple[str, ...],
    ) -> _Set | None:
        parts = [self.options(option, scope, inside) for option in options]
        raws = [raw for part in parts if part for raw in part.raws]
        shared = next((part.shared for part in parts if part and part.shared), None)
        if shared is not None:
            sure = scope is scope.file and None not in parts
            self.mixed(expression, shared, raws if sure else None)
            return None
        if None in parts:
            return None
        self.repetitions(options)
        return _Set(self.limited(raws, expression), decided=True)

    def repetitions(self, options: tuple[tree.Expression, ...]) -> None:
        seen: list[tree.Expression] = []
        for option in options if len(options) <= 100 else ():
            if option in seen:
                first = seen[seen.index(option)].span
                self.report.add(rules.RepeatedOption(span=option.span, written=option.span.text, first=first))
            seen.append(option)

    def product(
        self,
        expression: tree.Expression,
        factors: tuple[tree.Expression, ...],
        scope: Scope,
        inside: tuple[str, ...],
    ) -> _Set | None:
        parts: list[_Set] = []
        for factor in factors:
            part = self.options(factor, scope, inside)
            if part is None:
                return None
            parts.append(part)
        shared = next((part.shared for part in parts if part.shared), None)
        if shared is not None and any(part.decided and part.shared is not shared for part in parts):
            sure = scope is scope.file and self.kind != "count"  # which would want parentheses
            self.mixed(expression, shared, _products(parts) if sure else None)
            return None
        result = _Set((Written(expression.span, Fraction(1)),))
        for part in parts:
            multiplied = self.multiplied(result, part, expression)
            if multiplied is None:
                return None
            result = multiplied
        return result

    def mixed(self, expression: tree.Expression, shared: Binding, combined: Sequence[Written] | None) -> None:
        """Report that a shared decision is one of two; ``combined`` are the options of both, where known.

        Inside a layer with parameters they are others for each use.
        """
        written = None if combined is None else as_alternatives(combined, self.kind)
        self.report.add(
            rules.MixedDecision(
                span=expression.span, name=shared.name.text, uses=shared.uses, combined=written
            )
        )

    def multiplied(self, left: _Set, right: _Set, expression: tree.Expression) -> _Set | None:
        shared = left.shared or right.shared
        if shared is not None and left.decided and right.decided:
            pairs: Iterator[tuple[Written, Written]] = zip(left.raws, right.raws, strict=True)
        else:
            many = len(left.raws) * len(right.raws)
            if many > MAX_OPTIONS:
                self.report.add(rules.TooMany(span=expression.span, limit=MAX_OPTIONS, what="options"))
                return None
            pairs = ((a, b) for a in left.raws for b in right.raws)
        raws: list[Written] = []
        for a, b in pairs:
            if a.number is None or b.number is None or (a.times and b.times):
                wanted = "a number that can be multiplied"
                self.report.add(rules.WrongValue(span=b.span, written=b.span.text, wanted=wanted))
                return None
            product = a.number * b.number
            if max(abs(product.numerator), product.denominator) >= 10**MAX_DIGITS:
                self.report.add(
                    texts.TooManyDigits(span=expression.span, what="this product", limit=MAX_DIGITS)
                )
                return None
            relative, times = a.relative or b.relative, a.times or b.times
            raws.append(Written(expression.span, product, times=times, relative=relative))
        decided = left.decided or right.decided
        return _Set(self.limited(raws, expression), decided, shared, left.labels or right.labels)

    def limited(self, options: list[Written], expression: tree.Expression) -> tuple[Written, ...]:
        spend(len(options), expression.span)
        if len(options) > MAX_OPTIONS:
            self.report.add(rules.TooMany(span=expression.span, limit=MAX_OPTIONS, what="options"))
            return tuple(options[:1])
        return tuple(options)


def _products(parts: Sequence[_Set]) -> list[Written] | None:
    """What factors multiply to, in order; None where two share a decision, or one is no number."""
    shared = [part.shared for part in parts if part.shared]
    many = math.prod(len(part.raws) for part in parts) > MAX_OPTIONS
    if many or len(set(map(id, shared))) < len(shared):
        return None
    products: list[Written] = []
    for raws in itertools.product(*(part.raws for part in parts)):
        numbers = [raw.number for raw in raws if raw.number is not None]
        times = sum(raw.times for raw in raws)
        if len(numbers) < len(raws) or times > 1:
            return None
        products.append(Written(raws[0].span, math.prod(numbers, start=Fraction(1)), times=times == 1))
    return sorted(products, key=lambda raw: raw.number or 0)


def _word(expression: tree.Expression, kind: Kind) -> str | None:
    """The word of the setting that was written as a call: ``relu()``."""
    match expression:
        case tree.Call(name=name, arguments=()) if name.text in WORDS.get(kind, frozenset()):
            return name.text
        case _:
            return None


def is_value(expression: tree.Expression) -> bool:
    """Whether an expression can be no layer: a number, a factor or a size, or alternatives of these."""
    match expression:
        case tree.Number() | tree.Times() | tree.Size():
            return True
        case tree.Alternatives(options=parts) | tree.Product(factors=parts):
            return all(map(is_value, parts))
        case _:
            return False


def shortened(written: str) -> str:
    """What was written on one line, without its end where it is long."""
    line = " ".join(written.split())
    return line if len(line) <= 40 else f"{line[:37]}..."
