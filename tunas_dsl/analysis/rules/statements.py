"""What can be wrong with the statements of a file: those that a space needs, and imports."""

import attrs

from tunas_dsl.diagnostics import Diagnostic, Fix, Note
from tunas_dsl.diagnostics.diagnostic import nearest, suggest
from tunas_dsl.source import Span


@attrs.frozen(kw_only=True)
class MissingStatement(Diagnostic):
    """A space needs an input and at least one block.

    Everything else may be missing: without a classifier it is a backbone, without ``|`` an architecture.
    """

    code = "E109"
    message = "the space `{space}` has no {what}"

    space: str
    what: str
    help: str

    @property
    def hint(self) -> str:
        """How the statement is written."""
        return self.help


@attrs.frozen(kw_only=True)
class RepeatedStatement(Diagnostic):
    """A statement that a space has once: the input, what filters are divisible by, the classifier."""

    code = "E110"
    message = "`{what}` is given twice"

    what: str
    first: Span

    @property
    def notes(self) -> tuple[Note, ...]:
        """The first one."""
        return (Note(self.first, "first given here"),)


@attrs.frozen(kw_only=True)
class CannotUseLayer(Diagnostic):
    """A layer that an installed distribution announces by an entry point, and that cannot be used.

    Its module cannot be imported, or what it names is no kind of layers. It is that distribution's mistake:
    another version of it may have none. A name that the file itself defines never means such a layer.
    """

    code = "E116"
    message = "{reason}"

    reason: str

    @property
    def hint(self) -> str | None:
        """What can be done about another project's mistake."""
        return "install another version of that distribution, or define a layer of this name"


@attrs.frozen(kw_only=True)
class CannotImport(Diagnostic):
    """A file that an import names and that cannot be read.

    The name is relative to the folder of the file that imports. ``/`` separates folders.
    """

    code = "E111"
    message = "cannot import `{path}`: {reason}"

    path: str
    reason: str
    near: str | None = None

    @property
    def hint(self) -> str | None:
        """A file that there is."""
        return f"did you mean `{self.near}`?" if self.near else None

    @property
    def fix(self) -> Fix | None:
        """That file."""
        return Fix(self.span, f'"{self.near}"', "maybe") if self.near else None


@attrs.frozen(kw_only=True)
class ImportCycle(Diagnostic):
    """Files that import each other in a circle; what they share belongs in a file of its own."""

    code = "E112"
    message = "files import each other: {cycle}"

    cycle: str

    @property
    def hint(self) -> str:
        """The way out."""
        return "put what they share in a file of its own"


@attrs.frozen(kw_only=True)
class ImportEscapes(Diagnostic):
    """An import of a file outside the folder of the file that is compiled.

    A space from somewhere else must not read files of yours: an import names a file in the same folder or
    below. Paths are relative.
    """

    code = "E113"
    message = "`{path}` is outside of {folder}"

    path: str
    root: str

    @property
    def hint(self) -> str:
        """The way out."""
        return "copy the file beside the space"

    @property
    def folder(self) -> str:
        """The folder in words."""
        return "the folder of the space" if self.root == "." else f"the folder `{self.root}`"


@attrs.frozen(kw_only=True)
class NotExported(Diagnostic):
    """An imported name that the file does not define.

    Lets, decides and layers can be imported, also those inside its space; what it imports itself cannot.
    """

    code = "E114"
    message = "`{path}` defines no `{name}`"

    path: str
    name: str
    known: frozenset[str]
    defined: Note | None = None

    @property
    def notes(self) -> tuple[Note, ...]:
        """The definition of the name that is spelt nearly the same."""
        return (self.defined,) if self.defined else ()

    @property
    def hint(self) -> str | None:
        """A name of the file that is spelt nearly the same, or all of them."""
        named = ", ".join(f"`{name}`" for name in sorted(self.known))
        return suggest(self.name, self.known) or (f"it defines {named}" if named else None)

    @property
    def fix(self) -> Fix | None:
        """That name in its place; what it means in the other file is for people to see."""
        near = nearest(self.name, self.known)
        return Fix(self.span, near.name, "maybe") if near else None


@attrs.frozen(kw_only=True)
class NoSpace(Diagnostic):
    """A file of definitions, which others can import, where a space is wanted."""

    code = "E115"
    message = "the file has no space"

    @property
    def hint(self) -> str:
        """How a space is written."""
        return "write `space name { input image 224 x 224 x 3 ... }`"
