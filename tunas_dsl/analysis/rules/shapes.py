"""What does not fit together: sizes and filters of feature maps, depths."""

import attrs

from tunas_dsl.diagnostics import Diagnostic, Note
from tunas_dsl.source import Span


@attrs.frozen(kw_only=True)
class ResidualOverStride(Diagnostic):
    """A residual adds its input to its output, so both have the same height and width.

    In published networks, the first layer of a stage has the stride and stands outside any residual.
    """

    code = "E301"
    message = "a residual cannot change the size of the image, but its layer turns {before} into {after}"
    label = "gives {after}"

    before: str
    after: str
    instead: str | None = None

    @property
    def hint(self) -> str:
        """The way out; at a use of one's own layer, in the author's words."""
        own = self.instead if self.cause else None
        return own or "set the stride to 1, or leave out the residual"


@attrs.frozen(kw_only=True)
class UntiedFilters(Diagnostic):
    """A residual ties the filters of its input to those of its output; here they cannot be equal.

    The input is what the layer before gives, which at the beginning of a block is the block before. Nothing
    is padded or projected in silence.
    """

    code = "E302"
    message = (
        "a residual needs the same filters before and after, but there are {before} before and {after} after"
    )

    before: str
    after: str
    first: Span
    second: Span | None = None

    @property
    def notes(self) -> tuple[Note, ...]:
        """Where the filters of the input come from and, where a layer of one's own is used, its block's."""
        before = Note(self.first, f"the input has {self.before} filters")
        return (
            (before, Note(self.second, f"used where there are {self.after} filters"))
            if self.second
            else (before,)
        )

    @property
    def hint(self) -> str:
        """The way out."""
        return "give both the same filters, or put a layer without a residual first"


@attrs.frozen(kw_only=True)
class SkipOutsideResidual(Diagnostic):
    """``skip`` is a layer of zeros; outside a residual nothing would be left of the image.

    In ``residual(layer | skip)`` it leaves the layer out, as the input is added to it.
    """

    code = "E303"
    message = "`skip` stands outside a residual"

    @property
    def hint(self) -> str:
        """The way out."""
        return "write `residual(... | skip)`"


@attrs.frozen(kw_only=True)
class AlternativesDisagree(Diagnostic):
    """The alternatives of one decision give one feature map: the same size and the same filters.

    What stands behind them must fit whatever is selected.
    """

    code = "E304"
    message = "alternatives must agree, but this one gives {found} and the first one {wanted}"

    found: str
    wanted: str
    first: Span

    @property
    def notes(self) -> tuple[Note, ...]:
        """The first alternative."""
        return (Note(self.first, f"gives {self.wanted}"),)

    @property
    def hint(self) -> str:
        """The way out."""
        return "give all alternatives the same stride and the same filters"


@attrs.frozen(kw_only=True)
class NoFilters(Diagnostic):
    """A layer that makes filters, in a block that does not say how many.

    The filters of a block are one decision, which all of its layers share; a layer may also have its own.
    """

    code = "E305"
    message = "the block `{block}` does not say how many filters it has"

    block: str

    @property
    def hint(self) -> str:
        """How to say it."""
        return f"write `block {self.block} (filters: 32)`"


@attrs.frozen(kw_only=True)
class WrongDepth(Diagnostic):
    """A depth is a number of the layers that there are, and the largest takes all of them.

    Layers that no depth takes would be in no network.
    """

    code = "E306"
    message = "the depth can be {largest}, but there are {count} layers"

    largest: int
    count: int

    @property
    def hint(self) -> str:
        """The way out."""
        if self.largest > self.count:
            return "add layers, or leave out the larger depths"
        return f"let the largest depth be {self.count}; layers that are always kept stand before `first`"


@attrs.frozen(kw_only=True)
class DepthsDisagree(Diagnostic):
    """Every depth gives the same feature map: the same size and the same filters.

    A layer with a stride stands before the first layer that can be left out.
    """

    code = "E307"
    message = (
        "every depth must give the same, but depth {shallow} gives {found} and depth {deep} gives {wanted}"
    )

    shallow: int
    deep: int
    found: str
    wanted: str

    @property
    def hint(self) -> str:
        """The way out."""
        return "let only layers with stride 1 and the same filters be left out"
