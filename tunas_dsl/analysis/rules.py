"""What can be wrong with what a text means: E1xx names, E2xx values, E3xx shapes and ties, W5xx style."""

import re
from collections.abc import Collection
from typing import get_args

import attrs

from tunas_dsl.analysis.vocabulary import advice, meant
from tunas_dsl.diagnostics import Diagnostic, Fix, Note
from tunas_dsl.diagnostics.diagnostic import nearest, suggest
from tunas_dsl.ir.space import ActivationFunction
from tunas_dsl.source import Span, inside, lines_of


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

    @property
    def hint(self) -> str | None:
        """A known name that is spelt nearly the same, or that others call so; else a value that fits."""
        defined = f"or define it by `let {self.name} = ...`"
        value = f"write {self.example}, {defined}" if self.example else None
        return advice(self.name, self.known) or value

    @property
    def fix(self) -> Fix | None:
        """That name in its place."""
        near = meant(self.name, self.known)
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


@attrs.frozen(kw_only=True)
class UnknownArgument(Diagnostic):
    """An argument that the layer or statement does not have.

    The message names those that it has; ``docs/language.md`` has a table of all layers with their arguments.
    """

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
        """An argument that is spelt nearly the same, or that others call so."""
        if self.owner.startswith("block ") and self.name in ("stride", "kernel", "act", "expand", "se"):
            return f"`{self.name}` is an argument of layers: `bottleneck(kernel: 3, expand: 6x, stride: 2)`"
        if self.owner == "conv" and meant(self.name, ("act",)):
            value = re.match(r"\s*[:=]\s*(\w+)", self.span.source.text[self.span.end :])
            word = value[1] if value else "relu"
            near = meant(word, get_args(ActivationFunction))
            return f"write `{near.name if near else word}` behind it: `conv` has no activation of its own"
        return advice(self.name, self.known)

    @property
    def fix(self) -> Fix | None:
        """That argument in its place."""
        near = meant(self.name, self.known)
        return near.fix(self.span) if near else None


@attrs.frozen(kw_only=True)
class RepeatedArgument(Diagnostic):
    """An argument that is given twice: by position and by name, or two times by name.

    Where several values are to be tried, they are alternatives: ``kernel: 3 | 5``.
    """

    code = "E106"
    message = "the argument `{name}` of `{owner}` is given twice"

    owner: str
    name: str
    first: Span

    @property
    def notes(self) -> tuple[Note, ...]:
        """The first one."""
        return (Note(self.first, "first given here"),)


@attrs.frozen(kw_only=True)
class TooManyArguments(Diagnostic):
    """More arguments without a name than the layer has.

    Arguments without a name are taken in the order of the layer's definition.
    """

    code = "E107"
    message = "`{owner}` takes {taken}"

    owner: str
    names: tuple[str, ...]

    @property
    def hint(self) -> str | None:
        """How several layers are written."""
        if self.owner in get_args(ActivationFunction) and self.span.text.endswith(")"):
            return f"an activation stands behind its layer: write `{self.span.text} {self.owner}`"
        if self.owner != "residual":
            return None
        return "alternatives are written `residual(a | b)`, several layers `residual({ a b })`"

    @property
    def taken(self) -> str:
        """The arguments that there are."""
        if not self.names:
            return "no arguments"
        listed = ", ".join(f"`{name}`" for name in self.names)
        return f"only the argument {listed}" if len(self.names) == 1 else f"only the arguments {listed}"


@attrs.frozen(kw_only=True)
class MissingArgument(Diagnostic):
    """An argument without a default that is not given.

    Where many calls would give the same, ``default bottleneck(expand: 6x)`` gives it once for a file.
    """

    code = "E108"
    message = "`{owner}` needs the argument `{name}`"

    owner: str
    name: str

    @property
    def hint(self) -> str | None:
        """How it is given."""
        if self.owner == "residual":
            return "write `residual(layer)`, or `residual({ a b })` around several layers"
        value = {"kernel": "3", "expand": "6x", "classes": "1000"}.get(self.name, "...")
        if self.span.text.endswith(")") and not self.span.text.endswith("()"):
            return f"add `{self.name}: {value}`"
        gap = " " * (self.owner == "classifier")
        return f"write `{self.owner}{gap}({self.name}: {value})`"


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

    @property
    def hint(self) -> str | None:
        """What was probably meant."""
        return self.help

    @property
    def notes(self) -> tuple[Note, ...]:
        """Where the value was given its name."""
        return (Note(self.first, "this is a value"),) if self.first else ()


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

    @property
    def hint(self) -> str:
        """The way out."""
        return "set the stride to 1, or leave out the residual"


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


