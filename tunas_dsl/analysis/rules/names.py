"""What can be wrong with names: what they mean, and what they may not mean."""

import attrs

from tunas_dsl.analysis.vocabulary import advice, meant
from tunas_dsl.diagnostics import Diagnostic, Fix, Note
from tunas_dsl.source import Span


@attrs.frozen(kw_only=True)
class UnknownName(Diagnostic):
    """A name that nothing defines: no let, layer, parameter, or word of the setting.

    Names are defined anywhere in the file, or imported; a parameter is known inside its layer alone.
    """

    code = "E101"
    message = "there is no {what} called `{name}`"

    name: str
    what: str
    known: frozenset[str]
    example: str | None = None
    help: str | None = None

    @property
    def hint(self) -> str | None:
        """A known name that is spelt nearly the same, or that others call so; else a value that fits."""
        if self.help is not None:
            return self.help
        defined = f"or define it by `let {self.name} = ...`"
        value = f"write {self.example}, {defined}" if self.example else None
        return advice(self.name, self.known) or value

    @property
    def fix(self) -> Fix | None:
        """That name in its place."""
        near = meant(self.name, self.known) if self.help is None else None
        return near.fix(self.span) if near else None


@attrs.frozen(kw_only=True)
class DuplicateName(Diagnostic):
    """A name that is defined twice; each name of a space means one thing.

    That holds for blocks, too, and for imported names: ``import a as b`` gives one of them another name.
    """

    code = "E102"
    message = "`{name}` is defined twice"

    name: str
    first: Span

    @property
    def notes(self) -> tuple[Note, ...]:
        """The first definition."""
        return (Note(self.first, "first defined here"),)


@attrs.frozen(kw_only=True)
class CyclicDefinition(Diagnostic):
    """A let or layer that is defined by itself.

    Lets and layers stand for their text, which here would never end. Layers are repeated by ``3 * more``.
    """

    code = "E103"
    message = "`{name}` is defined by itself: {cycle}"

    name: str
    cycle: str
    others: tuple[Note, ...] = ()

    @property
    def notes(self) -> tuple[Note, ...]:
        """The other definitions of the circle."""
        return self.others

    @property
    def hint(self) -> str:
        """The way out."""
        return f"let `{self.name}` stand for something that does not use it"


@attrs.frozen(kw_only=True)
class Reserved(Diagnostic):
    """A let, layer or parameter with the name of a built-in layer or word.

    Otherwise a reader could not know what ``relu`` is without having read the whole file.
    """

    code = "E104"
    message = "`{name}` is built in and cannot be defined again"

    name: str

    @property
    def hint(self) -> str:
        """The way out."""
        return f"choose another name, such as `my_{self.name}`"
