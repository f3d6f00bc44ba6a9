"""Warnings about what is written without effect, or is easily misread."""

import attrs

from tunas_dsl.diagnostics import Diagnostic, Fix, Note
from tunas_dsl.source import Span, lines_of


@attrs.frozen(kw_only=True)
class Unused(Diagnostic):
    """A let, decide, layer, parameter or imported name that nothing uses.

    Without it the space means the same. Names of a file without a space are not reported: others import them.
    """

    code = "W502"
    message = "`{name}` is never used"

    name: str
    statement: Span | None = None

    @property
    def fix(self) -> Fix | None:
        """The file without the statement: it means the same, but the name may have been meant to be used."""
        return Fix(lines_of(self.statement), "", "maybe") if self.statement else None


@attrs.frozen(kw_only=True)
class Shadowed(Diagnostic):
    """A parameter of a layer with the name of a let, decide or layer, which it hides inside the layer.

    That is allowed, and easily misread.
    """

    code = "W503"
    message = "the parameter `{name}` hides what `{name}` means elsewhere"

    name: str
    first: Span

    @property
    def notes(self) -> tuple[Note, ...]:
        """What is hidden."""
        return (Note(self.first, "hidden here"),)


@attrs.frozen(kw_only=True)
class RepeatedOption(Diagnostic):
    """An alternative that is written twice.

    Values that are equal are one option. Equal layers are two, with weights of their own, which is hardly
    meant.
    """

    code = "W505"
    message = "`{written}` is given twice"

    written: str
    first: Span

    @property
    def notes(self) -> tuple[Note, ...]:
        """The first one."""
        return (Note(self.first, "first given here"),)


@attrs.frozen(kw_only=True)
class EmptyBlock(Diagnostic):
    """A block without layers, which computes nothing and whose filters mean nothing.

    It gives on what it is given.
    """

    code = "W506"
    message = "the block `{name}` has no layers"

    name: str

    @property
    def hint(self) -> str:
        """The way out."""
        return "write its layers between the braces, or leave it out"


@attrs.frozen(kw_only=True)
class EarlyClassifier(Diagnostic):
    """A classifier before a block. Blocks are run in the order of the text, the classifier behind them."""

    code = "W511"
    message = "the classifier stands before the block `{block}`, but is run behind it"

    block: str

    @property
    def hint(self) -> str:
        """The way out."""
        return "move it to the end of the space"


@attrs.frozen(kw_only=True)
class IdleLayer(Diagnostic):
    """A layer that changes nothing where it stands, and so was hardly meant.

    An activation or an endpoint behind the same one; an endpoint before any layer, which marks the image
    itself; a residual over ``skip`` alone, which gives what it is given.
    """

    code = "W513"
    message = "`{written}` {why}"

    written: str
    why: str

    @property
    def hint(self) -> str:
        """The way out."""
        return "leave it out, or write what was meant"


@attrs.frozen(kw_only=True)
class IdleSilencing(Diagnostic):
    """A comment that silences a warning, on a line that has no such warning.

    Such comments outlive their cause, and would silence the next warning of that kind, too. Errors cannot be
    silenced.
    """

    code = "W512"
    message = "nothing on this line gives {silenced}"

    silenced: str
    rest: Fix

    @property
    def hint(self) -> str | None:
        """Why that is so, where it is always so."""
        return "errors cannot be silenced" if self.silenced.startswith("E") else None

    @property
    def fix(self) -> Fix:
        """The comment without what it silences for nothing."""
        return self.rest
