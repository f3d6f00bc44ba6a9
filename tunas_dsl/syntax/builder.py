"""Lark's tree to ours: one method a rule, so that everything behind it is typed."""

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import attrs
import lark
from lark.lexer import Token

from tunas_dsl.diagnostics import Report
from tunas_dsl.source import Source, Span
from tunas_dsl.syntax import rules, tree

MAX_DIGITS = 30

_Tree = Any
"""A tree or token of Lark's: its rules say which children are which, its types do not."""


def span_of(source: Source, token: Token) -> Span:
    """Where a token stands."""
    return Span(source, token.start_pos or 0, token.end_pos or 0)


@attrs.frozen(eq=False)
class Builder:
    """Builds the tree of one text. ``odd`` are the places of characters that were passed over."""

    source: Source
    report: Report
    odd: Sequence[int]

    def file(self, node: _Tree, broken: list[tree.Broken]) -> tree.File:
        """The whole text; statements with odd characters in them count as broken."""
        (file,) = node.children
        imports = tuple(self._import(part) for part in file.children if part.data == "import")
        spaces = [self._space(part, broken) for part in file.children if part.data == "space"]
        definitions: Any = self._statements(
            [p for p in file.children if p.data not in ("import", "space")], broken
        )
        whole = Span(self.source, 0, len(self.source.text))
        return tree.File(imports, definitions, spaces[0] if spaces else None, tuple(broken), span=whole)

    def _import(self, node: _Tree) -> tree.Import:
        names = tuple(self._imported(part) for part in node.children if isinstance(part, lark.Tree))
        path = node.children[-1]
        span = span_of(self.source, path)
        return tree.Import(names, tree.Name(str(path)[1:-1], span=span), span=self._span(node))

    def _imported(self, node: _Tree) -> tree.Imported:
        name, *renamed = node.children
        if renamed:
            self._phrase(renamed[:1], ("as",))
        return tree.Imported(
            self._name(name), self._name(renamed[-1] if renamed else name), span=self._span(node)
        )

    def _space(self, node: _Tree, broken: list[tree.Broken]) -> tree.Space:
        _, name, *statements = node.children
        return tree.Space(self._name(name), self._statements(statements, broken), span=self._span(node))

    def _statements(self, nodes: list[_Tree], broken: list[tree.Broken]) -> tuple[tree.Statement, ...]:
        built: list[tree.Statement] = []
        for node in nodes:
            span = self._span(node)
            statement = self._statement(node)
            if any(span.start <= position < span.end for position in self.odd):
                name = getattr(statement, "name", None)
                broken.append(tree.Broken(str(node.data), name and name.text, span=span))
            else:
                built.append(statement)
        return tuple(built)

    def _span(self, node: _Tree) -> Span:
        return Span(self.source, node.meta.start_pos, node.meta.end_pos)

    def _name(self, token: Token) -> tree.Name:
        span = span_of(self.source, token)
        if token.type == "CALL":  # its parenthesis is part of the token
            return tree.Name(str(token)[:-1], span=Span(self.source, span.start, span.end - 1))
        return tree.Name(str(token), span=span)

    def _statement(self, node: _Tree) -> tree.Statement:
        span, parts = self._span(node), node.children[1:]
        match node.data:
            case "input":
                return self._input(parts, span)
            case "divisor":
                self._phrase(parts[:2], ("divisible", "by"))
                return tree.Divisor(self._number(parts[2]), span=span)
            case "let":
                return tree.Let(self._name(parts[0]), self._expression(parts[1]), span=span)
            case "decide":
                return tree.Decide(self._name(parts[0]), self._expression(parts[1]), span=span)
            case "layer":
                name, *parameters, expression = parts
                names = tuple(self._parameter(p) for group in parameters for p in group.children)
                return tree.Layer(self._name(name), names, self._expression(expression), span=span)
            case "default":
                return tree.Default(self._name(parts[0]), self._arguments(parts), span=span)
            case "block":
                name, *rest = parts
                items = tuple(self._expression(item) for item in rest if item.data != "arguments")
                return tree.Block(self._name(name), self._arguments(rest), items, span=span)
            case _:
                return tree.Classifier(self._arguments(parts), span=span)

    def _parameter(self, node: _Tree) -> tree.Parameter:
        name, *default = node.children
        expression = self._expression(default[0]) if default else None
        return tree.Parameter(self._name(name), expression, span=self._span(node))

    def _input(self, parts: list[_Tree], span: Span) -> tree.Input:
        self._phrase(parts[:1], ("image",))
        if len(parts) == 2:  # 224x224x3 is one token
            height, width, channels = self._sizes(parts[1])
        elif isinstance(parts[1], lark.Tree):  # (160 | 192) x 3
            self._phrase(parts[2:3], ("x",))
            (written,) = parts[1].children
            return tree.Input(self._resolution(written), self._number(parts[3]), span=span)
        else:
            self._phrase(parts[2::2], ("x", "x"))
            height, width, channels = map(self._number, parts[1::2])
        size = tree.Size(height, width, span=height.span.to(width.span))
        return tree.Input(size, channels, span=span)

    def _resolution(self, written: _Tree) -> tree.Expression:
        if isinstance(written, lark.Tree):
            return self._expression(written)
        span = span_of(self.source, written)
        return self._size(written) if written.type == "SIZE" else tree.Reference(str(written), span=span)

    def _size(self, token: Token) -> tree.Size:
        height, width = self._sizes(token)
        return tree.Size(height, width, span=span_of(self.source, token))

    def _sizes(self, token: Token) -> list[tree.Number]:
        """The numbers of ``224x224`` or ``224x224x3``."""
        start = token.start_pos or 0
        spans = (
            Span(self.source, start + piece.start(), start + piece.end())
            for piece in re.finditer(r"[0-9]+", token)
        )
        return [tree.Number(self._fraction(span, span.text), span=span) for span in spans]

    def _phrase(self, written: list[_Tree], meant: tuple[str, ...]) -> None:
        for token, word in zip(written, meant, strict=True):
            if token != word:
                span = span_of(self.source, token)
                self.report.add(rules.Misphrased(span=span, written=str(token), meant=word))

    def _number(self, token: Token) -> tree.Number:
        span = span_of(self.source, token)
        return tree.Number(self._fraction(span, str(token)), span=span)

    def _fraction(self, span: Span, text: str) -> Fraction:
        numerator, _, denominator = text.partition("/")
        if len(text) > MAX_DIGITS:
            self.report.add(rules.TooManyDigits(span=span, limit=MAX_DIGITS))
            return Fraction(1)
        if denominator and int(denominator) == 0:
            self.report.add(rules.NotANumber(span=span, written=span.text))
            return Fraction(1)
        return Fraction(numerator) / int(denominator or "1")

    def _arguments(self, parts: list[_Tree]) -> tuple[tree.Argument, ...]:
        groups = [part for part in parts if getattr(part, "data", "") == "arguments"]
        return tuple(self._argument(argument) for group in groups for argument in group.children)

    def _argument(self, node: _Tree) -> tree.Argument:
        *name, expression = node.children
        return tree.Argument(
            self._name(name[0]) if name else None, self._expression(expression), span=self._span(node)
        )

    def _expression(self, node: _Tree) -> tree.Expression:
        span, parts = self._span(node), node.children
        match node.data:
            case "number":
                return self._number(parts[0])
            case "times":
                return tree.Times(self._fraction(span, str(parts[0])[:-1]), span=span)
            case "size":
                return self._size(parts[0])
            case "reference":
                return tree.Reference(str(parts[0]), span=span)
            case "call":
                return tree.Call(self._name(parts[0]), self._arguments(parts), span=span)
            case "sequence":
                return tree.Sequence(tuple(map(self._expression, parts)), span=span)
            case "first":
                _, count, _, layers = parts
                items = tuple(map(self._expression, layers.children))
                return tree.First(
                    self._expression(count), tree.Sequence(items, span=self._span(layers)), span=span
                )
            case "group":
                return self._expression(parts[0])
            case "product" if len(parts) == 1:
                return self._expression(parts[0])
            case "product":
                return tree.Product(tuple(map(self._expression, parts)), span=span)
            case _:
                options = [part for part in parts if isinstance(part, lark.Tree)]
                if len(parts) == 1:  # neither a bar before nor one after: nothing to decide
                    return self._expression(options[0])
                return tree.Alternatives(tuple(map(self._expression, options)), span=span)
