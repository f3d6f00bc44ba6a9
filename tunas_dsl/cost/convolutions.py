"""The convolutions that a layer of the IR consists of, their sizes arrays over its decisions."""

from collections.abc import Iterator
from typing import Any, TypeVar

import attrs
import numpy as np
from numpy.typing import NDArray

from tunas_dsl.cost.factor import Factor
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.numbers import make_divisible, round_filters

T = TypeVar("T")
Integers = NDArray[np.int64]


@attrs.frozen(eq=False)
class Axes:
    """Arrays with an axis for each of ``decisions``, positions in the index vector of ``space``."""

    space: ir.Space
    decisions: tuple[int, ...]

    def along(self, choice: ir.Choice[int]) -> Integers:
        """The options of ``choice``, along the axis of its decision."""
        return self._along(choice, list(choice.options))

    def pixels(self, choice: ir.Choice[ir.Size]) -> Integers:
        """Height times width, along the axis of the decision about the size."""
        return self._along(choice, [height * width for height, width in choice.options])

    def selected(self, decision: str, options: tuple[int, ...]) -> Integers:
        """1 where ``decision`` takes one of ``options``, otherwise 0."""
        position = self.space.position[decision]
        is_one = np.isin(np.arange(len(self.space.decisions[position].options)), options)
        return Factor((position,), is_one.astype(np.int64)).over(self.decisions)

    def split(self, choice: ir.Choice[T]) -> Iterator[tuple[T, Integers]]:
        """Each option of ``choice`` with 1 where it is selected, 0 elsewhere."""
        for index, option in enumerate(choice.options):
            yield option, self._along(choice, [int(index == other) for other in range(len(choice.options))])

    def _along(self, choice: ir.Choice[Any], numbers: list[int]) -> Integers:
        if choice.decision is None:
            return Factor((), np.array(numbers[0], dtype=np.int64)).over(self.decisions)
        position = self.space.position[choice.decision]
        return Factor((position,), np.array(numbers, dtype=np.int64)).over(self.decisions)


@attrs.frozen(eq=False)
class Convolution:
    """A square convolution with weights of its own; a linear layer is one of kernel 1 at one pixel.

    Integer arrays that broadcast against each other: ``inputs`` are the channels that each of
    ``outputs`` sees (1 in a depthwise convolution), ``pixels`` those of the output, ``used`` is 1
    where the architecture has the convolution, else 0. Without ``batch_norm`` there is a bias.
    """

    kernel: int
    inputs: Any
    outputs: Any
    pixels: Any
    used: Any
    batch_norm: bool = True

    @property
    def macs(self) -> Any:
        """Multiply-adds, batch 1; biases and batch norm are not counted."""
        return self.used * self.kernel**2 * self.inputs * self.outputs * self.pixels

    @property
    def parameters(self) -> Any:
        """Trainable parameters with those of the batch norm, or the bias."""
        return self.used * self._parameters(self.inputs, self.outputs)

    @property
    def largest(self) -> int:
        """The parameters of the tensors that hold every size."""
        return int(self._parameters(self.inputs.max(), self.outputs.max()))

    def _parameters(self, inputs: Any, outputs: Any) -> Any:
        return outputs * (self.kernel**2 * inputs + (2 if self.batch_norm else 1))


def leaves(layer: ir.Layer, selected: ir.Condition = ()) -> Iterator[tuple[ir.Layer, ir.Condition]]:
    """Each layer in ``layer`` that has none inside, with the condition under which it is run."""
    match layer:
        case ir.Alternatives(decision=decision, layers=layers):
            for option, alternative in enumerate(layers):
                yield from leaves(alternative, (*selected, (decision, (option,))))
        case ir.Depth(decision=decision, layers=layers):
            for number, part in enumerate(layers):
                yield from leaves(part, (*selected, (decision, layer.reached(number))))
        case ir.Sequence() | ir.Residual():
            for child in ir.children(layer):
                yield from leaves(child, selected)
        case _:
            yield layer, selected


def settings(layer: ir.Layer) -> Iterator[ir.Choice[Any]]:
    """Every setting of a leaf that a decision may be about."""
    for features in (layer.inputs, layer.outputs):
        yield from (features.channels, features.size)
    if isinstance(layer, ir.Conv | ir.SeparableConv | ir.Bottleneck):
        yield layer.kernel
    if isinstance(layer, ir.Bottleneck):
        yield from (layer.expansion, layer.squeeze_excite)


def convolutions(layer: ir.Layer, axes: Axes, used: Any) -> list[Convolution]:
    """The convolutions of a leaf, one for each kernel that it can have (facts 2.3)."""
    inputs, outputs = axes.along(layer.inputs.channels), axes.along(layer.outputs.channels)
    pixels = axes.pixels(layer.outputs.size)
    match layer:
        case ir.Conv(kernel=kernel, batch_norm=norm):
            return [
                Convolution(size, inputs, outputs, pixels, used * selected, norm)
                for size, selected in axes.split(kernel)
            ]
        case ir.SeparableConv(kernel=kernel):
            pointwise = Convolution(1, inputs, outputs, pixels, used)
            return [*_depthwise(kernel, inputs, pixels, axes, used), pointwise]
        case ir.Bottleneck():
            return _bottleneck(layer, axes, used)
        case _:
            return []


def linear(classifier: ir.Classifier, axes: Axes) -> Convolution:
    """The linear layer of ``classifier``."""
    classes, once = np.array(classifier.classes), np.array(1)
    return Convolution(1, axes.along(classifier.inputs.channels), classes, once, once, batch_norm=False)


def _depthwise(
    kernel: ir.Choice[int], channels: Any, pixels: Any, axes: Axes, used: Any
) -> list[Convolution]:
    one = np.array(1)
    return [
        Convolution(size, one, channels, pixels, used * selected) for size, selected in axes.split(kernel)
    ]


def _bottleneck(layer: ir.Bottleneck, axes: Axes, used: Any) -> list[Convolution]:
    inputs, outputs = axes.along(layer.inputs.channels), axes.along(layer.outputs.channels)
    before, after = axes.pixels(layer.inputs.size), axes.pixels(layer.outputs.size)
    expanded = sum(
        selected * _expanded(option, inputs, layer.divisor)
        for option, selected in axes.split(layer.expansion)
    )
    parts = [Convolution(1, inputs, expanded, before, used)]
    parts += _depthwise(layer.kernel, expanded, after, axes, used)
    for on, selected in axes.split(layer.squeeze_excite):
        if on:
            squeezed = make_divisible(expanded, layer.se_ratio, layer.divisor)
            once = np.array(1)
            parts += [
                Convolution(1, expanded, squeezed, once, used * selected, batch_norm=False),
                Convolution(1, squeezed, expanded, once, used * selected, batch_norm=False),
            ]
    return [*parts, Convolution(1, expanded, outputs, after, used)]


def _expanded(expansion: ir.Expansion, inputs: Any, divisor: int) -> Any:
    match expansion:
        case ir.Relative(times=times):
            return round_filters(inputs, times, divisor)
        case absolute:
            return absolute
