"""What can be wrong with the text itself: codes E001 to E099."""

import attrs

from tunas_dsl.diagnostics import Diagnostic, Fix
from tunas_dsl.diagnostics.diagnostic import nearest, suggest


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

    @property
    def hint(self) -> str | None:
        """How to write what was probably meant."""
        return self.help


@attrs.frozen(kw_only=True)
class UnknownCharacter(Diagnostic):
    """A character, or a number written in a way, that the language does not have.

    Numbers are written ``3``, ``0.5``, ``5/8`` or, relative to the input filters, ``3x``. Names
    have letters, digits and underscores and begin with a letter.
    """

    code = "E002"
    message = "`{written}` is not part of the language"

    written: str


@attrs.frozen(kw_only=True)
class UnexpectedEnd(Diagnostic):
    """The file ends in the middle of something, most often because a brace is not closed."""

    code = "E003"
    message = "the file ends here; expected {expected}"

    expected: str


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

    The phrases are ``input image 224 x 224 x 3`` and ``filters divisible by 8``.
    """

    code = "E005"
    message = "`{written}` stands where `{meant}` belongs"

    written: str
    meant: str

    @property
    def hint(self) -> str:
        """The phrase as it is written."""
        return "write `input image HEIGHT x WIDTH x CHANNELS` or `filters divisible by NUMBER`"

    @property
    def fix(self) -> Fix:
        """The word of the phrase."""
        return Fix(self.span, self.meant)


@attrs.frozen(kw_only=True)
class NotANumber(Diagnostic):
    """A number whose denominator is zero."""

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


@attrs.frozen(kw_only=True)
class TooManyDigits(Diagnostic):
    """A number with more digits than any number of filters, pixels or classes has."""

    code = "E008"
    message = "this number has more than {limit} digits"

    limit: int


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
    defines: bool

    @property
    def hint(self) -> str:
        """The word that was meant, or where a layer belongs."""
        if self.defines:
            return f"write `let {self.written} = ...` or `layer {self.written} = ...`"
        return suggest(self.written, STATEMENTS) or "layers stand between the braces of a block"

    @property
    def fix(self) -> Fix | None:
        """The word that was meant."""
        near = None if self.defines else nearest(self.written, STATEMENTS)
        return near.fix(self.span) if near else None


STATEMENTS = (
    *("import", "space", "input", "filters", "let"),
    *("decide", "layer", "default", "block", "classifier"),
)

RULES = (
    *(UnexpectedText, UnknownCharacter, UnexpectedEnd, TooLarge, Misphrased),
    *(NotANumber, NotText, TooManyDigits, UnknownStatement),
)
