"""What is said of a token that cannot stand where it does, where no repair is found."""

import re

from tunas_dsl.diagnostics import Diagnostic, Note
from tunas_dsl.source import Span
from tunas_dsl.syntax import rules
from tunas_dsl.syntax.grammar import END
from tunas_dsl.syntax.lexer import span_of, word_of
from tunas_dsl.syntax.recovery.signs import sign_help
from tunas_dsl.syntax.recovery.stuck import Stuck
from tunas_dsl.syntax.recovery.wording import HELP, keyword_near
from tunas_dsl.syntax.words import FORMS, STATEMENTS, listed

DEFINING = frozenset({"LET", "DECIDE", "LAYER", "BLOCK"})
_FIRST_WITHIN = 8  # tokens between `first` and the one that cannot be read


def complaint(stuck: Stuck, help: str | None = None, other: Note | None = None) -> Diagnostic:
    """The finding about the token; ``help`` in the place of how its statement is written."""
    token, before = stuck.token, stuck.before
    statement = "FILTERS" if before is not None and before.kind == "FILTERS" else stuck.statement
    expected = listed(stuck.possible)
    form = help or (f"write `{FORMS[statement]}`" if statement in FORMS else None)
    if statement == "INPUT" and stuck.possible == {"NAME"}:
        expected, form = "an `x` with a number behind it", _with_channels(stuck)
    if before is not None and _ends_too_early(stuck):
        place = Span(stuck.source, before.end, before.end)
        incomplete = before.kind in ("BAR", "STAR", "COMMA", "EQUAL", "COLON")
        return rules.Missing(span=place, what=expected, after=before.text, help=None if incomplete else form)
    if token.kind == "ODD":
        return rules.UnknownCharacter(span=stuck.span, written=token.text, help=sign_help(token.text))
    return rules.UnexpectedText(
        span=stuck.span,
        found=f"`{token.text}`",
        expected=expected,
        help=_form_for(stuck, statement) or form,
        other=other,
    )


def _ends_too_early(stuck: Stuck) -> bool:
    """Whether the token ends something, or begins the next, so that what is missing stands before it."""
    ends = stuck.token.kind in STATEMENTS or stuck.token.kind in ("RBRACE", "RPAR")
    return ends and stuck.possible != {END} and "LET" not in stuck.possible


def _form_for(stuck: Stuck, statement: str) -> str | None:
    """How alternatives are written in this statement, or where imports stand."""
    kind, before = stuck.token.kind, stuck.before
    if kind == "IMPORT":
        return "imports stand at the beginning of the file, before the space"
    if kind == "BAR" and statement == "INPUT":
        return _with_parentheses(stuck)
    if kind == "BAR" and statement == "BLOCK" and before is not None and before.kind == "NUMBER":
        return "how many layers is decided in parentheses: `(2 | 3) * layer`"
    if kind == "BAR" and statement == "BLOCK" and "NAME" in stuck.possible:
        return "put alternatives between the layers of a block in parentheses: `(a | b)`"
    return None


_SIZES = re.compile(
    r"input\s+image\s+(?P<sizes>\d+(?:\s*x\s*\d+)?(?:\s*\|\s*\d+(?:\s*x\s*\d+)?)+)\s*x\s*(?P<channels>\d+)(?!\s*[x\d|])"
)


def _with_parentheses(stuck: Stuck) -> str:
    """The help for sizes that are alternatives without parentheses, in the author's numbers."""
    match = _SIZES.match(stuck.source.text, stuck.tokens[stuck.begun].start)
    if match is None:
        return "alternatives of the size stand in parentheses: `input image (160 | 192) x 3`"
    sizes = " ".join(match["sizes"].split())
    return f"write `input image ({sizes}) x {match['channels']}`"


def _with_channels(stuck: Stuck) -> str:
    """The help for an image of which only the size is given, in the author's numbers."""
    size = Span(stuck.source, stuck.tokens[stuck.begun].start, stuck.tokens[stuck.number - 1].end)
    image = " ".join(size.text.split())
    single = re.fullmatch(r"(input image) ([0-9]+)", image)
    if single:
        image = f"{image} x {single[2]}"
    return f"write `{image} x 3`: the number of channels is missing"


def misplaced(stuck: Stuck) -> rules.UnexpectedText:
    """The finding about a statement inside a block."""
    token = stuck.token
    help = f"`{token.text}` begins a statement: move it out of the block"
    if token.kind == "DECIDE":
        help = (
            "a `decide` is one decision for the whole file and stands outside of braces; alternatives "
            "of whole layers, such as `residual(pair(3) | pair(5))`, are one decision for each use"
        )
    return rules.UnexpectedText(
        span=stuck.span,
        found=f"`{token.text}`",
        expected="a layer or `}`",
        help=help,
        other=Note(span_of(stuck.source, stuck.opened[1]), "the block begins here"),
    )


def unknown_statement(stuck: Stuck) -> rules.UnknownStatement:
    """The finding about a word that begins no statement, where one begins."""
    word = word_of(stuck.token)
    near = keyword_near(word)
    layers = "layers stand between the braces of a block"
    help = HELP.get(word.lower()) or (near.question if near else layers)
    return rules.UnknownStatement(span=stuck.span, written=word, help=help, keyword=near)


def first_phrase(stuck: Stuck) -> rules.Misphrased | None:
    """The finding about ``first (2 | 3) of { ... }`` in other words, where that is what cannot be read."""
    start = max(stuck.begun, stuck.number - _FIRST_WITHIN)
    for place in range(stuck.number, start, -1):
        token = stuck.tokens[place]
        if stuck.tokens[place - 1].kind in DEFINING:
            return None
        if word_of(token) == "first" and token.kind in ("NAME", "CALL"):
            following = stuck.tokens[place : place + _FIRST_WITHIN + 1]
            brace = next((t for t in following if t.kind == "LBRACE"), None)
            if brace is None or brace.start < stuck.tokens[stuck.number - 1].start:
                return None
            return rules.first_of(Span(stuck.source, token.start, brace.end))
    return None
