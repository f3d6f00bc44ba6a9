"""How far tokens could be read: the statement that was begun, and what is open."""

from collections import Counter

import attrs

from tunas_dsl.syntax.automaton import States, begin, move
from tunas_dsl.syntax.lexer import Token
from tunas_dsl.syntax.recovery.stuck import CLOSERS, Repair
from tunas_dsl.syntax.words import STATEMENTS


@attrs.define(eq=False)
class Reading:
    """The tokens of a text, and where one stands who reads them up to a place where they do not parse.

    ``states`` are those of the automaton there. ``begun`` is the number of the token that began the
    statement, ``before`` the states before it, and ``level`` how many of the ``opened`` signs stand around
    it. ``joinable`` is where a name is followed by a parenthesis that does not touch it, and the states
    before. ``inside`` are the states before the brace that closed the space, the token ``closed_by``.
    ``cut`` says that braces may have been left out with a statement.
    """

    tokens: list[Token]
    states: States = attrs.field(factory=begin)
    before: States = attrs.field(factory=begin)
    begun: int = 0
    level: int = 0
    opened: list[Token] = attrs.field(factory=list)
    joinable: tuple[int, States] | None = None
    inside: States | None = None
    closed_by: int = 0
    cut: bool = False

    def take(self, number: int) -> bool:
        """Read one token, if it can stand there."""
        token = self.tokens[number]
        opens = token.kind == "LPAR" or (token.kind, token.text) == ("ODD", "[")
        if opens and number and self.tokens[number - 1].kind == "NAME":
            self.joinable = number - 1, self.states[:-1]
        trial = self.states.copy()
        if not move(trial, token.kind):
            return False
        self.states = trial
        if self.begins_statement(number):
            self.before, self.begun, self.level = trial[:-1], number, len(self.opened)
            self.joinable = None
        if token.kind in CLOSERS:
            self._open(number)
        elif token.kind in CLOSERS.values() and self.opened:
            self._close(number)
        return True

    def _open(self, number: int) -> None:
        token = self.tokens[number]
        self.opened.append(token)
        if len(self.opened) == 1 and token.kind == "LBRACE":  # of the space
            self.begin_at(number + 1)

    def _close(self, number: int) -> None:
        self.opened.pop()
        self.joinable = None
        if not self.opened and self.tokens[number].kind == "RBRACE":
            self.inside, self.closed_by = self.states[:-1], number

    def begin_at(self, number: int) -> None:
        """A statement begins there; what came before is complete."""
        self.before, self.begun, self.level = self.states.copy(), number, len(self.opened)

    def begins_statement(self, number: int) -> bool:
        """Whether this token begins one."""
        kind = self.tokens[number].kind
        if kind == "FILTERS":  # which also names an argument
            return number + 1 < len(self.tokens) and self.tokens[number + 1].kind == "NAME"
        return kind in STATEMENTS

    def next_statement(self, number: int) -> int:
        """The first token from ``number`` on that begins one, or the end."""
        numbers = range(number, len(self.tokens))
        return next((later for later in numbers if self.begins_statement(later)), len(self.tokens))

    def is_balanced(self) -> bool:
        """Whether there are as many closing signs as opening ones, read or not."""
        count = Counter(token.kind for token in self.tokens)
        return count["LPAR"] + count["CALL"] == count["RPAR"] and count["LBRACE"] == count["RBRACE"]

    def end_of_statement(self, number: int) -> int:
        """The first token behind ``number`` that stands outside of what the statement opened."""
        depth = len(self.opened)
        while number < len(self.tokens) and depth > self.level:
            kind = self.tokens[number].kind
            depth += (kind in CLOSERS) - (kind in CLOSERS.values())
            number += 1
        return number

    def leave_out(self, behind: int) -> int:
        """Take the statement that was begun out, up to ``behind``; where to go on."""
        begun = self.begun
        depth = sum((t.kind == "LBRACE") - (t.kind == "RBRACE") for t in self.tokens[begun:behind])
        self.cut = self.cut or depth != 0
        del self.tokens[begun:behind]
        self.states = self.before.copy()
        del self.opened[self.level :]
        self.joinable = None
        return begun

    def replace_header(self) -> int:
        """Put a plain ``space NAME {`` in the place of one that cannot be read; where to go on."""
        begun, last = self.begun, self.next_statement(self.begun + 1)
        brace = next((n for n in range(begun, last) if self.tokens[n].kind == "LBRACE"), last - 1)
        place = self.tokens[begun]
        name, opening = (Token(*sign, place.end, place.end) for sign in (("NAME", "_"), ("LBRACE", "{")))
        self.tokens[begun : brace + 1] = [place, name, opening]
        self.states = self.before.copy()
        return begun

    def change(self, repair: Repair) -> int:
        """Change the tokens; where to go on."""
        self.tokens[repair.at : repair.at + repair.removed] = repair.put
        self.begun = min(self.begun, repair.at)
        self.states = repair.states.copy()
        if self.joinable is not None and repair.at == self.joinable[0]:
            if self.opened and self.opened[-1].start > repair.put[0].start:
                self.opened.pop()
            self.joinable = None
        return repair.at

    def reopen(self, states: States) -> None:
        """Take out the brace that closed the space, before which were ``states``."""
        del self.tokens[self.closed_by]
        self.states, self.inside = states.copy(), None
        self.opened.append(Token("LBRACE", "{", 0, 1))
