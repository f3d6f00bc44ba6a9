"""What can be wrong with what a text means: E1xx names, E2xx values, E3xx shapes and ties, W5xx style."""

import attrs

from tunas_dsl.diagnostics import Diagnostic, Fix, Note
from tunas_dsl.diagnostics.diagnostic import nearest, suggest
from tunas_dsl.source import Span, lines_of


@attrs.frozen(kw_only=True)
class UnknownName(Diagnostic):
    """A name that nothing defines: no let, layer, parameter, or word of the setting."""

    code = "E101"
    message = "there is no {what} called `{name}`"

    name: str
    what: str
    known: frozenset[str]

    @property
    def hint(self) -> str | None:
        """A known name that is spelt nearly the same."""
        if self.name == "first":
            return "write `first (2 | 3) of { layers }`"
        return suggest(self.name, self.known)

    @property
    def fix(self) -> Fix | None:
        """That name in its place."""
        near = nearest(self.name, self.known)
        return near.fix(self.span) if near else None


@attrs.frozen(kw_only=True)
class DuplicateName(Diagnostic):
    """A name that is defined twice; each name of a space means one thing."""

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
    """A let or layer that is defined by itself."""

    code = "E103"
    message = "`{name}` is defined by itself: {cycle}"

    name: str
    cycle: str


@attrs.frozen(kw_only=True)
class Reserved(Diagnostic):
    """A let, layer or parameter with the name of a built-in layer or word."""

    code = "E104"
    message = "`{name}` is built in and cannot be defined again"

    name: str


@attrs.frozen(kw_only=True)
class UnknownArgument(Diagnostic):
    """An argument that the layer or statement does not have."""

    code = "E105"
    message = "`{owner}` has no argument `{name}`; it has {accepted}"

    owner: str
    name: str
    known: frozenset[str]

    @property
    def accepted(self) -> str:
        """The arguments that there are."""
        return ", ".join(f"`{name}`" for name in sorted(self.known)) or "none"

    @property
    def hint(self) -> str | None:
        """An argument that is spelt nearly the same."""
        return suggest(self.name, self.known)

    @property
    def fix(self) -> Fix | None:
        """That argument in its place."""
        near = nearest(self.name, self.known)
        return near.fix(self.span) if near else None


@attrs.frozen(kw_only=True)
class RepeatedArgument(Diagnostic):
    """An argument that is given twice."""

    code = "E106"
    message = "the argument `{name}` of `{owner}` is given twice"

    owner: str
    name: str


@attrs.frozen(kw_only=True)
class TooManyArguments(Diagnostic):
    """More arguments without a name than the layer has."""

    code = "E107"
    message = "`{owner}` takes {count} arguments"

    owner: str
    count: int


@attrs.frozen(kw_only=True)
class MissingArgument(Diagnostic):
    """An argument without a default that is not given."""

    code = "E108"
    message = "`{owner}` needs the argument `{name}`"

    owner: str
    name: str


@attrs.frozen(kw_only=True)
class MissingStatement(Diagnostic):
    """A space needs an input and at least one block."""

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
    """A statement that a space has once."""

    code = "E110"
    message = "`{what}` is given twice"

    what: str
    first: Span

    @property
    def notes(self) -> tuple[Note, ...]:
        """The first one."""
        return (Note(self.first, "first given here"),)


@attrs.frozen(kw_only=True)
class CannotImport(Diagnostic):
    """A file that an import names and that cannot be read.

    The name is relative to the folder of the file that imports. ``/`` separates folders.
    """

    code = "E111"
    message = "cannot import `{path}`: {reason}"

    path: str
    reason: str


@attrs.frozen(kw_only=True)
class ImportCycle(Diagnostic):
    """Files that import each other in a circle; what they share belongs in a file of its own."""

    code = "E112"
    message = "files import each other: {cycle}"

    cycle: str


