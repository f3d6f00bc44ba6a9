"""One index vector on its way through the supernet: which options run, how wide, and what they use."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import attrs
import torch
from torch import Tensor

from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import AVERAGE, chosen
from tunas_torch.operations import Execution


@attrs.frozen
class Used:
    """A part of a parameter that a path uses.

    ``name`` is that of the stand-alone network's parameter, ``values`` has its shape under slicing.
    ``share`` is the fraction of L2 that it gets (facts 6): the product of the fractions of the switches
    around it, 1 outside of all, and 0 for what L2 leaves alone.
    """

    name: str
    values: Tensor
    share: float


@attrs.frozen
class Path:
    """The options of every decision, by its id, where AVERAGE stands for all options of an operation.

    Endpoints add the feature maps ``(N, C, H, W)`` that they see to ``endpoints``.
    """

    selection: Mapping[str, int]
    execution: Execution
    endpoints: list[Tensor] = attrs.field(factory=list)

    def width(self, features: ir.FeatureMap) -> int:
        """The selected number of channels."""
        return chosen(features.channels, self.selection)

    def size(self, features: ir.FeatureMap) -> ir.Size | None:
        """The selected height and width, or nothing where there is nothing to select."""
        return None if features.size.decision is None else chosen(features.size, self.selection)

    def alive(self, choice: ir.Choice[Any]) -> list[tuple[int, float]]:
        """The options of an operation that run, each with its weight in their average."""
        index = 0 if choice.decision is None else self.selection[choice.decision]
        if index != AVERAGE:
            return [(index, 1.0)]
        count = len(choice.options)
        return [(option, 1 / count) for option in range(count)]

    def switch(self, choice: ir.Choice[Any], branch: Callable[[int], Tensor]) -> Tensor:
        """What ``branch`` gives for the selected option, or the mean over all under op warmup (facts 5)."""
        outputs = [branch(option) for option, _ in self.alive(choice)]
        return outputs[0] if len(outputs) == 1 else functools.reduce(torch.add, outputs) / len(outputs)
