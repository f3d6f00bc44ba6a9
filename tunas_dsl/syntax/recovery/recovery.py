"""One text on its way from tokens that do not parse to tokens that do."""

import attrs

from tunas_dsl.diagnostics import Diagnostic, Note, Report
from tunas_dsl.source import Source, Span
from tunas_dsl.syntax import rules, tree
from tunas_dsl.syntax.automaton import accepted, move, reach
from tunas_dsl.syntax.grammar import END
from tunas_dsl.syntax.lexer import Token, span_of, word_of
from tunas_dsl.syntax.recovery.complaints import (
    DEFINING,
    complaint,
    first_phrase,
    misplaced,
    unknown_statement,
)
from tunas_dsl.syntax.recovery.endings import unexpected_end
from tunas_dsl.syntax.recovery.reading import Reading
from tunas_dsl.syntax.recovery.repairs import repairs
from tunas_dsl.syntax.recovery.signs import BARS
from tunas_dsl.syntax.recovery.stuck import CLOSERS, Repair, Stuck
from tunas_dsl.syntax.words import STATEMENTS

_LOOK_AHEAD = 200  # tokens behind a repair that it is judged by


@attrs.define(eq=False)
class Recovery:
    """One text whose tokens do not parse, on its way to tokens that do.

    ``broken`` are the statements that were left out; ``doubtful``, places whose meaning is a guess.
    """

    source: Source
    report: Report
    tokens: list[Token]
    limit: int
    broken: list[tree.Broken] = attrs.field(factory=list)
    doubtful: list[int] = attrs.field(factory=list)
    found: int = 0
    _reading: Reading = attrs.field(init=False)
    _implied: set[int] = attrs.field(factory=set)
    _renamed: set[str] = attrs.field(factory=set)

    def __attrs_post_init__(self) -> None:
        self._reading = Reading(self.tokens)

    def mended(self) -> list[Token] | None:
        """Tokens that parse, or None where there are too many mistakes."""
        number = 0
        while True:
            if number == len(self.tokens):
                return self._end()
            if self._reading.take(number):
                number += 1
            elif self.found < self.limit:
                number = self._mend(number)
            else:
                return None

    def _mend(self, number: int) -> int:
        """Repair or leave out what stands at ``number``; where to go on."""
        stuck = self._stuck(number)
        phrase = first_phrase(stuck)
        if phrase is not None:
            self._add(phrase)
            return self._cut_out(self._reading.next_statement(number))
        if stuck.possible == {END}:
            return self._behind_the_space(stuck)
        if stuck.token.text not in self._renamed and self._is_misplaced(number):
            return self._misplaced(stuck)
        if _is_outside(stuck):
            return self._open_space(stuck)
        if _is_second_layer(stuck):
            return self._leave_out(stuck, "several layers stand in braces: `residual({ a b })`")
        repair = self._best(stuck)
        if repair is not None:
            return self._apply(repair)
        if "LET" not in stuck.possible:
            return self._leave_out(stuck)
        # Whatever came before is complete.
        if stuck.token.kind == "FROM":
            return self._python_import(stuck)
        return self._unknown_statement(stuck)

    def _stuck(self, number: int) -> Stuck:
        reading = self._reading
        return Stuck(
            source=self.source,
            tokens=self.tokens,
            number=number,
            possible=frozenset(accepted(reading.states)),
            states=reading.states,
            opened=reading.opened,
            joinable=reading.joinable,
            implied=frozenset(self._implied),
            begun=reading.begun,
            renamed=frozenset(self._renamed),
        )

    def _open_space(self, stuck: Stuck) -> int:
        """Report a statement that stands in no space, and read on as if one began before it."""
        self._add(complaint(stuck, "the statements of a space stand in `space name { ... }`"))
        number, start = stuck.number, stuck.token.start
        header = (("SPACE", "space"), ("NAME", "_"), ("LBRACE", "{"))
        self.tokens[number:number] = [Token(kind, text, start, start) for kind, text in header]
        self._implied.add(start)
        return number

    def _best(self, stuck: Stuck) -> Repair | None:
        """The repair after which most tokens can be taken, the first among equals."""
        end = min(self._reading.next_statement(stuck.number + 1) + 1, stuck.number + _LOOK_AHEAD)
        best, furthest = None, stuck.number
        for repair in repairs(stuck):
            rest = [token.kind for token in self.tokens[repair.at + repair.removed : end]]
            if end > len(self.tokens):
                rest.append(END)
            taken = reach(repair.states, [*(token.kind for token in repair.put), *rest]) - len(repair.put)
            if taken < 0:
                continue
            reached = repair.at + repair.removed + taken
            if reached > furthest and (taken > repair.least or taken == len(rest)):
                best, furthest = repair, reached
        return best

    def _apply(self, repair: Repair) -> int:
        if repair.finding is not None:
            self._add(repair.finding)
        token = self.tokens[repair.at]
        if repair.doubtful:
            self.doubtful.append(self.tokens[repair.at - 1].start if repair.at else token.start)
        if token.kind in STATEMENTS and repair.put and repair.put[0].kind in ("NAME", "CALL"):
            self._renamed.add(token.text)
        if repair.implies:
            self._implied.add(repair.put[0].start)
        return self._reading.change(repair)

    def _is_misplaced(self, number: int) -> bool:
        """Whether a statement stands in a block all of whose braces are closed."""
        reading = self._reading
        return reading.begins_statement(number) and len(reading.opened) > 1 and reading.is_balanced()

    def _misplaced(self, stuck: Stuck) -> int:
        """Report a statement inside a block, and leave out the block."""
        self._add(misplaced(stuck))
        return self._cut_out(self._reading.end_of_statement(stuck.number))

    def _cut_out(self, behind: int) -> int:
        """Leave out the statement that was begun, up to ``behind``."""
        begun = self._reading.begun
        first, *rest = self.tokens[begun : begun + 2]
        named = bool(rest) and first.kind in DEFINING and rest[0].kind in ("NAME", "CALL")
        name = word_of(rest[0]) if named else None
        span = span_of(self.source, first)
        self.broken.append(tree.Broken(first.kind.lower(), name, span=span))
        return self._reading.leave_out(behind)

    def _leave_out(self, stuck: Stuck, help: str | None = None) -> int:
        """Report a token, and leave out its statement."""
        self._add(complaint(stuck, help))
        reading = self._reading
        begun = self.tokens[reading.begun] if reading.begun < len(self.tokens) else stuck.token
        if begun.kind == "SPACE" and not reading.opened:
            return reading.replace_header()
        return self._cut_out(reading.next_statement(max(stuck.number, reading.begun + 1)))

    def _unknown_statement(self, stuck: Stuck) -> int:
        """Report a token that stands where a statement begins, and begins none."""
        number = stuck.number
        if stuck.token.kind in ("NAME", "CALL"):
            self._add(unknown_statement(stuck))
            following = [word_of(t) for t in self.tokens[number : number + 2] if t.kind in ("NAME", "CALL")]
            word = word_of(stuck.token)
            self.broken += [tree.Broken(word, name, span=stuck.span) for name in following]
        else:
            self._add(complaint(stuck))
        return self._pass_over(number, self._reading.next_statement(number + 1))

    def _python_import(self, stuck: Stuck) -> int:
        """``from blocks import bneck``."""
        number = stuck.number
        names = [word_of(token) for token in self.tokens[number + 1 : number + 4 : 2]]
        help = 'write `import name from "file.space"`'
        if len(names) == 2:
            help = f'write `import {names[1]} from "{names[0]}.space"`'
        self._add(complaint(stuck, help))
        self.broken.append(tree.Broken("import", None, span=stuck.span))
        importing = self._reading.next_statement(number + 1)
        return self._pass_over(number, self._reading.next_statement(importing + 1))

    def _pass_over(self, number: int, behind: int) -> int:
        """Leave out what begins no statement, up to ``behind``; what came before is complete."""
        self._reading.begin_at(number)
        return self._reading.leave_out(behind)

    def _behind_the_space(self, stuck: Stuck) -> int:
        """What follows the brace that closes the space: one brace too many, or a statement outside."""
        number, token, reading = stuck.number, stuck.token, self._reading
        if token.kind == "RBRACE":
            if not reading.cut:
                self._add(rules.Surplus(span=stuck.span, written="}"))
            del self.tokens[number]
            return number
        if token.kind == "SPACE" or reading.inside is None or not reading.begins_statement(number):
            return self._behind_everything(stuck)
        closing = self._end_of_space()
        kinds = [later.kind for later in self.tokens[number:]]
        if kinds.count("RBRACE") > kinds.count("LBRACE"):
            help = f"it closes the space, so that `{token.text}` stands outside"
            self._add(rules.Surplus(span=closing, written="}", help=help))
        else:
            help = f"move `{token.text}` into the braces of the space"
            self._add(complaint(stuck, help, Note(closing, "the space ends here")))
            self.tokens.append(self.tokens[reading.closed_by])
        reading.reopen(reading.inside)
        return number - 1

    def _behind_everything(self, stuck: Stuck) -> int:
        """Report a second space, or what begins no statement, and leave it out."""
        number, second = stuck.number, stuck.token.kind == "SPACE"
        help = "a file has one space: move this one to a file of its own" if second else None
        self._add(complaint(stuck, help, Note(self._end_of_space(), "the space ends here")))
        behind = len(self.tokens) if second else self._reading.next_statement(number + 1)
        del self.tokens[number:behind]
        return number

    def _end_of_space(self) -> Span:
        return span_of(self.source, self.tokens[self._reading.closed_by])

    def _end(self) -> list[Token] | None:
        """The tokens, closed where something is open."""
        reading = self._reading
        if move(reading.states.copy(), END):
            return self.tokens
        closers = [
            Token(CLOSERS[opener.kind], "", opener.start, opener.start) for opener in reversed(reading.opened)
        ]
        closed = reach(reading.states, [*(token.kind for token in closers), END]) == len(closers) + 1
        said = [opener for opener in reading.opened if opener.start not in self._implied]
        if (said or not closed) and not reading.cut:
            self._add(unexpected_end(self.source, self.tokens, said, reading.states))
            end = Span(self.source, len(self.source.text), len(self.source.text))
            self.broken.append(tree.Broken("end", None, span=end))
        reading.cut = True
        if closed:
            self.tokens += closers
            return self.tokens
        if reading.begun >= len(self.tokens):
            return None
        self._cut_out(len(self.tokens))
        return self._end() if self.tokens else None

    def _add(self, diagnostic: Diagnostic) -> None:
        self.found += 1
        self.report.add(diagnostic)


def _is_second_layer(stuck: Stuck) -> bool:
    """Whether a layer follows another one between the parentheses of a residual."""
    token = stuck.token
    inside = bool(stuck.opened) and stuck.opened[-1].text == "residual("
    named = token.kind in ("NAME", "CALL") and token.text not in BARS
    return inside and "RPAR" in stuck.possible and named


def _is_outside(stuck: Stuck) -> bool:
    """Whether a statement of a space stands before any space."""
    kinds = ("INPUT", "FILTERS", "BLOCK", "CLASSIFIER")
    return stuck.token.kind in kinds and {"SPACE", "LET"} <= stuck.possible
