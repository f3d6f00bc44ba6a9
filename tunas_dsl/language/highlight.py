"""A Pygments lexer for .space files, registered as an entry point."""

from typing import ClassVar

from pygments.lexer import RegexLexer, bygroups, words
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Whitespace

from tunas_dsl.kinds import BUILT_IN

KEYWORDS = (
    *("import", "from", "as", "space", "input", "image", "divisible", "by", "filters"),
    *("let", "decide", "layer", "default", "block", "classifier", "first", "of"),
)
LAYERS = (*BUILT_IN, "residual", "skip", "endpoint", "global_pool")
WORDS = ("on", "off", "relu6", "relu", "swish6", "swish", "sigmoid")


class SpaceLexer(RegexLexer):  # type: ignore[misc]  # Pygments is not typed
    """Neural-architecture search spaces."""

    name = "Space"
    aliases: ClassVar[list[str]] = ["space"]
    filenames: ClassVar[list[str]] = ["*.space"]
    url = "https://pypi.org/project/tunas-dsl/"
    version_added = ""

    tokens: ClassVar[dict[str, list[object]]] = {
        "root": [
            (r"\s+", Whitespace),
            (r"#.*", Comment.Single),
            (r'"[^"\n]*"', String),
            (
                r"(space|block|layer|let|decide)(\s+)([A-Za-z_]\w*)",
                bygroups(Keyword, Whitespace, Name.Function),
            ),
            (r"([A-Za-z_]\w*)(\s*)(:)", bygroups(Name.Attribute, Whitespace, Punctuation)),
            (words(KEYWORDS, prefix=r"\b", suffix=r"\b"), Keyword),
            (r"[0-9]+(?:x[0-9]+)+|[0-9]+(?:\.[0-9]+)?(?:/[0-9]+)?x?\b", Number),
            (words(LAYERS, prefix=r"\b", suffix=r"\b"), Name.Builtin),
            (words(WORDS, prefix=r"\b", suffix=r"\b"), Name.Constant),
            (r"[A-Za-z_]\w*", Name),
            (r"[|*=]", Operator),
            (r"[(){},]", Punctuation),
        ]
    }
