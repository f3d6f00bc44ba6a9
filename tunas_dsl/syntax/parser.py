"""Text to syntax tree. Lark does the parsing; this module gives its tree types and its errors words."""

import re
from fractions import Fraction
from functools import cache
from typing import Any

import lark
from lark.lexer import Token

from tunas_dsl.diagnostics import Diagnostic, Report
from tunas_dsl.resources import shipped
from tunas_dsl.source import Source, Span
from tunas_dsl.syntax import rules, tree

MAX_CHARACTERS = 1_000_000
MAX_NESTING = 250

_WORDS = {
    "SPACE": "`space`",
    "INPUT": "`input`",
    "FILTERS": "`filters`",
    "LET": "`let`",
    "LAYER": "`layer`",
    "BLOCK": "`block`",
    "CLASSIFIER": "`classifier`",
    "BAR": "`|`",
    "CALL": "a layer with arguments",
    "NAME": "a name",
    "DIMENSIONS": "an image size",
    "TIMES": "a factor such as `3x`",
    "NUMBER": "a number",
    "LBRACE": "`{`",
    "RBRACE": "`}`",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "EQUAL": "`=`",
    "STAR": "`*`",
    "COMMA": "`,`",
    "COLON": "`:`",
    "$END": "the end of the file",
}

_ODD_TOKEN = re.compile(r"[A-Za-z0-9_.]+|.", re.DOTALL)


_Tree = Any
"""A tree or token of Lark's: its rules say which children are which, its types do not."""


@cache
def _lark() -> lark.Lark:
    grammar = (shipped("grammars") / "space.lark").read_text(encoding="utf-8")
    return lark.Lark(
        grammar, parser="lalr", lexer="basic", propagate_positions=True, maybe_placeholders=False
    )


def parse(source: Source, report: Report) -> tree.Space | None:
    """The tree of ``source``, or nothing where its text cannot be read, which ``report`` then says."""
    if not _has_sane_size(source, report):
        return None
    try:
        parsed = _lark().parse(source.text)
    except lark.UnexpectedInput as error:
        report.add(_explain(source, error))
        return None
    root: _Tree = parsed.children[0]
    return _Builder(source, report).space(root)


def _has_sane_size(source: Source, report: Report) -> bool:
    """Guards the recursive passes behind the parser, which otherwise could run out of stack."""
    if len(source.text) > MAX_CHARACTERS:
        what = f"a file of {len(source.text):,} characters"
        report.add(rules.TooLarge(span=Span(source, 0, 0), what=what, limit=f"{MAX_CHARACTERS:,} characters"))
        return False
    depth = 0
    for match in re.finditer(r"#[^\n]*|[({]|[)}]", source.text):
        if match[0].startswith("#"):
            continue
        depth += 1 if match[0] in "({" else -1
        if depth > MAX_NESTING:
            span = Span(source, match.start(), match.end())
            report.add(rules.TooLarge(span=span, what="this nesting", limit=f"{MAX_NESTING} levels"))
            return False
    return True


def _explain(source: Source, error: lark.UnexpectedInput) -> Diagnostic:
    if isinstance(error, lark.UnexpectedCharacters):
        start = error.pos_in_stream or 0
        written = _ODD_TOKEN.match(source.text, start)
        end = written.end() if written else start + 1
        return rules.UnknownCharacter(span=Span(source, start, end), written=source.text[start:end])
    if not isinstance(error, lark.UnexpectedToken):
        raise error
    parser: _Tree = error.interactive_parser
    accepted: set[str] = parser.accepts()
    expected = _list_of_words(accepted)
    if error.token.type == "$END":
        end = len(source.text.rstrip())
        return rules.UnexpectedEnd(span=Span(source, end, end), expected=expected)
    return rules.UnexpectedText(
        span=_span(source, error.token),
        found=f"`{error.token}`",
        expected=expected,
        help=_advice(error.token, accepted),
    )


def _list_of_words(terminals: set[str]) -> str:
    """``a name, `}` or a number``, operators last, the long list of item beginnings shortened."""
    beginnings = {"NAME", "CALL", "NUMBER", "TIMES", "LPAR", "LBRACE"}
    words = [_WORDS[t] for t in _WORDS if t in terminals - beginnings]
    if beginnings <= terminals:
        words.insert(0, "an expression")
    else:
        words = [_WORDS[t] for t in _WORDS if t in terminals & beginnings] + words
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else "nothing"


def _advice(token: Token, accepted: set[str]) -> str | None:
    statements = {"SPACE", "INPUT", "FILTERS", "LET", "LAYER", "BLOCK", "CLASSIFIER"}
    if token.type == "BAR" and "NAME" in accepted:
        return "put alternatives between the layers of a block in parentheses: `(a | b)`"
    if token.type == "EQUAL" and "COLON" in accepted:
        return "arguments are written `name: value`"
    if token.type in statements and "RBRACE" in accepted:
        return f"`{token}` begins a statement: close the block before it with `}}`"
    if token.type in statements and "NAME" in accepted:
        return f"`{token}` is a word of the language and cannot be a name"
    return None


