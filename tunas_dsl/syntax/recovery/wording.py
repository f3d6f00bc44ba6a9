"""Repairs of words: statements that begin with another word, phrases in other words, names that are none."""

from collections.abc import Iterator

from tunas_dsl.diagnostics import Diagnostic
from tunas_dsl.diagnostics.diagnostic import Near, nearest
from tunas_dsl.syntax import rules
from tunas_dsl.syntax.lexer import Token, word_of
from tunas_dsl.syntax.recovery.stuck import Repair, Stuck
from tunas_dsl.syntax.words import FORMS, STATEMENTS

_NAMING = frozenset({"SPACE", "LET", "DECIDE", "LAYER", "BLOCK"})

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


def keyword_near(word: str) -> Near | None:
    """The word that begins a statement and that ``word`` probably means."""
    lower = word.lower()
    if lower in KEYWORDS:
        return Near(KEYWORDS[lower], sure=False)
    return nearest(word, STATEMENTS.values())


def retyped(stuck: Stuck) -> Iterator[Repair]:
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


def keyword(stuck: Stuck) -> Iterator[Repair]:
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


def phrase(stuck: Stuck) -> Iterator[Repair]:
    """The words of ``input image 224 x 224 x 3`` and ``filters divisible by 8``, and names."""
    token, before = stuck.token, stuck.before
    if not stuck.possible & {"NAME", "CALL"} or before is None:
        return
    word = {"INPUT": "image", "FILTERS": "divisible", "divisible": "by"}.get(
        before.text if before.kind == "NAME" else before.kind
    )
    if word is not None and stuck.statement in ("INPUT", "FILTERS"):
        finding: Diagnostic = stuck.missing(f"`{word}`", f" {word}", FORMS[stuck.statement])
        yield stuck.repair([Token("NAME", word, before.end, before.end)], finding, 0)
    sizes = stuck.statement == "INPUT" and before.kind in ("NUMBER", "SIZE")
    if token.kind in ("STAR", "COMMA") and sizes:
        finding = rules.WrongSign(span=stuck.span, written=token.text, meant="x", blanks=True)
        yield stuck.repair([token._replace(kind="NAME", text="x")], finding, least=False)
    if before.kind in _NAMING:
        finding = stuck.missing("a name", "", FORMS[before.kind])
        name = f"_{before.start}"
        yield stuck.repair([Token("NAME", name, before.end, before.end)], finding, 0)
        if token.kind == "LPAR":
            yield stuck.repair([token._replace(kind="CALL", text=f"{name}(")], finding)
