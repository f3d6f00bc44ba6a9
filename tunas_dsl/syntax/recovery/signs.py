"""Repairs of signs: another one, one that is missing, one too many, one that the language does not have."""

from collections.abc import Iterator

import attrs

from tunas_dsl.diagnostics import Diagnostic
from tunas_dsl.source import Span
from tunas_dsl.syntax import rules
from tunas_dsl.syntax.lexer import Token, span_of
from tunas_dsl.syntax.recovery.stuck import OPENERS, Repair, Stuck
from tunas_dsl.syntax.words import SIGNS

_REPLACED = {
    "EQUAL": ("COLON",),
    "COLON": ("EQUAL", "LBRACE"),
    "COMMA": ("BAR",),
    "LPAR": ("LBRACE",),
    "LBRACE": ("LPAR",),
    "RPAR": ("RBRACE",),
    "RBRACE": ("RPAR",),
}
_ODD = {
    "->": "EQUAL", "=>": "EQUAL", "[": "LPAR", "]": "RPAR", "<": "LPAR", ">": "RPAR",
}  # fmt: skip
_ODD_HELP = {
    ";": "statements and layers end without a sign",
    "-": "numbers are not negative, and there is no subtraction",
    "/": "a fraction is written without spaces: `1/2`; to divide, multiply by one: `32 * 1/2`",
    "+": "there is no addition: write the sum, or options as `a | b`; `residual(a)` adds `a` to its input",
    "[": "alternatives are written `a | b`; between the layers of a block in parentheses",
}
_INSERTED = ("COLON", "COMMA", "RPAR", "RBRACE", "LBRACE", "BAR", "EQUAL", "LPAR")
_ARGUMENT = "arguments are written `name: value`"
_ALTERNATIVES = "alternatives are written `a | b`"
_SIDE_BY_SIDE = "layers stand side by side, without a sign between them"

BARS = frozenset({"or", "OR", "Or"})
"""Words that others write for `|`."""


def sign_help(sign: str) -> str | None:
    """What to write instead of a sign that the language does not have."""
    if sign in ("->", "=>", ">>"):
        return "layers stand side by side, without a sign: `a b`"
    return _ODD_HELP.get(sign[0])


def separates_layers(stuck: Stuck) -> bool:
    """Whether the token is a comma behind a layer, between the braces of a block or of a sequence."""
    braces = len(stuck.opened) > 1 and stuck.opened[-1].kind == "LBRACE"
    return braces and stuck.token.kind == "COMMA" and "RBRACE" in stuck.possible


def without_comma(stuck: Stuck) -> Repair:
    """The comma left out, whatever follows."""
    finding = rules.Surplus(span=stuck.span, written=",", sure=True, help=_SIDE_BY_SIDE)
    return stuck.repair([], finding, least=False)


def equals(stuck: Stuck) -> Iterator[Repair]:
    """``==``, ``:=``, ``=>`` and the like, where one sign belongs."""
    token, before = stuck.token, stuck.before
    signs = ("EQUAL", "COLON")
    if (
        (token.kind in signs or token.text == ">")
        and before is not None
        and before.kind in signs
        and before.end == token.start
    ):
        span = Span(stuck.source, before.start, token.end)
        meant = SIGNS[before.kind]
        yield stuck.repair([], rules.WrongSign(span=span, written=span.text, meant=meant))
    after = stuck.after
    if token.kind == "COLON" and "EQUAL" in stuck.possible and after is not None and after.kind == "EQUAL":
        span = Span(stuck.source, token.start, after.end)
        finding = rules.WrongSign(span=span, written=span.text, meant="=")
        yield stuck.repair([after], finding, 2)
    if token.kind == "BAR" and before is not None and (before.kind, before.end) == ("BAR", token.start):
        span = Span(stuck.source, before.start, token.end)
        yield stuck.repair([], rules.WrongSign(span=span, written="||", meant="|", help=_ALTERNATIVES))
    if token.kind != "EQUAL" or "COLON" not in stuck.possible or not stuck.touches(after):
        return
    if after is not None and after.kind == "EQUAL":
        span = Span(stuck.source, token.start, after.end)
        finding = rules.WrongSign(span=span, written=span.text, meant=":", help=_ARGUMENT)
        yield stuck.repair([token._replace(kind="COLON")], finding, 2)


def pair(stuck: Stuck) -> Iterator[Repair]:
    """``(3, 3)`` where one number belongs."""
    if stuck.token.kind != "COMMA" or stuck.number < 2 or stuck.number + 2 >= len(stuck.tokens):
        return
    opener, left = stuck.tokens[stuck.number - 2 : stuck.number]
    right, closer = stuck.tokens[stuck.number + 1 : stuck.number + 3]
    kinds = (opener.kind, left.kind, right.kind, closer.kind)
    if kinds == ("LPAR", "NUMBER", "NUMBER", "RPAR") and left.text == right.text:
        span = Span(stuck.source, opener.start, closer.end)
        help = "kernels and strides are square: one number is both sides"
        finding = rules.WrongSign(span=span, written=span.text, meant=left.text, help=help)
        yield stuck.repair([], finding, 2)


