"""What can be wrong with what a text means: E1xx names, E2xx values, E3xx shapes and ties, W5xx style."""

import attrs

from tunas_dsl.diagnostics import Diagnostic, Note
from tunas_dsl.diagnostics.diagnostic import suggest
from tunas_dsl.source import Span


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
        return suggest(self.name, self.known)


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
    """A let or layer that nothing uses."""

    code = "W502"
    message = "`{name}` is never used"

    name: str


RULES = tuple(
    rule
    for rule in tuple(globals().values())
    if isinstance(rule, type) and issubclass(rule, Diagnostic) and rule is not Diagnostic
)
