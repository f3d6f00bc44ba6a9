"""What can be wrong with decisions: what can be decided, and what can be shared."""

from collections.abc import Collection

import attrs

from tunas_dsl.diagnostics import Diagnostic, Fix, Note
from tunas_dsl.source import Span, inside


@attrs.frozen(kw_only=True)
class NotDecidable(Diagnostic):
    """Alternatives where a single value belongs; a stride, for one, cannot be decided."""

    code = "E202"
    message = "`{owner}` cannot be decided; it takes one value"

    owner: str
    first: Span | None = None

    @property
    def notes(self) -> tuple[Note, ...]:
        """Where the alternatives are written, if they have a name."""
        return (Note(self.first, "the alternatives"),) if self.first else ()

    @property
    def hint(self) -> str | None:
        """The way out."""
        if self.owner in ("classes", "dropout"):
            return None
        if self.owner == "stride":
            return "every architecture of a space has the same strides"
        return f"for a choice of `{self.owner}`, let whole layers differ: `(a | b)`"


@attrs.frozen(kw_only=True)
class MixedDecision(Diagnostic):
    """A decision that is shared by ``decide``, combined with alternatives that are not.

    Such a setting would be two decisions at once. Give the alternatives a ``decide`` of their own, or write
    the combined ones out.
    """

    code = "E206"
    message = "the shared decision `{name}` cannot be combined with other alternatives"

    name: str
    uses: Collection[Span] = attrs.field(default=(), eq=False)
    combined: str | None = None

    @property
    def notes(self) -> tuple[Note, ...]:
        """Where else the decision is used, which here would be another one."""
        return tuple(
            Note(use, f"`{self.name}` is also used here") for use in self.uses if not inside(use, self.span)
        )

    @property
    def hint(self) -> str:
        """The way out."""
        options = f": `{self.combined}`" if self.combined else ""
        return (
            f"leave out `{self.name}` here, or write the combined options, a decision of their own{options}"
        )

    @property
    def fix(self) -> Fix | None:
        """The combined options, which change together with nothing else any more."""
        return Fix(self.span, self.combined, "maybe") if self.combined else None


@attrs.frozen(kw_only=True)
class TwoKinds(Diagnostic):
    """A shared decision that stands for two kinds of things, such as a kernel and filters."""

    code = "E207"
    message = "`{name}` decides {first} elsewhere, so it cannot decide {second} here"

    name: str
    first: str
    second: str
    place: Span

    @property
    def notes(self) -> tuple[Note, ...]:
        """The other use."""
        return (Note(self.place, f"decides {self.first} here"),)

    @property
    def hint(self) -> str:
        """The way out."""
        return f"give {self.second} a `decide` of its own"


@attrs.frozen(kw_only=True)
class NothingToDecide(Diagnostic):
    """A ``decide`` with one option.

    A ``decide`` is one decision that everything that names it shares. A name for a value is a ``let``.
    """

    code = "E208"
    message = "`{name}` has nothing to decide"

    name: str
    keyword: str = "let"

    @property
    def hint(self) -> str:
        """The way out."""
        return (
            f"write `{self.keyword} {self.name} = ...`, or give it alternatives: `decide {self.name} = a | b`"
        )