def replaced(stuck: Stuck) -> Iterator[Repair]:
    """Another sign in its place."""
    token = stuck.token
    kinds = _REPLACED.get(token.kind, ())
    if token.kind == "NAME" and token.text in BARS:
        kinds = ("BAR",)
    for kind in kinds:
        if kind not in stuck.possible or (kind == "BAR" and stuck.statement in ("INPUT", "FILTERS")):
            continue
        meant = SIGNS[kind]
        help = {"COLON": _ARGUMENT, "BAR": _ALTERNATIVES}.get(kind)
        if kind == "LBRACE" and token.kind == "COLON":
            help = "what belongs to it stands between braces, `{ ... }`: write the closing `}`, too"
        if kind == "COLON" and _is_default(stuck) and stuck.before is not None and stuck.after is not None:
            help = f"defaults are written `{stuck.before.text}: {stuck.after.text}`"
        colon = kind == "LBRACE" and token.kind == "COLON"
        finding = rules.WrongSign(span=stuck.span, written=token.text, meant=meant, help=help, sure=not colon)
        put, removed = token._replace(kind=kind, text=meant), 1
        if kind == "EQUAL" and stuck.after is not None and stuck.after.text == "return":
            span = Span(stuck.source, token.start, stuck.after.end)
            written = " ".join(span.text.split())
            finding, removed = rules.WrongSign(span=span, written=written, meant="="), 2
        implied = kind in OPENERS and stuck.is_implied(kind)
        implies = kind in ("LBRACE", "LPAR")
        yield stuck.repair([put], None if implied else finding, removed, implies=implies, least=False)


def _is_default(stuck: Stuck) -> bool:
    """Whether the token stands between the parentheses behind the name of a layer that is defined."""
    opener = stuck.opened[-1] if stuck.opened else None
    place = next((n for n, token in enumerate(stuck.tokens) if token is opener), 0)
    return place > 0 and stuck.tokens[place - 1].kind == "LAYER"


def odd(stuck: Stuck) -> Iterator[Repair]:
    """A sign that the language does not have."""
    token = stuck.token
    if token.kind != "ODD":
        return
    meant = _ODD.get(token.text)
    if meant in stuck.possible and meant is not None:
        finding: Diagnostic = rules.WrongSign(span=stuck.span, written=token.text, meant=SIGNS[meant])
        yield stuck.repair([token._replace(kind=meant, text=SIGNS[meant])], finding)
    if token.text == ";" and "COMMA" in stuck.possible:
        finding = rules.WrongSign(span=stuck.span, written=";", meant=",")
        yield stuck.repair([token._replace(kind="COMMA", text=",")], finding)
    mark, before, after = token.text[0], stuck.before, stuck.after
    if mark in "/+-" and before is not None and after is not None and after.kind in ("NUMBER", "NAME"):
        span, fraction = stuck.span, None
        if mark == "/" and before.kind == after.kind == "NUMBER" and "/" not in before.text + after.text:
            span, fraction = Span(stuck.source, before.start, after.end), f"{before.text}/{after.text}"
        finding = rules.UnknownCharacter(
            span=span, written=span.text, help=_ODD_HELP[mark], replacement=fraction
        )
        yield stuck.repair([], finding, 2, doubtful=True, least=False)
    removal = "" if mark == ";" else None
    finding = rules.UnknownCharacter(
        span=stuck.span, written=token.text, help=sign_help(token.text), replacement=removal
    )
    yield stuck.repair([], finding, doubtful=mark != ";", least=False)


def joined(stuck: Stuck) -> Iterator[Repair]:
    """A call whose parenthesis does not touch its name."""
    if stuck.joinable is None:
        return
    at, states = stuck.joinable
    name, parenthesis = stuck.tokens[at : at + 2]
    text = f"{name.text}("
    call = Token("CALL", text, name.start, parenthesis.end)
    if parenthesis.text == "[":
        place = span_of(stuck.source, parenthesis)
        wrong = rules.WrongSign(span=place, written="[", meant="(")
        yield Repair(at=at, removed=2, put=(call,), finding=wrong, states=states)
        return
    finding = rules.LooseParenthesis(span=Span(stuck.source, name.start, parenthesis.end), name=name.text)
    yield Repair(at=at, removed=2, put=(call,), finding=finding, states=states)


def inserted(stuck: Stuck) -> Iterator[Repair]:
    """A sign that is missing before the token."""
    before = stuck.before
    if before is None:
        return
    for kind in _INSERTED:
        if kind not in stuck.possible or (kind in ("BAR", "EQUAL") and not stuck.same_line()):
            continue
        if kind == "LPAR" and not stuck.follows_header():
            continue
        classes = kind == "LPAR" and (before.kind, stuck.token.kind) == ("CLASSIFIER", "NUMBER")
        form = f"classifier (classes: {stuck.token.text})" if classes else None
        finding = stuck.missing(f"`{SIGNS[kind]}`", SIGNS[kind], form)
        opener = stuck.opener(kind) if kind in OPENERS else None
        if opener is not None:
            finding = attrs.evolve(finding, opened=Span(stuck.source, opener.end - 1, opener.end))
        implied = kind in OPENERS and stuck.is_implied(kind)
        put = Token(kind, SIGNS[kind], before.end, before.end)
        implies = kind == "LPAR"
        numbers = {before.kind, stuck.token.kind} <= {"NUMBER", "TIMES"} and kind == "BAR"
        least = not (implies or numbers)
        yield stuck.repair([put], None if implied else finding, 0, implies=implies, least=least)


def removed(stuck: Stuck) -> Iterator[Repair]:
    """A sign or word that is one too many."""
    token = stuck.token
    if token.kind not in SIGNS and not (token.kind == "NAME" and stuck.same_line()):
        return
    if token.kind == "BAR" and stuck.before is not None and stuck.before.kind != "BAR":
        return
    sure = token.kind in ("COMMA", "COLON")
    named = token.kind == "NAME" and stuck.before is not None and stuck.before.kind == "NAME"
    help = "a name is one word" if named else None
    finding = rules.Surplus(span=stuck.span, written=token.text, sure=sure, help=help)
    yield stuck.repair([], finding, least=not sure)
