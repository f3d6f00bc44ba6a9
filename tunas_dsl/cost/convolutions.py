"""The convolutions that a layer of the IR consists of, their sizes arrays over its decisions."""

from collections.abc import Iterator
from typing import Any, TypeVar

import attrs
import numpy as np
from numpy.typing import NDArray

from tunas_dsl.cost.factor import Factor
from tunas_dsl.ir import space as ir
from tunas_dsl.kinds.convolution import Convolution

T = TypeVar("T")
Integers = NDArray[np.int64]


@attrs.frozen(eq=False)
class Axes:
    """Arrays with an axis for each of ``decisions``, positions in the index vector of ``space``."""

    space: ir.Space
    decisions: tuple[int, ...]

    @property
    def one(self) -> Integers:
        """1, whatever is decided."""
        return np.array(1, dtype=np.int64)

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
    if isinstance(layer, ir.Operation):
        yield from layer.settings().values()


def convolutions(layer: ir.Layer, axes: Axes, used: Any) -> list[Convolution]:
    """The convolutions of a leaf, one for each kernel that it can have (facts 2.3)."""
    return layer.convolutions(axes, used) if isinstance(layer, ir.Operation) else []


def linear(classifier: ir.Classifier, axes: Axes) -> Convolution:
    """The linear layer of ``classifier``."""
    classes, once = np.array(classifier.classes), np.array(1)
    return Convolution(1, axes.along(classifier.inputs.channels), classes, once, once, batch_norm=False)
