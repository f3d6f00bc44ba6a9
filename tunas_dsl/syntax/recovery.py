"""Tokens that do not parse to tokens that do: the smallest change is found, and reported with its fix.

Where a token cannot stand, a few repairs are tried (another sign, one that is missing, one too many), and
the one after which most of the statement parses is taken. Where none helps, the statement is left out,
and reading goes on with the next one.
"""

import re

import attrs

from tunas_dsl.diagnostics import Diagnostic, Note, Report
from tunas_dsl.source import Source, Span
from tunas_dsl.syntax import rules, tree
from tunas_dsl.syntax.automaton import States, accepted, begin, move, reach
from tunas_dsl.syntax.grammar import END
from tunas_dsl.syntax.lexer import Token, span_of, word_of
from tunas_dsl.syntax.repairs import BARS, HELP, Repair, Stuck, keyword_near, repairs, sign_help
from tunas_dsl.syntax.rules import first_of
from tunas_dsl.syntax.words import FORMS, STATEMENTS, listed

_DEFINING = frozenset({"LET", "DECIDE", "LAYER", "BLOCK"})
_CLOSERS = {"CALL": "RPAR", "LPAR": "RPAR", "LBRACE": "RBRACE"}
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
    _states: States = attrs.field(factory=begin)
    _before: States = attrs.field(factory=begin)  # the statement
    _begun: int = 0
    _level: int = 0
    _opened: list[Token] = attrs.field(factory=list)
    _inside: States | None = None  # before the brace that closed the space
    _closed_by: int = 0
    _joinable: tuple[int, States] | None = None
    _implied: set[int] = attrs.field(factory=set)
    _renamed: set[str] = attrs.field(factory=set)
    _cut: bool = False  # whether braces may have been left out with a statement

    def mended(self) -> list[Token] | None:
        """Tokens that parse, or nothing where there are too many mistakes."""
        number = 0
        while True:
            if number == len(self.tokens):
                return self._end()
            if self._take(number):
                number += 1
            elif self.found < self.limit:
                number = self._mend(number)
            else:
                return None

    def _take(self, number: int) -> bool:
        token = self.tokens[number]
        opens = token.kind == "LPAR" or (token.kind, token.text) == ("ODD", "[")
        if opens and number and self.tokens[number - 1].kind == "NAME":
            self._joinable = number - 1, self._states[:-1]
        trial = self._states.copy()
        if not move(trial, token.kind):
            return False
        self._states = trial
        if self._begins_statement(number):
            self._before, self._begun, self._level = trial[:-1], number, len(self._opened)
            self._joinable = None
        if token.kind in _CLOSERS:
            self._opened.append(token)
            if len(self._opened) == 1 and token.kind == "LBRACE":  # of the space
                self._before, self._begun, self._level = trial.copy(), number + 1, 1
        if token.kind in _CLOSERS.values() and self._opened:
            self._opened.pop()
            self._joinable = None
            if not self._opened and token.kind == "RBRACE":
                self._inside, self._closed_by = trial[:-1], number
        return True

    def _begins_statement(self, number: int) -> bool:
        kind = self.tokens[number].kind
        if kind == "FILTERS":  # which also names an argument
            return number + 1 < len(self.tokens) and self.tokens[number + 1].kind == "NAME"
        return kind in STATEMENTS

    def _next_statement(self, number: int) -> int:
        numbers = range(number, len(self.tokens))
        return next((later for later in numbers if self._begins_statement(later)), len(self.tokens))

    def _mend(self, number: int) -> int:
        """Repair or leave out what stands at ``number``; where to go on."""
        possible = frozenset(accepted(self._states))
        stuck = Stuck(
            self.source,
            self.tokens,
            number,
            possible,
            self._states,
            self._opened,
            self._joinable,
            frozenset(self._implied),
            self.tokens[self._begun].kind if self._begun < number else "",
            frozenset(self._renamed),
        )
        if self._first_phrase(number):
            return self._cut_out(self._next_statement(number))
        if possible == {END}:
            return self._behind_the_space(number)
        if self.tokens[number].text not in self._renamed and self._is_misplaced(number):
            return self._misplaced(number)
        if self._is_outside(number, possible):
            return self._open_space(number, possible)
        if self._is_second_layer(number, possible):
            help = "several layers stand in braces: `residual({ a b })`"
            return self._leave_out(number, possible, help)
        repair = self._best(stuck)
        if repair is not None:
            return self._apply(repair)
        if "LET" in possible:  # whatever came before is complete
            if self.tokens[number].kind == "FROM":
                return self._python_import(number, possible)
            return self._unknown_statement(number, possible)
        return self._leave_out(number, possible)

    def _is_second_layer(self, number: int, possible: frozenset[str]) -> bool:
        """Whether a layer follows another one between the parentheses of a residual."""
        token = self.tokens[number]
        inside = bool(self._opened) and self._opened[-1].text == "residual("
        return inside and "RPAR" in possible and token.kind in ("NAME", "CALL") and token.text not in BARS

    def _is_outside(self, number: int, possible: frozenset[str]) -> bool:
        """Whether a statement of a space stands before any space."""
        kinds = ("INPUT", "FILTERS", "BLOCK", "CLASSIFIER")
        return self.tokens[number].kind in kinds and {"SPACE", "LET"} <= possible

    def _open_space(self, number: int, possible: frozenset[str]) -> int:
        """Report a statement that stands in no space, and read on as if one began before it."""
        self._complain(number, possible, "the statements of a space stand in `space name { ... }`")
        start = self.tokens[number].start
        header = (("SPACE", "space"), ("NAME", "_"), ("LBRACE", "{"))
        self.tokens[number:number] = [Token(kind, text, start, start) for kind, text in header]
        self._implied.add(start)
        return number

    def _best(self, stuck: Stuck) -> Repair | None:
        """The repair after which most tokens can be taken, the first among equals."""
        end = min(self._next_statement(stuck.number + 1) + 1, stuck.number + _LOOK_AHEAD)
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
        self.tokens[repair.at : repair.at + repair.removed] = repair.put
        if repair.implies:
            self._implied.add(repair.put[0].start)
        if repair.at < self._begun:
            self._begun = repair.at
        self._states = repair.states.copy()
        if self._joinable is not None and repair.at == self._joinable[0]:
            if self._opened and self._opened[-1].start > repair.put[0].start:
                self._opened.pop()
            self._joinable = None
        return repair.at

    def _is_misplaced(self, number: int) -> bool:
        """Whether a statement stands in a block all of whose braces are closed."""
        if not self._begins_statement(number) or len(self._opened) < 2:
            return False
        kinds = [token.kind for token in self.tokens]
        return kinds.count("LBRACE") == kinds.count("RBRACE") and kinds.count("LPAR") + kinds.count(
            "CALL"
        ) == kinds.count("RPAR")

    def _misplaced(self, number: int) -> int:
        token = self.tokens[number]
        opened = span_of(self.source, self._opened[1])
        help = f"`{token.text}` begins a statement: move it out of the block"
        if token.kind == "DECIDE":
            help = (
                "a `decide` is one decision for the whole file and stands outside of braces; alternatives "
                "of whole layers, such as `residual(pair(3) | pair(5))`, are one decision for each use"
            )
        self._add(
            rules.UnexpectedText(
                span=span_of(self.source, token),
                found=f"`{token.text}`",
                expected="a layer or `}`",
                help=help,
                other=Note(opened, "the block begins here"),
            )
        )
        depth, last = len(self._opened), number
        while last < len(self.tokens) and depth > self._level:
            kind = self.tokens[last].kind
            depth += (kind in _CLOSERS) - (kind in _CLOSERS.values())
            last += 1
        return self._cut_out(last)

    def _cut_out(self, behind: int) -> int:
        """Leave out the statement that was begun, up to ``behind``."""
        begun = self._begun
        first, *rest = self.tokens[begun : begun + 2]
        named = bool(rest) and first.kind in _DEFINING and rest[0].kind in ("NAME", "CALL")
        name = word_of(rest[0]) if named else None
        span = span_of(self.source, first)
        self.broken.append(tree.Broken(first.kind.lower(), name, span=span))
        return self._resume(begun, behind)

    def _resume(self, begun: int, behind: int) -> int:
        depth = sum((t.kind == "LBRACE") - (t.kind == "RBRACE") for t in self.tokens[begun:behind])
        self._cut = self._cut or depth != 0
        del self.tokens[begun:behind]
        self._states = self._before.copy()
        del self._opened[self._level :]
        self._joinable = None
        return begun

    def _leave_out(self, number: int, possible: frozenset[str], help: str | None = None) -> int:
        """Report a token, and leave out its statement."""
        self._complain(number, possible, help)
        begun = self.tokens[self._begun] if self._begun < len(self.tokens) else self.tokens[number]
        if begun.kind == "SPACE" and len(self._opened) == 0:
            return self._header(number)
        behind = self._next_statement(max(number, self._begun + 1))
        return self._cut_out(behind)

    def _header(self, number: int) -> int:
        """Put a plain ``space NAME {`` in the place of one that cannot be read."""
        begun, last = self._begun, self._next_statement(self._begun + 1)
        brace = next((n for n in range(begun, last) if self.tokens[n].kind == "LBRACE"), last - 1)
        place = self.tokens[begun]
        name = Token("NAME", "_", place.end, place.end)
        brace_token = Token("LBRACE", "{", place.end, place.end)
        self.tokens[begun : brace + 1] = [place, name, brace_token]
        self._states = self._before.copy()
        return begun

    def _unknown_statement(self, number: int, possible: frozenset[str]) -> int:
        """Report a token that stands where a statement begins, and begins none."""
        token = self.tokens[number]
        behind = self._next_statement(number + 1)
        if token.kind not in ("NAME", "CALL"):
            self._complain(number, possible)
        else:
            word, span = word_of(token), span_of(self.source, token)
            near = keyword_near(word)
            layers = "layers stand between the braces of a block"
            help = HELP.get(word.lower()) or (near.question if near else layers)
            self._add(rules.UnknownStatement(span=span, written=word, help=help, keyword=near))
            following = [word_of(t) for t in self.tokens[number : number + 2] if t.kind in ("NAME", "CALL")]
            self.broken += [tree.Broken(word, name, span=span) for name in following]
        self._before, self._begun, self._level = self._states.copy(), number, len(self._opened)
        return self._resume(number, behind)

    def _python_import(self, number: int, possible: frozenset[str]) -> int:
        """``from blocks import bneck``."""
        names = [word_of(token) for token in self.tokens[number + 1 : number + 4 : 2]]
        help = 'write `import name from "file.space"`'
        if len(names) == 2:
            help = f'write `import {names[1]} from "{names[0]}.space"`'
        self._complain(number, possible, help)
        span = span_of(self.source, self.tokens[number])
        self.broken.append(tree.Broken("import", None, span=span))
        importing = self._next_statement(number + 1)
        self._before, self._begun, self._level = self._states.copy(), number, len(self._opened)
        return self._resume(number, self._next_statement(importing + 1))

    def _first_phrase(self, number: int) -> bool:
        """Report ``first (2 | 3) of { ... }`` in other words, where that is what cannot be read."""
        start = max(self._begun, number - 8)
        for place in range(number, start, -1):
            token = self.tokens[place]
            if self.tokens[place - 1].kind in _DEFINING:
                return False
            if word_of(token) == "first" and token.kind in ("NAME", "CALL"):
                following = self.tokens[place : place + 9]
                brace = next((t for t in following if t.kind == "LBRACE"), None)
                if brace is None or brace.start < self.tokens[number - 1].start:
                    return False
                span = Span(self.source, token.start, brace.end)
                self._add(first_of(span))
                return True
        return False

    def _behind_the_space(self, number: int) -> int:
        """What follows the brace that closes the space: one brace too many, or a statement outside."""
        token = self.tokens[number]
        if token.kind == "RBRACE":
            if not self._cut:
                self._add(rules.Surplus(span=span_of(self.source, token), written="}"))
            del self.tokens[number]
            return number
        closing = span_of(self.source, self.tokens[self._closed_by])
        if token.kind == "SPACE" or self._inside is None or not self._begins_statement(number):
            one = token.kind == "SPACE"
            help = "a file has one space: move this one to a file of its own" if one else None
            other = Note(closing, "the space ends here")
            self._complain(number, frozenset({END}), help, other)
            behind = len(self.tokens) if one else self._next_statement(number + 1)
            del self.tokens[number:behind]
            return number
        kinds = [later.kind for later in self.tokens[number:]]
        if kinds.count("RBRACE") > kinds.count("LBRACE"):
            help = f"it closes the space, so that `{token.text}` stands outside"
            self._add(rules.Surplus(span=closing, written="}", help=help))
        else:
            help = f"move `{token.text}` into the braces of the space"
            self._complain(number, frozenset({END}), help, Note(closing, "the space ends here"))
            self.tokens.append(self.tokens[self._closed_by])
        del self.tokens[self._closed_by]
        self._states, self._inside = self._inside.copy(), None
        self._opened.append(Token("LBRACE", "{", 0, 1))
        return number - 1

    def _complain(
        self, number: int, possible: frozenset[str], help: str | None = None, other: Note | None = None
    ) -> None:
        """Report a token that cannot stand here."""
        token = self.tokens[number]
        before = self.tokens[number - 1] if number else None
        begun = self.tokens[self._begun].kind if self._begun < number else ""
        if before is not None and before.kind == "FILTERS":
            begun = "FILTERS"
        form = help or (f"write `{FORMS[begun]}`" if begun in FORMS else None)
        what = listed(possible)
        if begun == "INPUT" and possible == {"NAME"}:
            what = "an `x` with a number behind it"
            size = Span(self.source, self.tokens[self._begun].start, self.tokens[number - 1].end)
            form = _with_channels(" ".join(size.text.split()))
        leaves = token.kind in STATEMENTS or token.kind in ("RBRACE", "RPAR")
        if leaves and before is not None and possible != {END} and "LET" not in possible:
            place = Span(self.source, before.end, before.end)
            if before.kind in ("BAR", "STAR", "COMMA", "EQUAL", "COLON"):
                form = None
            self._add(rules.Missing(span=place, what=what, after=before.text, help=form))
            return
        if token.kind == "ODD":
            span = span_of(self.source, token)
            self._add(rules.UnknownCharacter(span=span, written=token.text, help=sign_help(token.text)))
            return
        if token.kind == "BAR" and begun == "INPUT":
            form = "write `input image (160 | 192) x 3`"
        elif token.kind == "BAR" and begun == "BLOCK" and before is not None and before.kind == "NUMBER":
            form = "how many layers is decided in parentheses: `(2 | 3) * layer`"
        elif token.kind == "BAR" and begun == "BLOCK" and "NAME" in possible:
            form = "put alternatives between the layers of a block in parentheses: `(a | b)`"
        if token.kind == "IMPORT":
            form = "imports stand at the beginning of the file, before the space"
        self._add(
            rules.UnexpectedText(
                span=span_of(self.source, token),
                found=f"`{token.text}`",
                expected=what,
                help=form,
                other=other,
            )
        )

    def _end(self) -> list[Token] | None:
        """The tokens, closed where something is open."""
        if move(self._states.copy(), END):
            return self.tokens
        closers = [
            Token(_CLOSERS[opener.kind], "", opener.start, opener.start) for opener in reversed(self._opened)
        ]
        closed = reach(self._states, [*(token.kind for token in closers), END]) == len(closers) + 1
        said = [opener for opener in self._opened if opener.start not in self._implied]
        if (said or not closed) and not self._cut:
            self._unexpected_end()
            end = Span(self.source, len(self.source.text), len(self.source.text))
            self.broken.append(tree.Broken("end", None, span=end))
        self._cut = True
        if closed:
            self.tokens += closers
            return self.tokens
        if self._begun >= len(self.tokens):
            return None
        self._cut_out(len(self.tokens))
        return self._end() if self.tokens else None

    def _unexpected_end(self) -> None:
        last = len(self.source.text.rstrip())
        span = Span(self.source, last, last)
        opener = self._suspect()
        if opener is None:
            expected = listed(accepted(self._states))
            self._add(rules.UnexpectedEnd(span=span, expected=expected))
            return
        sign = {"RPAR": ")", "RBRACE": "}"}[_CLOSERS[opener.kind]]
        opened = Span(self.source, opener.end - 1, opener.end)
        closing = sign if len(self._opened) == 1 else ""
        self._add(rules.UnexpectedEnd(span=span, expected=f"`{sign}`", opened=opened, closing=closing))

    def _suspect(self) -> Token | None:
        """What is not closed: by its indentation, where that tells, or else what was opened last."""
        stack: list[Token] = []
        for token in self.tokens:
            if token.kind in _CLOSERS:
                stack.append(token)
            elif token.kind in _CLOSERS.values() and stack:
                opener = stack.pop()
                if token.kind == "RBRACE" and self._indentation(token) < self._indentation(opener):
                    return opener
        return self._opened[-1] if self._opened else None

    def _indentation(self, token: Token) -> int:
        start = self.source.text.rfind("\n", 0, token.start) + 1
        line = self.source.text[start : token.end]
        return len(line) - len(line.lstrip())

    def _add(self, diagnostic: Diagnostic) -> None:
        self.found += 1
        self.report.add(diagnostic)


def _with_channels(image: str) -> str:
    """The help for an image of which only the size is given, in the author's numbers."""
    single = re.fullmatch(r"(input image) ([0-9]+)", image)
    if single:
        image = f"{image} x {single[2]}"
    return f"write `{image} x 3`: the number of channels is missing"