def _becoming(options: tuple[str, ...], rounded: str) -> str:
    """``8 and 10 both become 8``."""
    *most, last = options if len(options) <= 6 else (*options[:4], "...", options[-1])
    return f"{', '.join(most)} and {last} {'both' if len(options) == 2 else 'all'} become {rounded}"


@attrs.frozen(kw_only=True)
class MergedOptions(Diagnostic):
    """Options that are rounded to the same number are one option.

    Filters are rounded to multiples of ``filters divisible by``.
    """

    code = "W501"
    message = "of {written} options, rounding leaves {kept}: {groups}"

    written: int
    merged: tuple[tuple[str, tuple[str, ...]], ...]
    left: tuple[str, ...]

    @property
    def text(self) -> str:
        """The message, which is shorter where one option is left."""
        return f"all {self.written} options round to {self.left[0]}" if len(self.left) == 1 else super().text

    @property
    def kept(self) -> str:
        """The options that there are."""
        return ", ".join(self.left)

    @property
    def groups(self) -> str:
        """Which options become the same."""
        return "; ".join(_becoming(options, rounded) for rounded, options in self.merged)

    @property
    def hint(self) -> str:
        """The way out."""
        return (
            "leave one of those that become the same, let `filters divisible by` be a smaller number, "
            "or say `# tunas: ignore[W501]` on the line"
        )


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
class StrideOnPixel(Diagnostic):
    """A stride over an image of one pixel, which has nothing left to be reduced.

    Strides multiply: with five strides of 2, an image of 32 pixels is down to one.
    """

    code = "W504"
    message = "the image is 1 x 1 here, so that the stride of {stride} does nothing"

    stride: int


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
class ChannelsFirst(Diagnostic):
    """An input of one or three pixels in height, and with as many channels as it is wide.

    The order is height, width, channels; PyTorch's tensors have the channels first.
    """

    code = "W507"
    message = "this image is {height} pixels high and has {channels} channels; the channels come last"

    height: int
    width: int
    channels: int

    @property
    def hint(self) -> str:
        """The way out."""
        return f"write `input image {self.width} x {self.channels} x {self.height}`"

    @property
    def fix(self) -> Fix:
        """The numbers in the other order."""
        return Fix(self.span, f"{self.width} x {self.channels} x {self.height}", "maybe")


@attrs.frozen(kw_only=True)
class LargeKernel(Diagnostic):
    """A kernel so large that some of its weights never see the image, but padding alone.

    On an image of ``n`` pixels, a kernel of more than ``2 n - 1`` has such weights, wherever it is put.
    """

    code = "W508"
    message = "a kernel of {kernel} on an image of {size}: {least} is enough to see all of it"

    kernel: int
    size: str
    least: int


@attrs.frozen(kw_only=True)
class SmallExpansion(Diagnostic):
    """An expansion to fewer filters than there are, most often a factor without its ``x``.

    ``expand: 6`` means six filters, ``expand: 6x`` six times the filters of the input.
    """

    code = "W509"
    message = "`{written}` is a number of filters and becomes {filters}, but the layer's input has {inputs}"

    written: str
    filters: int
    inputs: int

    @property
    def hint(self) -> str:
        """The way out."""
        return f"a factor is written `{self.written}x`"

    @property
    def fix(self) -> Fix | None:
        """The factor."""
        return Fix(self.span, f"{self.span.text}x", "maybe") if self.span.text.isdecimal() else None


@attrs.frozen(kw_only=True)
class RoundedFilters(Diagnostic):
    """A number of filters that is not a multiple of what filters are rounded to, and so becomes another.

    A number that a product gives, such as ``16 * 5/8``, is meant to be rounded, and not reported.
    """

    code = "W510"
    message = "{written} filters become {rounded}, a multiple of {divisor}"

    written: str
    rounded: int
    divisor: int

    @property
    def hint(self) -> str:
        """The way out."""
        return f"write `{self.rounded}`, or say what `filters divisible by` is"

    @property
    def fix(self) -> Fix:
        """The number that it becomes."""
        return Fix(self.span, str(self.rounded), "maybe")


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


RULES = tuple(
    rule
    for rule in tuple(globals().values())
    if isinstance(rule, type) and issubclass(rule, Diagnostic) and rule is not Diagnostic
)
