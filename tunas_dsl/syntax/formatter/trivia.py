"""The words of a text, and what stands between them: comments, line ends, blank lines."""

from collections.abc import Iterator

import attrs

from tunas_dsl.syntax.lexer import lex

_BLANK = " \t\f\r"


@attrs.frozen
class Comment:
    """A comment on a line of its own, and whether a blank line stands before it."""

    text: str
    blank: bool = False


@attrs.frozen
class Gap:
    """What stands between two words.

    ``trailing`` is the comment behind the first of them, ``own`` are those on lines of their own. ``newline``
    says that the words stand on different lines, ``blank`` that a blank line is just before the second.
    """

    trailing: str | None = None
    own: tuple[Comment, ...] = ()
    newline: bool = False
    blank: bool = False

    @property
    def has_comments(self) -> bool:
        """Whether anything stands here that must be kept."""
        return self.trailing is not None or bool(self.own)

    def comments(self) -> Iterator[str]:
        """The comments, in the order of the text."""
        if self.trailing is not None:
            yield self.trailing
        yield from (comment.text for comment in self.own)

    def then(self, later: "Gap") -> "Gap":
        """One gap of this and the next one, where the word between them goes elsewhere."""
        if self is _NOTHING:
            return later
        own = list(later.own)
        if later.trailing is not None and self.has_comments:
            own.insert(0, Comment(later.trailing))
        if own and self.blank:
            own[0] = Comment(own[0].text, blank=True)
        return Gap(
            self.trailing if self.has_comments else later.trailing,
            (*self.own, *own),
            self.newline or later.newline,
            later.blank or (self.blank and not own),
        )


_NOTHING = Gap()
"""What most words have before them."""


@attrs.frozen
class Word:
    """A token, and the gap before it."""

    kind: str
    text: str
    gap: Gap = _NOTHING

    @property
    def width(self) -> int:
        """How many columns the word takes."""
        return len(self.text)


def words_of(text: str) -> list[Word]:
    """The words of a text that has no syntax errors; the last, of kind ``$END``, is empty."""
    found: list[Word] = []
    end = 0
    for token in lex(text):
        found.append(Word(token.kind, token.text, _gap(text[end : token.start], first=end == 0)))
        end = token.end
    return [*found, Word("$END", "", _gap(text[end:] + "\n", first=end == 0))]


def _gap(text: str, *, first: bool) -> Gap:
    """The gap with this text; at the beginning of a file no comment is behind a word."""
    if not first and "\n" not in text:  # and so no comment
        return _NOTHING
    behind, *lines = [line.strip(_BLANK) for line in ("\n" + text if first else text).split("\n")]
    own: list[Comment] = []
    blank = False
    for line in lines[:-1]:  # the second word stands on the last
        if line:
            own.append(Comment(line, blank))
        blank = not line
    return Gap(behind or None, tuple(own), bool(lines), blank)


def tidy(words: list[Word]) -> list[Word]:
    """The words as the canonical style has them, and the comments where it has them.

    What belongs to the word before it (``,``, ``:``, ``=``, the brace of a header) has no comments before it,
    and ``|``, which begins a line, none behind. The tree of the text stays the same.
    """
    tidying = _Tidying()
    for word, later in zip(words, [*words[1:], None], strict=True):
        tidying.take(word, later.kind if later else "")
    return tidying.done


@attrs.define
class _Tidying:
    """The words so far. ``carried`` is the gap of one that is gone or has moved up to the word before it."""

    done: list[Word] = attrs.field(factory=list)
    carried: Gap = _NOTHING
    in_header: bool = False
    depth: int = 0  # of parentheses

    def take(self, word: Word, next_kind: str) -> None:
        """Add a word, or what stands for it."""
        word = attrs.evolve(word, gap=self.carried.then(word.gap))
        self.carried = _NOTHING
        if self.follows("BAR"):
            self.done[-1] = attrs.evolve(self.done[-1], gap=self.done[-1].gap.then(word.gap))
            word = attrs.evolve(word, gap=_NOTHING)
        if word.kind == "COMMA" and next_kind in ("RPAR", "FROM"):
            self.carried = word.gap
            return
        word = self.respelt(word)
        if word.kind in ("COMMA", "COLON", "EQUAL") or self.ends_header(word):
            self.carried = self.carried.then(word.gap)
            word = attrs.evolve(word, gap=_NOTHING)
        self.in_header = word.kind in ("SPACE", "BLOCK") or (self.in_header and not self.ends_header(word))
        self.depth += {"LPAR": 1, "CALL": 1, "RPAR": -1}.get(word.kind, 0)
        self.done.append(word)

    def respelt(self, word: Word) -> Word:
        """The word in its canonical spelling."""
        if self.follows("INPUT", "NAME") and word.kind in ("DIMENSIONS", "SIZE"):
            return attrs.evolve(word, text=word.text.replace("x", " x "))
        if self.follows("BLOCK") and word.kind == "CALL":  # `block b(` is `block b (`
            self.done.append(Word("NAME", word.text[:-1], word.gap))
            return Word("LPAR", "(")
        if self.follows("DEFAULT", "NAME") and word.kind == "LPAR":  # `default conv (` is `default conv(`
            self.carried = word.gap
            name = self.done.pop()
            return Word("CALL", f"{name.text}(", name.gap)
        return word

    def ends_header(self, word: Word) -> bool:
        """Whether this is the brace that opens a space or a block."""
        return word.kind == "LBRACE" and self.in_header and self.depth == 0

    def follows(self, *kinds: str) -> bool:
        """Whether the last words are of these kinds."""
        return tuple(word.kind for word in self.done[-len(kinds) :]) == kinds
