"""What can be wrong with the text itself: codes E001 to E099."""

import re

import attrs

from tunas_dsl.diagnostics import Diagnostic, Fix, Note
from tunas_dsl.diagnostics.diagnostic import Near
from tunas_dsl.source import Span


@attrs.frozen(kw_only=True)
class UnexpectedText(Diagnostic):
    """Something stands where the grammar has another thing.

    The message names what was found and what can stand there. The statement around it is left out,
    and reading goes on with the next one.
    """

    code = "E001"
    message = "{found} cannot stand here; expected {expected}"

    found: str
    expected: str
    help: str | None = None
    other: Note | None = None

    @property
    def hint(self) -> str | None:
        """How to write what was probably meant."""
        return self.help

    @property
    def notes(self) -> tuple[Note, ...]:
        """The place that explains why."""
        return (self.other,) if self.other else ()


@attrs.frozen(kw_only=True)
class UnknownCharacter(Diagnostic):
    """A character, or a number written in a way, that the language does not have.

    Numbers are written ``3``, ``0.5``, ``5/8`` or, relative to the input filters, ``3x``. Names
    have letters, digits and underscores and begin with a letter.
    """

    code = "E002"
    message = "`{written}` is not part of the language"

    written: str
    help: str | None = None
    replacement: str | None = None
    sure: bool = True
    said: str | None = None

    @property
    def text(self) -> str:
        """The message, which names a character that looks like another, or that cannot be seen."""
        return self.said or super().text

    @property
    def hint(self) -> str | None:
        """How it is written in this language."""
        return self.help

    @property
    def fix(self) -> Fix | None:
        """What was meant."""
        if self.replacement is None:
            return None
        return Fix(self.span, self.replacement, "safe" if self.sure else "maybe")


@attrs.frozen(kw_only=True)
class UnexpectedEnd(Diagnostic):
    """The file ends in the middle of something, most often because a brace is not closed.

    The second place of the message is the bracket that is still open.
    """

    code = "E003"
    message = "the file ends here; expected {expected}"

    expected: str
    opened: Span | None = None
    closing: str = ""

    @property
    def notes(self) -> tuple[Note, ...]:
        """What is still open."""
        return (Note(self.opened, "this is not closed"),) if self.opened else ()

    @property
    def fix(self) -> Fix | None:
        """What closes it."""
        return Fix(self.span, self.closing, "maybe") if self.closing else None


@attrs.frozen(kw_only=True)
class TooLarge(Diagnostic):
    """The file is larger, or nested deeper, than any space is."""

    code = "E004"
    message = "{what} is more than the limit of {limit}"

    what: str
    limit: str


@attrs.frozen(kw_only=True)
class Misphrased(Diagnostic):
    """A fixed phrase of the language in other words.

    The phrases are ``input image 224 x 224 x 3``, ``filters divisible by 8`` and
    ``first (2 | 3) of { layers }``.
    """

    code = "E005"
    message = "`{written}` stands where `{meant}` belongs"

    written: str
    meant: str
    phrase: str = ""

    @property
    def hint(self) -> str | None:
        """The phrase as it is written."""
        return f"write `{self.phrase}`" if self.phrase else None

    @property
    def fix(self) -> Fix | None:
        """The word of the phrase."""
        return Fix(self.span, self.meant) if self.phrase else None


def first_of(span: Span) -> Misphrased:
    """The finding about ``first 2 | 3 of {`` and the like, which is what stands at ``span``."""
    written = " ".join(span.text.split())
    count = re.sub(r"^first\b|\bof\b|[(){]", "", written).strip() or "2 | 3"
    meant, phrase = f"first ({count}) of {{", "first (2 | 3) of { layers }"
    return Misphrased(span=span, written=written, meant=meant, phrase=phrase)


@attrs.frozen(kw_only=True)
class NotANumber(Diagnostic):
    """A number whose denominator is zero.

    ``5/8`` is five eighths, exactly; a factor of the input's filters is written ``3/2x``.
    """

    code = "E006"
    message = "`{written}` divides by zero"

    written: str


@attrs.frozen(kw_only=True)
class NotText(Diagnostic):
    """A .space file is UTF-8 text; this file has bytes that are not."""

    code = "E007"
    message = "the file is not UTF-8 text: byte {offset} is {byte}"

    offset: int
    byte: str

    @property
    def hint(self) -> str:
        """The way out."""
        return "save it as UTF-8"


@attrs.frozen(kw_only=True)
class TooManyDigits(Diagnostic):
    """A number with more digits than any number of filters, pixels or classes has.

    Fractions say more with fewer digits: ``1/3``.
    """

    code = "E008"
    message = "{what} has more than {limit} digits"

    limit: int
    what: str = "this number"


