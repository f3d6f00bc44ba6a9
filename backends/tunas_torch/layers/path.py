"""One index vector on its way through the supernet: which options run, how wide, and what they use."""

from collections.abc import Mapping
from typing import Any

import attrs
from torch import Tensor

from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import AVERAGE, chosen
from tunas_torch.layers.kept import Kept
from tunas_torch.layers.operations import Execution, prefix


@attrs.frozen(eq=False)
class Used:
    """A part of a parameter that a path uses: its first entries along every dimension, ``shape``.

    ``name`` is that of the stand-alone network's parameter. ``extent`` is what the execution works on, the
    used part itself under slicing and the whole parameter under masking. ``share`` is the fraction of
    L2 that the used part gets (facts 6): the product of the fractions of the switches around it, 1
    outside of all, and 0 for what L2 leaves alone.
    """

    name: str
    parameter: Tensor
    shape: tuple[int, ...]
    extent: tuple[int, ...]
    share: float

    @property
    def values(self) -> Tensor:
        """A view of the used part."""
        return prefix(self.parameter, self.shape)


@attrs.frozen
class Path:
    """The options of every decision, by its id, where AVERAGE stands for all options of an operation.

    ``weights`` stand in for parameters: each is the part of its parameter that the execution works on.
    Of the decisions in ``recomputed``, backward computes what is averaged again instead of keeping it;
    ``kept`` is what such a branch keeps after all.
    Endpoints add the feature maps ``(N, C, H, W)`` that they see to ``endpoints``.
    """

    selection: Mapping[str, int]
    execution: Execution
    weights: Mapping[Tensor, Tensor] = attrs.field(factory=dict)
    recomputed: frozenset[str] = frozenset()
    kept: Kept | None = None
    endpoints: list[Tensor] = attrs.field(factory=list)

    def width(self, features: ir.FeatureMap) -> int:
        """The selected number of channels."""
        return chosen(features.channels, self.selection)

    def size(self, features: ir.FeatureMap) -> ir.Size | None:
        """The selected height and width, or None where there is nothing to select."""
        return None if features.size.decision is None else chosen(features.size, self.selection)

    def alive(self, choice: ir.Choice[Any]) -> list[tuple[int, float]]:
        """The options of an operation that run, each with its weight in their average."""
        index = 0 if choice.decision is None else self.selection[choice.decision]
        if index != AVERAGE:
            return [(index, 1.0)]
        count = len(choice.options)
        return [(option, 1 / count) for option in range(count)]

    def kernel(self, parameter: Tensor, outputs: int, inputs: int) -> Tensor:
        """The part of a kernel ``(out, in, k, k)`` for these channels, as the execution uses it."""
        return self.execution.kernel(self.weights.get(parameter, parameter), outputs, inputs)

    def vector(self, parameter: Tensor, width: int) -> Tensor:
        """The part of a bias ``(out,)`` for these channels, as the execution uses it."""
        return self.execution.vector(self.weights.get(parameter, parameter), width)

    def conv(self, images: Tensor, kernel: Tensor, bias: Tensor | None, stride: int) -> Tensor:
        """The SAME convolution with what :meth:`kernel` and :meth:`vector` gave."""
        if self.kept is None:
            return self.execution.conv(images, kernel, bias, stride)
        return self.kept.conv(images, kernel, bias, stride, self.execution.conv)

    def used(self, name: str, parameter: Tensor, *shape: int, share: float = 0.0) -> Used:
        """The part ``shape`` of ``parameter``; dimensions that are not given are used whole."""
        shape = (*shape, *parameter.shape[len(shape) :])
        return Used(name, parameter, shape, self.execution.extent(parameter, shape), share)
