"""What may have been meant where a token cannot stand: repairs, the likeliest first."""

from collections.abc import Iterator, Sequence

import attrs

from tunas_dsl.diagnostics import Diagnostic
from tunas_dsl.diagnostics.diagnostic import Near, nearest
from tunas_dsl.source import Source, Span
from tunas_dsl.syntax import rules
from tunas_dsl.syntax.automaton import States
from tunas_dsl.syntax.lexer import Token, span_of, word_of
from tunas_dsl.syntax.words import FORMS, SIGNS, STATEMENTS

_NAMING = frozenset({"SPACE", "LET", "DECIDE", "LAYER", "BLOCK"})
_OPENERS = {"RPAR": ("CALL", "LPAR"), "RBRACE": ("LBRACE",)}
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
BARS = frozenset({"or", "OR", "Or"})


def sign_help(sign: str) -> str | None:
    """What to write instead of a sign that the language does not have."""
    if sign in ("->", "=>", ">>"):
        return "layers stand side by side, without a sign: `a b`"
    return _ODD_HELP.get(sign[0])


KEYWORDS = {
    "def": "layer", "function": "layer", "fn": "layer", "func": "layer", "class": "layer", "op": "layer",
    "const": "let", "var": "let", "val": "let", "set": "let", "define": "let", "param": "let",
    "choice": "decide", "choose": "decide", "select": "decide", "shared": "decide", "tied": "decide",
    "include": "import", "using": "import", "use": "import", "require": "import", "load": "import",
    "model": "space", "network": "space", "net": "space", "search_space": "space", "searchspace": "space",
    "supernet": "space", "architecture": "space", "stage": "block", "module": "block", "sequential": "block",
    "group": "block", "head": "classifier", "fc": "classifier", "linear": "classifier", "dense": "classifier",
    "output": "classifier", "image": "input", "inputs": "input", "resolution": "input",
}  # fmt: skip
"""Words that other tools begin such a statement with."""

HELP = {
    **dict.fromkeys(("for", "while", "repeat", "loop"), "repeat layers with `3 * layer`"),
    **dict.fromkeys(
        ("if", "else", "match", "case", "switch"), "a choice between layers is written `(a | b)`"
    ),
    "as": 'only a name can get another one: `import name as other from "file.space"`',
    "pass": "an empty block is written `{ }`",
    "return": "a layer is written `layer name(parameter) = ...`",
}
"""What to write where other tools have such a statement."""


@attrs.frozen(eq=False, kw_only=True)
class Repair:
    """A change of the tokens: ``put`` in place of ``removed`` of them, from ``at`` on.

    ``states`` are those before ``at``; ``finding`` is missing where something implied is only written out.
    """

    at: int
    removed: int
    put: tuple[Token, ...]
    finding: Diagnostic | None
    states: States
    doubtful: bool = False
    implies: bool = False
    least: int = 1


@attrs.frozen(eq=False)
class Stuck:
    """A token that cannot stand where it does: what came before, and what could stand there instead.

    ``joinable`` is where a name is followed by a parenthesis that does not touch it, and the states before.
    ``statement`` is the kind of what was begun. ``renamed`` are words of the language that were taken as
    names; ``implied``, the places of parentheses and braces that are not written as they should be, whose
    other half need not be reported.
    """

    source: Source
    tokens: Sequence[Token]
    number: int
    possible: frozenset[str]
    states: States
    opened: Sequence[Token]
    joinable: tuple[int, States] | None
    implied: frozenset[int]
    statement: str
    renamed: frozenset[str]

    @property
    def token(self) -> Token:
        """The token."""
        return self.tokens[self.number]

    @property
    def before(self) -> Token | None:
        """The token before it."""
        return self.tokens[self.number - 1] if self.number else None

    @property
    def after(self) -> Token | None:
        """The token after it."""
        return self.tokens[self.number + 1] if self.number + 1 < len(self.tokens) else None

    @property
    def span(self) -> Span:
        """Where it stands."""
        return span_of(self.source, self.token)

    def same_line(self) -> bool:
        """Whether the token before it stands on the same line."""
        return self.before is not None and "\n" not in self.source.text[self.before.end : self.token.start]

    def opener(self, closer: str) -> Token | None:
        """What a closing sign of this kind would close."""
        last = self.opened[-1] if self.opened else None
        return last if last is not None and last.kind in _OPENERS[closer] else None

    def is_implied(self, closer: str) -> bool:
        """Whether a closing sign would close something that is not written as it should be."""
        opener = self.opener(closer)
        return opener is not None and opener.start in self.implied

    def follows_header(self) -> bool:
        """Whether the arguments of a statement come next."""
        kinds = [token.kind for token in self.tokens[max(0, self.number - 2) : self.number]]
        return kinds[-1:] == ["CLASSIFIER"] or kinds[:1] in (["BLOCK"], ["DEFAULT"])

    def touches(self, other: Token | None) -> bool:
        """Whether the token after it is written without a gap."""
        return other is not None and other.start == self.token.end

    def repair(
        self, put: Sequence[Token], finding: Diagnostic | None, removed: int = 1, **more: bool
    ) -> Repair:
        """``put`` in place of so many tokens from this one on."""
        least = int(more.pop("least", True))
        return Repair(
            at=self.number,
            removed=removed,
            put=tuple(put),
            finding=finding,
            states=self.states,
            least=least,
            **more,
        )


