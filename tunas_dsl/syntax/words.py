"""What the tokens and statements of the language are called when people are told of them."""

import re
from collections.abc import Set as AbstractSet

IDENTIFIER = r"[A-Za-z_][A-Za-z0-9_]*"

SIGNS = {
    "BAR": "|", "LBRACE": "{", "RBRACE": "}", "LPAR": "(", "RPAR": ")", "EQUAL": "=", "STAR": "*",
    "COMMA": ",", "COLON": ":",
}  # fmt: skip

STATEMENTS = {
    "IMPORT": "import", "SPACE": "space", "INPUT": "input", "FILTERS": "filters", "LET": "let",
    "DECIDE": "decide", "LAYER": "layer", "DEFAULT": "default", "BLOCK": "block", "CLASSIFIER": "classifier",
}  # fmt: skip

FORMS = {
    "IMPORT": 'import name from "file.space"` or `import "file.space"',
    "SPACE": "space name { ... }",
    "INPUT": "input image 224 x 224 x 3",
    "FILTERS": "filters divisible by 8",
    "LET": "let name = value",
    "DECIDE": "decide name = a | b",
    "LAYER": "layer name(parameter) = ...",
    "DEFAULT": "default bottleneck(act: relu)",
    "BLOCK": "block name (filters: 32) { ... }",
    "CLASSIFIER": "classifier (classes: 1000)",
}
"""How each statement is written."""

_NAMED = {
    **{kind: f"`{word}`" for kind, word in STATEMENTS.items()},
    "FROM": "`from`",
    "FIRST": "`first`",
    "OF": "`of`",
    "STRING": "a file name in quotes",
    "CALL": "a layer with arguments",
    "NAME": "a name",
    "DIMENSIONS": "a size such as `224x224x3`",
    "SIZE": "a size such as `224x224`",
    "TIMES": "a factor such as `3x`",
    "NUMBER": "a number",
    **{kind: f"`{sign}`" for kind, sign in SIGNS.items()},
    "$END": "the end of the file",
}

_VALUE = frozenset({"NAME", "CALL", "NUMBER", "TIMES", "SIZE", "LPAR", "LBRACE", "FIRST"})
_STATEMENT = frozenset({"INPUT", "FILTERS", "LET", "DECIDE", "LAYER", "DEFAULT", "BLOCK", "CLASSIFIER"})
_AT_FILE_LEVEL = frozenset({"LET", "DECIDE", "LAYER", "DEFAULT"})


def can_be_name(text: str) -> bool:
    """Whether a space or what is defined in it can be called so."""
    return re.fullmatch(IDENTIFIER, text) is not None and text not in (*STATEMENTS.values(), "from")


def listed(kinds: AbstractSet[str]) -> str:
    """Kinds of token as people say them: ``a name, `,` or `)```."""
    left, words = set(kinds), []
    if left >= _VALUE:
        words.append("a value or layer")
        left -= _VALUE | {"BAR"}
    if left >= {"NAME", "CALL"}:
        left.remove("CALL")
    for group in (_STATEMENT, _AT_FILE_LEVEL):
        if left >= group:
            words.append("a statement")
            left -= group
    words += [word for kind, word in _NAMED.items() if kind in left]
    return " or ".join(filter(None, [", ".join(words[:-1]), *words[-1:]])) or "nothing"
