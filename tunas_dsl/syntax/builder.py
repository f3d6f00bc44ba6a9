"""Tokens to the tree, in one method a rule of the grammar."""

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import attrs

from tunas_dsl.budgets import MAX_DIGITS
from tunas_dsl.diagnostics import Report
from tunas_dsl.source import Source, Span
from tunas_dsl.syntax import rules, tree
from tunas_dsl.syntax.automaton import construct
from tunas_dsl.syntax.lexer import Token, span_of, word_of
from tunas_dsl.syntax.words import FORMS

_PHRASES = {
    "as": 'import name as other from "file.space"',
    **dict.fromkeys(("image", "x"), FORMS["INPUT"]),
    **dict.fromkeys(("divisible", "by"), FORMS["FILTERS"]),
}

Parts = list[Any]
"""What the symbols of a rule stand for: nodes, tokens, and lists of arguments and parameters."""


def build(source: Source, tokens: Sequence[Token], report: Report) -> tree.File:
    """The tree of tokens that parse. Raises :class:`~tunas_dsl.syntax.automaton.Stuck` for others."""
    builder = Builder(source, report)
    methods = {name: getattr(builder, name) for name in dir(Builder) if not name.startswith("_")}
    file: tree.File = construct(tokens, methods)
    return file


@attrs.frozen(eq=False)
class _Arguments:
    """Arguments between parentheses, where a rule may have some."""

    given: tuple[tree.Argument, ...]