@attrs.frozen(kw_only=True)
class ImportEscapes(Diagnostic):
    """An import of a file outside the folder of the file that is compiled.

    A space from somewhere else must not read files of yours: an import names a file in the same folder or
    below. Paths are relative.
    """

    code = "E113"
    message = "`{path}` is outside of the folder `{root}`"

    path: str
    root: str

    @property
    def hint(self) -> str:
        """The way out."""
        return "copy the file beside the space"


@attrs.frozen(kw_only=True)
class NotExported(Diagnostic):
    """An imported name that the file does not define. Lets, decides and layers can be imported."""

    code = "E114"
    message = "`{path}` defines no `{name}`"

    path: str
    name: str
    known: frozenset[str]

    @property
    def hint(self) -> str | None:
        """A name of the file that is spelt nearly the same, or all of them."""
        named = ", ".join(f"`{name}`" for name in sorted(self.known))
        return suggest(self.name, self.known) or (f"it defines {named}" if named else None)

    @property
    def fix(self) -> Fix | None:
        """That name in its place."""
        near = nearest(self.name, self.known)
        return near.fix(self.span) if near else None


@attrs.frozen(kw_only=True)
class NoSpace(Diagnostic):
    """A file of definitions, which others can import, where a space is wanted."""

    code = "E115"
    message = "the file has no space"

    @property
    def hint(self) -> str:
        """How a space is written."""
        return "write `space name { input image 224 x 224 x 3 ... }`"


@attrs.frozen(kw_only=True)
class WrongValue(Diagnostic):
    """A setting whose value is of another kind, or outside its range."""

    code = "E201"
    message = "`{written}` is not {wanted}"

    written: str
    wanted: str


@attrs.frozen(kw_only=True)
class NotDecidable(Diagnostic):
    """Alternatives where a single value belongs; a stride, for one, cannot be decided."""

    code = "E202"
    message = "`{owner}` cannot be decided; it takes one value"

    owner: str


@attrs.frozen(kw_only=True)
class NotALayer(Diagnostic):
    """A value where a layer belongs."""

    code = "E203"
    message = "`{written}` is not a layer"

    written: str


@attrs.frozen(kw_only=True)
class NotAValue(Diagnostic):
    """A layer where a value belongs."""

    code = "E204"
    message = "`{written}` is a layer, but {wanted} belongs here"

    written: str
    wanted: str


@attrs.frozen(kw_only=True)
class TooMany(Diagnostic):
    """More layers or options than any space has, most often by layers that repeat each other."""

    code = "E205"
    message = "this makes more than {limit:,} {what}"

    limit: int
    what: str


@attrs.frozen(kw_only=True)
class MixedDecision(Diagnostic):
    """A decision that is shared by ``decide``, combined with alternatives that are not.

    Such a setting would be two decisions at once. Give the alternatives a ``decide`` of their own, or write
    the combined ones out.
    """

    code = "E206"
    message = "the shared decision `{name}` cannot be combined with other alternatives"

    name: str


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


@attrs.frozen(kw_only=True)
class NothingToDecide(Diagnostic):
    """A ``decide`` with one option. A name for a value is a ``let``."""

    code = "E208"
    message = "`{name}` has nothing to decide"

    name: str

    @property
    def hint(self) -> str:
        """The way out."""
        return f"write `let {self.name} = ...`, or give it alternatives: `decide {self.name} = a | b`"


@attrs.frozen(kw_only=True)
class ResidualOverStride(Diagnostic):
    """A residual adds its input to its output, so both have the same height and width."""

    code = "E301"
    message = "a residual cannot change the size of the image, but its layer turns {before} into {after}"
    label = "gives {after}"

    before: str
    after: str

    @property
    def hint(self) -> str:
        """The way out."""
        return "set the stride to 1, or leave out the residual"


@attrs.frozen(kw_only=True)
class UntiedFilters(Diagnostic):
    """A residual ties the filters of its input to those of its output; here they cannot be equal."""

    code = "E302"
    message = (
        "a residual needs the same filters before and after, but there are {before} before and {after} after"
    )

    before: str
    after: str
    first: Span

    @property
    def notes(self) -> tuple[Note, ...]:
        """Where the filters of the input come from."""
        return (Note(self.first, f"the input has {self.before} filters"),)

    @property
    def hint(self) -> str:
        """The way out."""
        return "give both the same filters, or put a layer without a residual first"