SIDE_BY_SIDE = "layers stand side by side, without a sign between them"


def repairs(stuck: Stuck) -> Iterator[Repair]:
    """Every repair that may help, in the order of likelihood."""
    if _separates_layers(stuck):
        yield _without_comma(stuck)
        return
    for proposal in (
        _retyped,
        _equals,
        _pair,
        _replaced,
        _odd,
        _joined,
        _keyword,
        _phrase,
        _inserted,
        _removed,
    ):
        yield from proposal(stuck)


def _separates_layers(stuck: Stuck) -> bool:
    """Whether the token is a comma behind a layer, between the braces of a block or of a sequence."""
    braces = len(stuck.opened) > 1 and stuck.opened[-1].kind == "LBRACE"
    return braces and stuck.token.kind == "COMMA" and "RBRACE" in stuck.possible


def _without_comma(stuck: Stuck) -> Repair:
    finding = rules.Surplus(span=stuck.span, written=",", sure=True, help=SIDE_BY_SIDE)
    return stuck.repair([], finding, least=False)


def _retyped(stuck: Stuck) -> Iterator[Repair]:
    """A word in quotes; a number or a word of the language as a name."""
    token, before = stuck.token, stuck.before
    inside = token.text[1:-1]
    if token.kind == "STRING" and inside.isidentifier() and inside.isascii() and "NAME" in stuck.possible:
        help = f"words stand without quotes: `{inside}`"
        finding: Diagnostic = rules.UnknownCharacter(
            span=stuck.span, written=token.text, help=help, replacement=inside
        )
        yield stuck.repair([token._replace(kind="NAME", text=inside)], finding)
    if token.kind == "NAME" and before is not None and before.kind == "FROM":
        quoted = f'"{token.text}.space"'
        finding = rules.WrongSign(span=stuck.span, written=token.text, meant=quoted)
        yield stuck.repair([token._replace(kind="STRING", text=quoted)], finding, least=False)
    if "NAME" not in stuck.possible:
        return
    if token.text in stuck.renamed:
        yield _as_name(stuck, None)
    if before is None or before.kind not in _NAMING:
        return
    if token.kind in ("NUMBER", "SIZE", "TIMES", *STATEMENTS):
        keyword = token.kind in STATEMENTS
        help = f"`{token.text}` is a word of the language and cannot be a name"
        finding = rules.UnexpectedText(
            span=stuck.span,
            found=f"`{token.text}`",
            expected="a name",
            help=help if keyword else "names begin with a letter",
        )
        yield _as_name(stuck, finding)


def _as_name(stuck: Stuck, finding: Diagnostic | None) -> Repair:
    """The token as a name, or as a call where a parenthesis touches it."""
    token, after = stuck.token, stuck.after
    if after is not None and after.kind == "LPAR" and stuck.touches(after) and "CALL" in stuck.possible:
        call = token._replace(kind="CALL", text=f"{token.text}(", end=after.end)
        return stuck.repair([call], finding, 2)
    return stuck.repair([token._replace(kind="NAME")], finding)


def _equals(stuck: Stuck) -> Iterator[Repair]:
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


def _pair(stuck: Stuck) -> Iterator[Repair]:
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


_ARGUMENT = "arguments are written `name: value`"
_ALTERNATIVES = "alternatives are written `a | b`"


def _replaced(stuck: Stuck) -> Iterator[Repair]:
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
        implied = kind in _OPENERS and stuck.is_implied(kind)
        implies = kind in ("LBRACE", "LPAR")
        yield stuck.repair([put], None if implied else finding, removed, implies=implies, least=False)


def _is_default(stuck: Stuck) -> bool:
    """Whether the token stands between the parentheses behind the name of a layer that is defined."""
    opener = stuck.opened[-1] if stuck.opened else None
    place = next((n for n, token in enumerate(stuck.tokens) if token is opener), 0)
    return place > 0 and stuck.tokens[place - 1].kind == "LAYER"


def _odd(stuck: Stuck) -> Iterator[Repair]:
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


def _joined(stuck: Stuck) -> Iterator[Repair]:
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


def keyword_near(word: str) -> Near | None:
    """The word that begins a statement and that ``word`` probably means."""
    lower = word.lower()
    if lower in KEYWORDS:
        return Near(KEYWORDS[lower], sure=False)
    return nearest(word, STATEMENTS.values())