class Builder:
    """Builds the nodes of one text: every public method is called as a rule, with its parts and place."""

    def __init__(self, source: Source, report: Report) -> None:
        self._source = source
        self._report = report

    def start(self, parts: Parts, start: int, stop: int) -> tree.File:
        """The whole text."""
        file: tree.File = parts[0]
        return file

    def file(self, parts: Parts, start: int, stop: int) -> tree.File:
        """Imports and definitions, then the space if there is one."""
        whole = Span(self._source, 0, len(self._source.text))
        imports = tuple(part for part in parts if isinstance(part, tree.Import))
        definitions = tuple(part for part in parts if isinstance(part, tree.Definition))
        spaces = [part for part in parts if isinstance(part, tree.Space)]
        return tree.File(imports, definitions, spaces[0] if spaces else None, span=whole)

    def space(self, parts: Parts, start: int, stop: int) -> tree.Space:
        """``space NAME { ... }``."""
        _, name, *statements = parts
        return tree.Space(self._name(name), tuple(statements), span=self._span(start, stop))

    def importing(self, parts: Parts, start: int, stop: int) -> tree.Import:
        """``import a, b as c from "file.space"``."""
        path: Token = parts[-1]
        names = tuple(part for part in parts if isinstance(part, tree.Imported))
        written = tree.Name(path.text[1:-1], span=span_of(self._source, path))
        return tree.Import(names, written, span=self._span(start, stop))

    def imported(self, parts: Parts, start: int, stop: int) -> tree.Imported:
        """``a`` or ``a as b``."""
        name, *renamed = parts
        self._phrase(renamed[:1], ("as",))
        as_name = self._name(renamed[-1] if renamed else name)
        return tree.Imported(self._name(name), as_name, span=self._span(start, stop))

    def input(self, parts: Parts, start: int, stop: int) -> tree.Input:
        """``input image 224 x 224 x 3`` in its three forms."""
        _, image, size, *rest = parts
        self._phrase([image], ("image",))
        if not rest:  # 224x224x3 is one token
            height, width, channels = self._sizes(size)
        elif len(rest) == 2:  # (160 | 192) x 3
            self._phrase(rest[:1], ("x",))
            return tree.Input(size, self._number(rest[1]), span=self._span(start, stop))
        else:
            self._phrase(rest[::2], ("x", "x"))
            height, width, channels = map(self._number, (size, rest[1], rest[3]))
        whole = tree.Size(height, width, span=height.span.to(width.span))
        return tree.Input(whole, channels, span=self._span(start, stop))

    def resolution(self, parts: Parts, start: int, stop: int) -> tree.Expression:
        """The size of an image where it may be a decision."""
        (written,) = parts
        if not isinstance(written, Token):
            expression: tree.Expression = written
            return expression
        rule = self.size if written.kind == "SIZE" else self.reference
        return rule([written], start, stop)

    def divisor(self, parts: Parts, start: int, stop: int) -> tree.Divisor:
        """``filters divisible by 8``."""
        self._phrase(parts[1:3], ("divisible", "by"))
        return tree.Divisor(self._number(parts[3]), span=self._span(start, stop))

    def let(self, parts: Parts, start: int, stop: int) -> tree.Let:
        """``let NAME = VALUE``."""
        return tree.Let(self._name(parts[1]), parts[2], span=self._span(start, stop))

    def decide(self, parts: Parts, start: int, stop: int) -> tree.Decide:
        """``decide NAME = A | B``."""
        return tree.Decide(self._name(parts[1]), parts[2], span=self._span(start, stop))

    def layer(self, parts: Parts, start: int, stop: int) -> tree.Layer:
        """``layer NAME(PARAMETERS) = LAYER``."""
        _, name, *parameters, expression = parts
        names = tuple(parameters[0]) if parameters else ()
        return tree.Layer(self._name(name), names, expression, span=self._span(start, stop))

    def parameters(self, parts: Parts, start: int, stop: int) -> Parts:
        """The parameters of a layer."""
        return parts

    def parameter(self, parts: Parts, start: int, stop: int) -> tree.Parameter:
        """``NAME`` or ``NAME: DEFAULT``."""
        name, *default = parts
        return tree.Parameter(self._name(name), default[0] if default else None, span=self._span(start, stop))

    def default(self, parts: Parts, start: int, stop: int) -> tree.Default:
        """``default NAME(ARGUMENTS)``."""
        return tree.Default(self._name(parts[1]), _given(parts), span=self._span(start, stop))

    def block(self, parts: Parts, start: int, stop: int) -> tree.Block:
        """``block NAME (ARGUMENTS) { ITEMS }``."""
        _, name, *rest = parts
        items = tuple(part for part in rest if not isinstance(part, _Arguments))
        return tree.Block(self._name(name), _given(rest), items, span=self._span(start, stop))

    def classifier(self, parts: Parts, start: int, stop: int) -> tree.Classifier:
        """``classifier (ARGUMENTS)``."""
        return tree.Classifier(_given(parts), span=self._span(start, stop))

    def arguments(self, parts: Parts, start: int, stop: int) -> _Arguments:
        """The arguments of a call or statement."""
        return _Arguments(tuple(parts))

    def argument(self, parts: Parts, start: int, stop: int) -> tree.Argument:
        """``NAME: VALUE`` or ``VALUE``."""
        *name, expression = parts
        return tree.Argument(self._name(name[0]) if name else None, expression, span=self._span(start, stop))

    def alternatives(self, parts: Parts, start: int, stop: int) -> tree.Expression:
        """``A | B``, or ``| A``."""
        options = tuple(part for part in parts if not isinstance(part, Token))
        return tree.Alternatives(options, span=self._span(start, stop))

    def product(self, parts: Parts, start: int, stop: int) -> tree.Expression:
        """``A * B``."""
        return tree.Product(tuple(parts), span=self._span(start, stop))

    def number(self, parts: Parts, start: int, stop: int) -> tree.Number:
        """``3``, ``0.5``, ``5/8``."""
        return self._number(parts[0])

    def times(self, parts: Parts, start: int, stop: int) -> tree.Times:
        """``3x``."""
        span = self._span(start, stop)
        return tree.Times(self._fraction(span, parts[0].text[:-1]), span=span)

    def size(self, parts: Parts, start: int, stop: int) -> tree.Size:
        """``224x224``."""
        height, width = self._sizes(parts[0])
        return tree.Size(height, width, span=self._span(start, stop))

    def reference(self, parts: Parts, start: int, stop: int) -> tree.Reference:
        """A word."""
        return tree.Reference(parts[0].text, span=self._span(start, stop))

    def call(self, parts: Parts, start: int, stop: int) -> tree.Call:
        """``NAME(ARGUMENTS)``."""
        return tree.Call(self._name(parts[0]), _given(parts), span=self._span(start, stop))

    def sequence(self, parts: Parts, start: int, stop: int) -> tree.Sequence:
        """``{ A B }``."""
        return tree.Sequence(tuple(parts), span=self._span(start, stop))

    def first(self, parts: Parts, start: int, stop: int) -> tree.First:
        """``first COUNT of { A B }``."""
        _, count, _, layers = parts
        return tree.First(count, layers, span=self._span(start, stop))

    def _span(self, start: int, stop: int) -> Span:
        return Span(self._source, start, stop)

    def _name(self, token: Token) -> tree.Name:
        return tree.Name(word_of(token), span=span_of(self._source, token))

    def _number(self, token: Token) -> tree.Number:
        span = span_of(self._source, token)
        return tree.Number(self._fraction(span, token.text), span=span)

    def _fraction(self, span: Span, text: str) -> Fraction:
        numerator, _, denominator = text.partition("/")
        if len(text) > MAX_DIGITS:
            self._report.add(rules.TooManyDigits(span=span, limit=MAX_DIGITS))
            return Fraction(1)
        if not denominator:
            return Fraction(int(text)) if text.isdecimal() else Fraction(text)
        if int(denominator) == 0:
            self._report.add(rules.NotANumber(span=span, written=span.text))
            return Fraction(1)
        return Fraction(numerator) / int(denominator)

    def _sizes(self, token: Token) -> list[tree.Number]:
        """The numbers of ``224x224`` or ``224x224x3``."""
        pieces = (
            Span(self._source, token.start + piece.start(), token.start + piece.end())
            for piece in re.finditer(r"[0-9]+", token.text)
        )
        return [tree.Number(self._fraction(span, span.text), span=span) for span in pieces]

    def _phrase(self, written: list[Token], meant: tuple[str, ...]) -> None:
        for token, word in zip(written, meant, strict=False):
            if token.text != word:
                span = span_of(self._source, token)
                phrase = _PHRASES[word]
                self._report.add(rules.Misphrased(span=span, written=token.text, meant=word, phrase=phrase))


def _given(parts: Parts) -> tuple[tree.Argument, ...]:
    return next((part.given for part in parts if isinstance(part, _Arguments)), ())
