"""What is said where the file ends in the middle of something."""

from collections.abc import Sequence

from tunas_dsl.source import Source, Span
from tunas_dsl.syntax import rules
from tunas_dsl.syntax.automaton import States, accepted
from tunas_dsl.syntax.lexer import Token
from tunas_dsl.syntax.recovery.stuck import CLOSERS
from tunas_dsl.syntax.words import SIGNS, listed


def unexpected_end(
    source: Source, tokens: Sequence[Token], opened: Sequence[Token], states: States
) -> rules.UnexpectedEnd:
    """The finding about a file that ends where ``states`` want more, with what was ``opened`` still open."""
    last = len(source.text.rstrip())
    span = Span(source, last, last)
    opener = _unclosed(source, tokens, opened)
    if opener is None:
        return rules.UnexpectedEnd(span=span, expected=listed(accepted(states)))
    sign = SIGNS[CLOSERS[opener.kind]]
    return rules.UnexpectedEnd(
        span=span,
        expected=f"`{sign}`",
        opened=Span(source, opener.end - 1, opener.end),
        closing=sign if len(opened) == 1 else "",
    )


def _unclosed(source: Source, tokens: Sequence[Token], opened: Sequence[Token]) -> Token | None:
    """What is not closed: by its indentation, where that tells, or else what was opened last."""
    stack: list[Token] = []
    for token in tokens:
        if token.kind in CLOSERS:
            stack.append(token)
        elif token.kind in CLOSERS.values() and stack:
            opener = stack.pop()
            if token.kind == "RBRACE" and _indentation(source, token) < _indentation(source, opener):
                return opener
    return opened[-1] if opened else None


def _indentation(source: Source, token: Token) -> int:
    start = source.text.rfind("\n", 0, token.start) + 1
    line = source.text[start : token.end]
    return len(line) - len(line.lstrip())