@attrs.frozen(kw_only=True)
class UnknownStatement(Diagnostic):
    """A statement begins with a word that no statement has.

    In a space, statements begin with ``input``, ``filters divisible by``, ``let``, ``decide``, ``layer``,
    ``default``, ``block`` or ``classifier``; before it with ``import``, ``let``, ``decide``, ``layer`` or
    ``default``. Layers stand between the braces of a block.
    """

    code = "E009"
    message = "`{written}` does not begin a statement"

    written: str
    help: str
    keyword: Near | None = None
    missing: str = ""

    @property
    def hint(self) -> str:
        """The word that was meant, or where a layer belongs."""
        return self.help

    @property
    def fix(self) -> Fix | None:
        """The word that was meant, or the one that is missing."""
        if self.missing:
            return Fix(Span(self.span.source, self.span.start, self.span.start), self.missing, "maybe")
        return self.keyword.fix(self.span) if self.keyword else None


def spaced(sign: str, place: Span) -> str:
    """A sign that is written at ``place``, with a blank behind ``:`` and around ``{`` where there is none."""
    text = place.source.text
    before, after = text[: place.start][-1:], text[place.end :][:1]
    front = " " if sign == "{" and before and not before.isspace() else ""
    back = " " if sign in (":", "{") and after and not after.isspace() else ""
    return front + sign + back


@attrs.frozen(kw_only=True)
class WrongSign(Diagnostic):
    """A sign or word in the place of another, as other languages have it.

    Arguments are written ``name: value``, definitions ``name = value``, alternatives ``a | b``.
    """

    code = "E010"
    message = "`{written}` stands where `{meant}` belongs"

    written: str
    meant: str
    help: str | None = None
    blanks: bool = False
    sure: bool = True

    @property
    def hint(self) -> str | None:
        """The form of what it stands in."""
        return self.help

    @property
    def fix(self) -> Fix:
        """The sign that belongs there, with the blanks that are usual around it."""
        sign = f" {self.meant} " if self.blanks else spaced(self.meant, self.span)
        return Fix(self.span, sign, "safe" if self.sure else "maybe")


@attrs.frozen(kw_only=True)
class Missing(Diagnostic):
    """Something is left out: a comma between arguments, a brace or parenthesis, a name, a value.

    The message marks the place behind which it is missing.
    """

    code = "E011"
    message = "{what} is missing after `{after}`"

    what: str
    after: str
    insertion: str = ""
    sure: bool = False
    opened: Span | None = None
    help: str | None = None

    @property
    def hint(self) -> str | None:
        """How it is written."""
        return self.help

    @property
    def notes(self) -> tuple[Note, ...]:
        """What is not closed."""
        return (Note(self.opened, "this is not closed"),) if self.opened else ()

    @property
    def fix(self) -> Fix | None:
        """What is missing, in its place."""
        if not self.insertion:
            return None
        return Fix(self.span, self.insertion, "safe" if self.sure else "maybe")


@attrs.frozen(kw_only=True)
class Surplus(Diagnostic):
    """Something that is there once too often: a comma, a parenthesis or brace that closes nothing.

    Where a brace closes too early, what follows is outside of its block or space.
    """

    code = "E012"
    message = "`{written}` is one too many"

    written: str
    sure: bool = False
    help: str | None = None

    @property
    def hint(self) -> str | None:
        """What it does there."""
        return self.help

    @property
    def fix(self) -> Fix:
        """The text without it."""
        return Fix(self.span, "", "safe" if self.sure else "maybe")


@attrs.frozen(kw_only=True)
class LooseParenthesis(Diagnostic):
    """A call whose parenthesis does not touch its name.

    Layers of a block stand side by side, so ``relu (conv(kernel: 3) | skip)`` is two of them: ``relu``
    and a decision. The parenthesis of a call touches the name: ``conv(kernel: 3)``.
    """

    code = "E013"
    message = "the parenthesis of `{name}` must touch its name"

    name: str

    @property
    def hint(self) -> str:
        """How it is written."""
        return f"write `{self.name}(`"

    @property
    def fix(self) -> Fix:
        """The call without the space."""
        return Fix(self.span, f"{self.name}(")


@attrs.frozen(kw_only=True)
class MergeConflict(Diagnostic):
    """Lines that a version control system left where two changes of the same lines met.

    Both sides stand there, between lines of seven ``<``, ``=`` and ``>``. What is outside is checked as if
    the first side were all there is.
    """

    code = "E014"
    message = "lines {first}-{last} are an unresolved merge conflict; nothing inside is checked"

    whole: Span

    @property
    def first(self) -> int:
        """The line of the first marker."""
        return self.whole.source.line_number(self.whole.start)

    @property
    def last(self) -> int:
        """The line of the last marker."""
        return self.whole.source.line_number(self.whole.end)

    @property
    def text(self) -> str:
        """The message, which is another for a marker that stands alone."""
        alone = f"line {self.first} is left over from a merge conflict"
        return alone if self.first == self.last else super().text

    @property
    def hint(self) -> str:
        """The way out."""
        return "keep what is meant of both sides, and remove the lines of `<<<<<<<`, `=======` and `>>>>>>>`"


RULES = (
    *(UnexpectedText, UnknownCharacter, UnexpectedEnd, TooLarge, Misphrased, NotANumber, NotText),
    *(TooManyDigits, UnknownStatement, WrongSign, Missing, Surplus, LooseParenthesis, MergeConflict),
)