@attrs.frozen(kw_only=True)
class SkipOutsideResidual(Diagnostic):
    """``skip`` is a layer of zeros; outside a residual nothing would be left of the image."""

    code = "E303"
    message = "`skip` stands outside a residual"

    @property
    def hint(self) -> str:
        """The way out."""
        return "write `residual(... | skip)`"


@attrs.frozen(kw_only=True)
class AlternativesDisagree(Diagnostic):
    """The alternatives of one decision give one feature map: the same size and the same filters."""

    code = "E304"
    message = "alternatives must agree, but this one gives {found} and the first one {wanted}"

    found: str
    wanted: str
    first: Span

    @property
    def notes(self) -> tuple[Note, ...]:
        """The first alternative."""
        return (Note(self.first, f"gives {self.wanted}"),)


@attrs.frozen(kw_only=True)
class NoFilters(Diagnostic):
    """A layer that makes filters, in a block that does not say how many."""

    code = "E305"
    message = "the block `{block}` does not say how many filters it has"

    block: str

    @property
    def hint(self) -> str:
        """How to say it."""
        return f"write `block {self.block} (filters: 32)`"


@attrs.frozen(kw_only=True)
class WrongDepth(Diagnostic):
    """A depth is a number of the layers that there are, and the largest takes all of them."""

    code = "E306"
    message = "the depth can be {largest}, but there are {count} layers"

    largest: int
    count: int


@attrs.frozen(kw_only=True)
class DepthsDisagree(Diagnostic):
    """Every depth gives the same feature map: the same size and the same filters.

    A layer with a stride stands before the first layer that can be left out.
    """

    code = "E307"
    message = "every depth must give the same, but {shallow} layers give {found} and {deep} give {wanted}"

    shallow: int
    deep: int
    found: str
    wanted: str

    @property
    def hint(self) -> str:
        """The way out."""
        return "let only layers with stride 1 and the same filters be left out"


@attrs.frozen(kw_only=True)
class MergedOptions(Diagnostic):
    """Options that are rounded to the same number are one option.

    Filters are rounded to multiples of ``filters divisible by``.
    """

    code = "W501"
    message = "{written} options merge after rounding; left are {left}"

    written: int
    left: str


@attrs.frozen(kw_only=True)
class Unused(Diagnostic):
    """A let, decide, layer, parameter or imported name that nothing uses."""

    code = "W502"
    message = "`{name}` is never used"

    name: str
    statement: Span | None = None

    @property
    def fix(self) -> Fix | None:
        """The file without the statement, which means the same."""
        return Fix(lines_of(self.statement), "") if self.statement else None


@attrs.frozen(kw_only=True)
class Shadowed(Diagnostic):
    """A parameter of a layer with the name of a let, decide or layer, which it hides inside the layer."""

    code = "W503"
    message = "the parameter `{name}` hides what `{name}` means elsewhere"

    name: str
    first: Span

    @property
    def notes(self) -> tuple[Note, ...]:
        """What is hidden."""
        return (Note(self.first, "hidden here"),)


@attrs.frozen(kw_only=True)
class StrideOnPixel(Diagnostic):
    """A stride over an image of one pixel, which has nothing left to be reduced."""

    code = "W504"
    message = "the image is 1 x 1 here, so that the stride of {stride} does nothing"

    stride: int


@attrs.frozen(kw_only=True)
class RepeatedOption(Diagnostic):
    """An alternative that is written twice. Values that are equal are one option; equal layers are two."""

    code = "W505"
    message = "`{written}` is given twice"

    written: str
    first: Span

    @property
    def notes(self) -> tuple[Note, ...]:
        """The first one."""
        return (Note(self.first, "first given here"),)


RULES = tuple(
    rule
    for rule in tuple(globals().values())
    if isinstance(rule, type) and issubclass(rule, Diagnostic) and rule is not Diagnostic
)