def _span(source: Source, token: Token) -> Span:
    return Span(source, token.start_pos or 0, token.end_pos or 0)


class _Builder:
    """Lark's tree to ours, one method a rule."""

    def __init__(self, source: Source, report: Report) -> None:
        self.source = source
        self.report = report

    def span(self, node: _Tree) -> Span:
        return Span(self.source, node.meta.start_pos, node.meta.end_pos)

    def name(self, token: Token) -> tree.Name:
        span = _span(self.source, token)
        if token.type == "CALL":  # its parenthesis is part of the token
            return tree.Name(str(token)[:-1], span=Span(self.source, span.start, span.end - 1))
        return tree.Name(str(token), span=span)

    def space(self, node: _Tree) -> tree.Space:
        _, name, *statements = node.children
        return tree.Space(self.name(name), tuple(self.statement(s) for s in statements), span=self.span(node))

    def statement(self, node: _Tree) -> tree.Statement:
        span, parts = self.span(node), node.children[1:]
        match node.data:
            case "input":
                return self.input(parts, span)
            case "divisor":
                self.phrase(parts[:2], ("divisible", "by"))
                return tree.Divisor(self.number(parts[2]), span=span)
            case "let":
                return tree.Let(self.name(parts[0]), self.expression(parts[1]), span=span)
            case "layer":
                name, *parameters, expression = parts
                names = tuple(self.name(p) for group in parameters for p in group.children)
                return tree.Layer(self.name(name), names, self.expression(expression), span=span)
            case "block":
                name, *rest = parts
                items = tuple(self.expression(item) for item in rest if item.data != "arguments")
                return tree.Block(self.name(name), self.arguments(rest), items, span=span)
            case _:
                return tree.Classifier(self.arguments(parts), span=span)

    def input(self, parts: list[_Tree], span: Span) -> tree.Input:
        self.phrase(parts[:1], ("image",))
        if len(parts) == 2:  # 224x224x3 is one token
            pieces = re.finditer(r"[0-9]+", parts[1])
            start = parts[1].start_pos
            height, width, channels = (
                tree.Number(
                    Fraction(piece[0]), span=Span(self.source, start + piece.start(), start + piece.end())
                )
                for piece in pieces
            )
        else:
            self.phrase(parts[2::2], ("x", "x"))
            height, width, channels = map(self.number, parts[1::2])
        return tree.Input(height, width, channels, span=span)

    def phrase(self, written: list[_Tree], meant: tuple[str, ...]) -> None:
        for token, word in zip(written, meant, strict=True):
            if token != word:
                self.report.add(
                    rules.Misphrased(span=_span(self.source, token), written=str(token), meant=word)
                )

    def number(self, token: Token) -> tree.Number:
        return tree.Number(self.fraction(token, str(token)), span=_span(self.source, token))

    def fraction(self, token: Token, text: str) -> Fraction:
        numerator, _, denominator = text.partition("/")
        if denominator and int(denominator) == 0:
            self.report.add(rules.NotANumber(span=_span(self.source, token), written=str(token)))
            return Fraction(1)
        return Fraction(numerator) / int(denominator or "1")

    def arguments(self, parts: list[_Tree]) -> tuple[tree.Argument, ...]:
        groups = [part for part in parts if getattr(part, "data", "") == "arguments"]
        return tuple(self.argument(argument) for group in groups for argument in group.children)

    def argument(self, node: _Tree) -> tree.Argument:
        *name, expression = node.children
        return tree.Argument(
            self.name(name[0]) if name else None, self.expression(expression), span=self.span(node)
        )

    def expression(self, node: _Tree) -> tree.Expression:
        span, parts = self.span(node), node.children
        match node.data:
            case "number":
                return self.number(parts[0])
            case "times":
                factor = self.fraction(parts[0], str(parts[0])[:-1])
                return tree.Times(factor, span=span)
            case "reference":
                return tree.Reference(str(parts[0]), span=span)
            case "call":
                return tree.Call(self.name(parts[0]), self.arguments(parts), span=span)
            case "sequence":
                return tree.Sequence(tuple(map(self.expression, parts)), span=span)
            case "group":
                return self.expression(parts[0])
            case "product" if len(parts) == 1:
                return self.expression(parts[0])
            case "product":
                return tree.Product(tuple(map(self.expression, parts)), span=span)
            case _:
                options = [part for part in parts if isinstance(part, lark.Tree)]
                if len(parts) == 1:  # neither a bar before nor one after: nothing to decide
                    return self.expression(options[0])
                return tree.Alternatives(tuple(map(self.expression, options)), span=span)
