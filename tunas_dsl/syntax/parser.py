"""Text to syntax tree. Lark does the parsing; this module goes on after errors and gives them words."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import attrs
import lark
from lark.lexer import Token
from lark.utils import TextSlice

from tunas_dsl.diagnostics import Diagnostic, Report
from tunas_dsl.resources import shipped
from tunas_dsl.source import Source, Span
from tunas_dsl.syntax import rules, tree
from tunas_dsl.syntax.builder import Builder, span_of

MAX_CHARACTERS = 1_000_000
MAX_NESTING = 250
MAX_ERRORS = 20
"""Syntax errors of a file that are reported; whoever has more has not written a space."""

_WORDS = {
    "IMPORT": "`import`",
    "FROM": "`from`",
    "SPACE": "`space`",
    "INPUT": "`input`",
    "FILTERS": "`filters`",
    "LET": "`let`",
    "DECIDE": "`decide`",
    "LAYER": "`layer`",
    "DEFAULT": "`default`",
    "BLOCK": "`block`",
    "CLASSIFIER": "`classifier`",
    "FIRST": "`first`",
    "OF": "`of`",
    "BAR": "`|`",
    "STRING": "a file name in quotes",
    "CALL": "a layer with arguments",
    "NAME": "a name",
    "DIMENSIONS": "an image size",
    "SIZE": "a height and width such as `224x224`",
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

_STATEMENTS = frozenset(
    {"IMPORT", "SPACE", "INPUT", "FILTERS", "LET", "DECIDE", "LAYER", "DEFAULT", "BLOCK", "CLASSIFIER"}
)
_NAMING = frozenset({"LET", "DECIDE", "LAYER", "BLOCK"})

_ODD_TOKEN = re.compile(r"[A-Za-z0-9_.]+|.", re.DOTALL)

_Tree = Any
"""A tree or token of Lark's: its rules say which children are which, its types do not."""


@cache
def _lark() -> lark.Lark:
    grammar = (shipped("grammars") / "space.lark").read_text(encoding="utf-8")
    return lark.Lark(
        grammar, parser="lalr", lexer="basic", propagate_positions=True, maybe_placeholders=False
    )


def parse(source: Source, report: Report) -> tree.File | None:
    """The tree of ``source``, or nothing where its text cannot be read, which ``report`` then says.

    A statement with a syntax error is reported, left out, and named in ``File.broken``; what follows
    is read as if it were not there.
    """
    if not _has_sane_size(source, report):
        return None
    return _Parse(source, report).file()


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