def _keyword(stuck: Stuck) -> Iterator[Repair]:
    """A word that begins no statement, where one begins."""
    token, after = stuck.token, stuck.after
    if token.kind not in ("NAME", "CALL") or not stuck.possible & {"LET", "LBRACE"}:
        return
    word, span = word_of(token), stuck.span
    parenthesis = [Token("LPAR", "(", token.end - 1, token.end)] if token.kind == "CALL" else []
    near = keyword_near(word)
    if near is not None:
        kind = near.name.upper()
        finding = rules.UnknownStatement(span=span, written=word, help=near.question, keyword=near)
        put = Token(kind, near.name, token.start, span.end)
        yield stuck.repair([put, *parenthesis], finding, least=False)
    for kind in ("LET", "LAYER", "BLOCK"):
        if kind not in stuck.possible or (after is not None and after.kind == "EQUAL") != (kind == "LET"):
            continue
        if kind != "LET" and not _is_followed(stuck, "EQUAL" if kind == "LAYER" else "LBRACE"):
            continue
        keyword = STATEMENTS[kind]
        form = f"`{keyword} {word} = ...`" if kind != "BLOCK" else f"`block {word} {{ ... }}`"
        help = f"write {form}" + (f" or `layer {word} = ...`" if kind == "LET" else "")
        finding = rules.UnknownStatement(span=span, written=word, help=help, missing=f"{keyword} ")
        begin = Token(kind, keyword, token.start, token.start)
        yield stuck.repair([begin, token], finding, least=False)


def _is_followed(stuck: Stuck, kind: str) -> bool:
    """Whether such a token stands behind the name, or behind the parentheses that follow it."""
    following = [token.kind for token in stuck.tokens[stuck.number : stuck.number + 40]]
    parenthesis = following[0] == "CALL" or following[1:2] == ["LPAR"]
    closer = following.index("RPAR") if parenthesis and "RPAR" in following else 0
    return following[closer + 1 : closer + 2] == [kind]


def _phrase(stuck: Stuck) -> Iterator[Repair]:
    """The words of ``input image 224 x 224 x 3`` and ``filters divisible by 8``, and names."""
    token, before = stuck.token, stuck.before
    if not stuck.possible & {"NAME", "CALL"} or before is None:
        return
    word = {"INPUT": "image", "FILTERS": "divisible", "divisible": "by"}.get(
        before.text if before.kind == "NAME" else before.kind
    )
    if word is not None and stuck.statement in ("INPUT", "FILTERS"):
        finding: Diagnostic = _missing(stuck, f"`{word}`", f" {word}", FORMS[stuck.statement])
        yield stuck.repair([Token("NAME", word, before.end, before.end)], finding, 0)
    sizes = stuck.statement == "INPUT" and before.kind in ("NUMBER", "SIZE")
    if token.kind in ("STAR", "COMMA") and sizes:
        finding = rules.WrongSign(span=stuck.span, written=token.text, meant="x", blanks=True)
        yield stuck.repair([token._replace(kind="NAME", text="x")], finding, least=False)
    if before.kind in _NAMING:
        finding = _missing(stuck, "a name", "", FORMS[before.kind])
        name = f"_{before.start}"
        yield stuck.repair([Token("NAME", name, before.end, before.end)], finding, 0)
        if token.kind == "LPAR":
            yield stuck.repair([token._replace(kind="CALL", text=f"{name}(")], finding)


def _missing(stuck: Stuck, what: str, insertion: str, form: str | None = None) -> rules.Missing:
    before = stuck.before
    place = before.end if before is not None else stuck.token.start
    span = Span(stuck.source, place, place)
    return rules.Missing(
        span=span,
        what=what,
        after=before.text if before is not None else "",
        insertion=rules.spaced(insertion, span),
        sure=insertion == ",",
        help=f"write `{form}`" if form else None,
    )


def _inserted(stuck: Stuck) -> Iterator[Repair]:
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
        finding = _missing(stuck, f"`{SIGNS[kind]}`", SIGNS[kind], form)
        opener = stuck.opener(kind) if kind in _OPENERS else None
        if opener is not None:
            finding = attrs.evolve(finding, opened=Span(stuck.source, opener.end - 1, opener.end))
        implied = kind in _OPENERS and stuck.is_implied(kind)
        put = Token(kind, SIGNS[kind], before.end, before.end)
        implies = kind == "LPAR"
        numbers = {before.kind, stuck.token.kind} <= {"NUMBER", "TIMES"} and kind == "BAR"
        least = not (implies or numbers)
        yield stuck.repair([put], None if implied else finding, 0, implies=implies, least=least)


def _removed(stuck: Stuck) -> Iterator[Repair]:
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
