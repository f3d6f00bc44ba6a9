"""A token that cannot stand where it does, and a change of the tokens that may mend it."""

from collections.abc import Sequence

import attrs

from tunas_dsl.diagnostics import Diagnostic
from tunas_dsl.source import Source, Span
from tunas_dsl.syntax import rules
from tunas_dsl.syntax.automaton import States
from tunas_dsl.syntax.lexer import Token, span_of

OPENERS = {"RPAR": ("CALL", "LPAR"), "RBRACE": ("LBRACE",)}
CLOSERS = {opener: closer for closer, openers in OPENERS.items() for opener in openers}


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
    ``begun`` is the number of the token that began the statement. ``renamed`` are words of the language that
    were taken as names; ``implied``, the places of parentheses and braces that are not written as they
    should be, whose other half need not be reported.
    """

    source: Source
    tokens: Sequence[Token]
    number: int
    possible: frozenset[str]
    states: States
    opened: Sequence[Token]
    joinable: tuple[int, States] | None
    implied: frozenset[int]
    begun: int
    renamed: frozenset[str]

    @property
    def token(self) -> Token:
        """The token that the parser could not take."""
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

    @property
    def statement(self) -> str:
        """The kind of the statement that was begun, or nothing where the token may begin one."""
        return self.tokens[self.begun].kind if self.begun < self.number else ""

    def same_line(self) -> bool:
        """Whether the token before it stands on the same line."""
        return self.before is not None and "\n" not in self.source.text[self.before.end : self.token.start]

    def opener(self, closer: str) -> Token | None:
        """What a closing sign of this kind would close."""
        last = self.opened[-1] if self.opened else None
        return last if last is not None and last.kind in OPENERS[closer] else None

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

    def missing(self, what: str, insertion: str, form: str | None = None) -> rules.Missing:
        """The finding that something is missing before the token, and is mended by ``insertion``."""
        before = self.before
        place = before.end if before is not None else self.token.start
        span = Span(self.source, place, place)
        return rules.Missing(
            span=span,
            what=what,
            after=before.text if before is not None else "",
            insertion=rules.spaced(insertion, span),
            sure=insertion == ",",
            help=f"write `{form}`" if form else None,
        )