@attrs.define(eq=False)
class _Parse:
    """One text on its way through Lark's parser, token by token."""

    source: Source
    report: Report
    tokens: list[Token] = attrs.field(factory=list)
    odd: list[int] = attrs.field(factory=list)  # where characters were passed over
    broken: list[tree.Broken] = attrs.field(factory=list)
    errors: int = 0

    def file(self) -> tree.File | None:
        """The tree, with gaps where statements are broken, or nothing where that was too much."""
        self.tokens = list(self.lexed())
        state: _Tree = _lark().parse_interactive("")
        before, inside = _copy(state), None  # the statement; the brace that closes the space
        begun: int | None = None
        level = depth = number = 0
        while number < len(self.tokens):
            token = self.tokens[number]
            try:
                state.feed_token(token)
            except lark.UnexpectedToken:
                accepted = state.accepts()
                if inside is not None and accepted == {"$END"}:
                    self.complain(token, accepted, begun)
                    state, depth, level, inside = inside, 1, 1, None
                    before = _copy(state)
                    number = self.next_statement(number)
                elif "LET" in accepted:  # whatever came before is complete
                    self.unknown_statement(number, accepted)
                    if level == 0 and not self.rest_has_space(number):
                        return None
                    number = self.next_statement(number + 1)
                elif begun is None or self.tokens[begun].type == "SPACE":
                    self.complain(token, accepted, begun)
                    return None
                else:
                    self.complain(token, accepted, begun)
                    self.leave_out(begun)
                    state, depth = _copy(before), level
                    number = self.next_statement(number)
                if self.errors >= MAX_ERRORS:
                    return None
                continue
            if self.begins_statement(number):
                before, begun, level = _before_last(state), number, depth
            if token.type == "LBRACE" and depth == 0:
                before, begun, level = _copy(state), number, 1
            if token.type == "RBRACE" and depth == 1:
                inside = _before_last(state)
            depth += {"LBRACE": 1, "RBRACE": -1}.get(token.type, 0)
            number += 1
        root = self.end(state, before, begun)
        return None if root is None else Builder(self.source, self.report, self.odd).file(root, self.broken)

    def lexed(self) -> Iterator[Token]:
        """The tokens; characters that the language does not have are reported and passed over."""
        start = 0
        while True:
            try:
                yield from _lark().lex(TextSlice(self.source.text, start, len(self.source.text)))
                return
            except lark.UnexpectedCharacters as error:
                position = error.pos_in_stream or 0
                written = _ODD_TOKEN.match(self.source.text, position)
                start = written.end() if written else position + 1
                span = Span(self.source, position, start)
                self.add(rules.UnknownCharacter(span=span, written=span.text))
                self.odd.append(position)
                if self.errors >= MAX_ERRORS:
                    return

    def begins_statement(self, number: int) -> bool:
        """Whether this token does; ``filters`` also names an argument."""
        kind = self.tokens[number].type
        if kind == "FILTERS":
            return number + 1 < len(self.tokens) and self.tokens[number + 1].type == "NAME"
        return kind in _STATEMENTS

    def next_statement(self, number: int) -> int:
        """The first token from ``number`` on that begins a statement, or the number of tokens."""
        numbers = range(number, len(self.tokens))
        return next((later for later in numbers if self.begins_statement(later)), len(self.tokens))

    def rest_has_space(self, number: int) -> bool:
        """Whether reading can go on at file level."""
        return any(token.type == "SPACE" for token in self.tokens[number + 1 :])

    def leave_out(self, begun: int) -> None:
        """Remember the statement that begins there as broken, with the name that it was to define."""
        first, *rest = self.tokens[begun : begun + 2]
        named = bool(rest) and first.type in _NAMING and rest[0].type in ("NAME", "CALL")
        name = str(rest[0]).removesuffix("(") if named else None
        self.broken.append(tree.Broken(first.type.lower(), name, span=span_of(self.source, first)))

    def unknown_statement(self, number: int, accepted: set[str]) -> None:
        """Report a token that stands where a statement begins, and begins none."""
        token, *rest = self.tokens[number : number + 2]
        if token.type not in ("NAME", "CALL"):
            self.complain(token, accepted, number)
            return
        written = str(token).removesuffix("(")
        defines = bool(rest) and rest[0].type == "EQUAL"
        span = Span(self.source, token.start_pos or 0, (token.start_pos or 0) + len(written))
        self.add(rules.UnknownStatement(span=span, written=written, defines=defines))
        names = [written] if defines else [str(other).removesuffix("(") for other in rest]
        for name in names:
            self.broken.append(tree.Broken(written, name, span=span))

    def complain(self, token: Token, accepted: set[str], begun: int | None) -> None:
        """Report a token that cannot stand here, unless characters were passed over just before."""
        start = 0 if begun is None else self.tokens[begun].start_pos or 0
        if any(start <= position < (token.end_pos or 0) for position in self.odd):
            return
        self.add(
            rules.UnexpectedText(
                span=span_of(self.source, token),
                found=f"`{token}`",
                expected=_list_of_words(accepted),
                help=_advice(token, accepted),
            )
        )

    def end(self, state: _Tree, before: _Tree, begun: int | None) -> _Tree:
        """Lark's tree; what is still open is closed where that is possible."""
        closed = _closed(state, 0)
        if closed is not None:
            return closed
        if not self.errors:
            last = len(self.source.text.rstrip())
            expected = _list_of_words(state.accepts())
            self.add(rules.UnexpectedEnd(span=Span(self.source, last, last), expected=expected))
        for braces in (1, 2):
            if (closed := _closed(state, braces)) is not None:
                return closed
        if begun is not None:
            self.leave_out(begun)
        return next((root for braces in (0, 1) if (root := _closed(before, braces)) is not None), None)

    def add(self, diagnostic: Diagnostic) -> None:
        """Report, and count."""
        self.errors += 1
        self.report.add(diagnostic)


def _copy(state: _Tree) -> _Tree:
    return state.copy(deepcopy_values=False)


def _before_last(state: _Tree) -> _Tree:
    """The state in which the token that was read last comes next, and everything before it is reduced."""
    earlier = _copy(state)
    earlier.parser_state.state_stack.pop()
    earlier.parser_state.value_stack.pop()
    return earlier


def _closed(state: _Tree, braces: int) -> _Tree:
    """Lark's tree if so many braces complete the text, or nothing."""
    trial = _copy(state)
    try:
        for _ in range(braces):
            trial.feed_token(Token("RBRACE", "}", 0, 1, 1, 1, 1, 0))
        return trial.feed_token(Token("$END", "", 0, 1, 1, 1, 1, 0))
    except lark.UnexpectedToken:
        return None


def _list_of_words(terminals: set[str]) -> str:
    """``a name, `}` or a number``, operators last, the long list of item beginnings shortened."""
    beginnings = {"NAME", "CALL", "NUMBER", "TIMES", "SIZE", "LPAR", "LBRACE", "FIRST"}
    words = [_WORDS[t] for t in _WORDS if t in terminals - beginnings]
    if beginnings <= terminals:
        words.insert(0, "an expression")
    else:
        words = [_WORDS[t] for t in _WORDS if t in terminals & beginnings] + words
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else "nothing"


def _advice(token: Token, accepted: set[str]) -> str | None:
    if token.type == "BAR" and "NAME" in accepted:
        return "put alternatives between the layers of a block in parentheses: `(a | b)`"
    if token.type == "EQUAL" and "COLON" in accepted:
        return "arguments are written `name: value`"
    if token.type == "IMPORT":
        return "imports stand at the beginning of the file, before the space"
    if accepted == {"$END"}:
        return "a `}` before it closes the space already"
    if token.type in _STATEMENTS and "RBRACE" in accepted:
        return f"`{token}` begins a statement: close the block before it with `}}`"
    if token.type in _STATEMENTS | {"FROM"} and "NAME" in accepted:
        return f"`{token}` is a word of the language and cannot be a name"
    return None
