"""What layers are made of: choices, feature maps, and the base of every kind of layer that has settings.

Everything here is immutable.
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import attrs

from tunas_dsl.kinds.numbers import round_filters
from tunas_dsl.kinds.parameters import Parameter

if TYPE_CHECKING:
    from tunas_dsl.kinds.convolution import Axes, Convolution
    from tunas_dsl.kinds.words import Words

T = TypeVar("T")

DEVICE = ("kernel", "stride", "act", "expanded", "squeezed")
"""The fields of a layer that latency tables and tables of layers have."""

Size = tuple[int, int]
"""Height and width in pixels."""


@attrs.frozen
class Origin:
    """Where in the text something was written: the file's name and a line, from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@attrs.frozen
class Choice(Generic[T]):
    """A setting of a layer: the option that ``decision`` selects, or a constant without one.

    A decision that several settings share has an option here for each of its own, equal ones included.
    """

    options: tuple[T, ...]
    decision: str | None = None

    @property
    def constant(self) -> T:
        """The only option. Raises ``ValueError`` where there are several."""
        (option,) = self.options
        return option


def constant(option: T) -> Choice[T]:
    """A setting that no decision touches."""
    return Choice((option,))


@attrs.frozen
class Relative:
    """An expansion by a factor of the input filters that are selected: ``3x``."""

    times: Fraction

    def __str__(self) -> str:
        return f"{self.times}x"


Expansion = Relative | int
"""Relative to the selected input filters, or an absolute number of filters."""


@attrs.frozen
class FeatureMap:
    """The shape of what flows between layers: channels and (height, width)."""

    channels: Choice[int]
    size: Choice[Size]


@attrs.frozen(kw_only=True)
class LayerBase:
    """What every layer has: the feature maps it takes and gives, and where it was written."""

    inputs: FeatureMap
    outputs: FeatureMap
    origin: Origin | None = attrs.field(default=None, eq=False)


@attrs.frozen(kw_only=True)
class Operation(LayerBase):
    """The base of a layer with settings: what is true of one kind of layer, and of no other.

    A kind is a class with a field for each of its ``parameters`` but ``filters``: a :class:`Choice` where
    the parameter is decidable, else the value. A kind without ``filters`` gives as many as it takes.
    ``names`` are what others call it, ``summary`` is what an editor says of it; ``inside`` are those of the
    fields ``expanded`` and ``squeezed`` that a latency table has of it.
    """

    name: ClassVar[str]
    parameters: ClassVar[tuple[Parameter, ...]]
    summary: ClassVar[str] = ""
    names: ClassVar[str] = ""
    inside: ClassVar[tuple[str, ...]] = ()

    def convolutions(self, axes: "Axes", used: Any) -> "list[Convolution]":
        """The convolutions that the layer consists of, in arrays that are ``used`` or 0 (facts 2.3)."""
        raise NotImplementedError

    def attributes(self, selection: Mapping[str, int]) -> dict[str, Any]:
        """What it is to a device beside its shapes: ``kernel``, ``stride``, ``act`` and widths inside."""
        return {p.field: self.setting(p, selection) for p in self.parameters if p.field in DEVICE}

    def words(self, words: "Words") -> list[str]:
        """The layer in few words, as tables show it: its name, then its settings."""
        from tunas_dsl.kinds.words import told  # which is about layers

        return told(self, words)

    def setting(self, parameter: Parameter, selection: Mapping[str, int]) -> Any:
        """The value of an argument, of the selected option where it is decided."""
        return chosen(_choice(getattr(self, parameter.field)), selection)

    def settings(self) -> dict[str, Choice[Any]]:
        """What a decision may be about but for the shapes, by the argument's name."""
        own = (p for p in self.parameters if p.decidable and p.name != "filters")
        return {p.name: getattr(self, p.field) for p in own}

    @property
    def has_filters(self) -> bool:
        """Whether the layer makes filters, by an argument or as many as its block has."""
        return any(p.name == "filters" for p in self.parameters)

    @classmethod
    def macs(cls, operation: Any) -> int:
        """Multiply-adds of an entry of a latency table, a :class:`~tunas_dsl.cost.signature.Signature`."""
        own = (p for p in cls.parameters if p.name != "filters")
        values = {p: getattr(operation, p.field, p.default) for p in own}
        fields: dict[str, Any] = {p.field: constant(v) if p.decidable else v for p, v in values.items()}
        layer = cls(inputs=_features(operation.input), outputs=_features(operation.output), **fields)
        return int(sum(part.macs for part in layer.convolutions(_Point(), 1)))

    @classmethod
    def flaw(cls, operation: Any) -> str | None:
        """Why there can be no such entry of a latency table, or None."""
        if (operation.expanded is None) == ("expanded" in cls.inside):
            return "`expanded`, the width inside, belongs to a bottleneck, and to nothing else"
        if operation.squeezed is not None and "squeezed" not in cls.inside:
            return "`squeezed` belongs to a bottleneck alone"
        return None


class _Point:
    """The axes of a layer about which nothing is decided: numbers stand for arrays."""

    one = 1

    def along(self, choice: Choice[int]) -> int:
        return choice.constant

    def pixels(self, choice: Choice[Size]) -> int:
        height, width = choice.constant
        return height * width

    def split(self, choice: Choice[T]) -> Iterator[tuple[T, int]]:
        yield choice.constant, 1


def _features(shape: tuple[int, int, int]) -> FeatureMap:
    """The shape of an entry of a latency table: height, width, channels."""
    height, width, channels = shape
    return FeatureMap(constant(channels), constant((height, width)))


def _choice(value: Any) -> Choice[Any]:
    return value if isinstance(value, Choice) else constant(value)


def chosen(choice: Choice[T], selection: Mapping[str, int]) -> T:
    """The option of ``choice`` that ``selection`` (decision id to option number) picks."""
    fixed = choice.decision is None or len(choice.options) == 1
    return choice.options[0 if fixed else selection[choice.decision or ""]]


def expanded_filters(expansion: Expansion, inputs: Any, divisor: int) -> Any:
    """The width inside a bottleneck whose selected input has ``inputs`` filters (facts 2.2).

    ``inputs`` is an integer or an integer array.
    """
    match expansion:
        case Relative(times=times):
            return round_filters(inputs, times, divisor)
        case absolute:
            return absolute
