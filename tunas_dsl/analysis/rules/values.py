"""What can be wrong with values: another kind of thing, out of range, too many."""

import attrs

from tunas_dsl.diagnostics import Diagnostic, Fix, Note
from tunas_dsl.source import Span


@attrs.frozen(kw_only=True)
class WrongValue(Diagnostic):
    """A setting whose value is of another kind, or outside its range.

    The message says what the setting takes. Numbers are exact: ``1/3`` of 24 filters are 8.
    """

    code = "E201"
    message = "`{written}` is not {wanted}"

    written: str
    wanted: str
    help: str | None = None
    replacement: str | None = None
    use: Span | None = None

    @property
    def notes(self) -> tuple[Note, ...]:
        """Where the value is used, if it has a name."""
        return (Note(self.use, "used here"),) if self.use else ()

    @property
    def hint(self) -> str | None:
        """What was probably meant."""
        return self.help

    @property
    def fix(self) -> Fix | None:
        """That in its place."""
        return None if self.replacement is None else Fix(self.span, self.replacement, "maybe")


@attrs.frozen(kw_only=True)
class NotALayer(Diagnostic):
    """A value where a layer belongs.

    Between the braces of a block stand layers. What they are to be like is said by their arguments, how many
    of them there are by ``3 * layer``.
    """

    code = "E203"
    message = "`{written}` is not a layer"

    written: str
    help: str | None = None
    first: Span | None = None
    replacement: str | None = None

    @property
    def hint(self) -> str | None:
        """What was probably meant."""
        return self.help

    @property
    def notes(self) -> tuple[Note, ...]:
        """Where the value was given its name."""
        return (Note(self.first, "this is a value"),) if self.first else ()

    @property
    def fix(self) -> Fix | None:
        """What was meant, where that is sure."""
        return None if self.replacement is None else Fix(self.span, self.replacement)


@attrs.frozen(kw_only=True)
class NotAValue(Diagnostic):
    """A layer where a value belongs.

    Settings take numbers or words, such as ``relu`` for ``act``; a choice between layers stands outside:
    ``(conv(kernel: 3) | sepconv(kernel: 3))``.
    """

    code = "E204"
    message = "`{written}` is a layer, but {wanted} belongs here"

    written: str
    wanted: str
    word: str | None = None

    @property
    def hint(self) -> str | None:
        """The word, without parentheses."""
        return f"write `{self.word}`" if self.word else None

    @property
    def fix(self) -> Fix | None:
        """That word."""
        return Fix(self.span, self.word) if self.word else None


@attrs.frozen(kw_only=True)
class TooMany(Diagnostic):
    """More layers or options than any space has, most often by layers that repeat each other.

    Each layer of the text is one of the network, so that such a space would not fit into any computer.
    """

    code = "E205"
    message = "this makes more than {limit:,} {what}"

    limit: int
    what: str
    name: str | None = None
    count: int = 0

    @property
    def text(self) -> str:
        """The message, with the numbers where a definition is to blame."""
        if self.name is None:
            return super().text
        many = f"{self.count:,}" if self.count < 10**21 else f"more than 10^{len(str(self.count)) - 1}"
        return f"`{self.name}` stands for {many} {self.what}; at most {self.limit:,}"
