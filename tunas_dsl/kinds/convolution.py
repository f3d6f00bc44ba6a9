"""What layers cost: the convolutions that they consist of, in arrays over the decisions about them."""

from collections.abc import Iterator
from typing import Any, Protocol, TypeVar

import attrs

from tunas_dsl.kinds.layer import Choice, Size

T = TypeVar("T")


class Axes(Protocol):
    """Makes integer arrays with an axis for each decision about a layer; they broadcast with each other."""

    def along(self, choice: Choice[int]) -> Any:
        """The options of ``choice``, along the axis of its decision."""

    def pixels(self, choice: Choice[Size]) -> Any:
        """Height times width, along the axis of the decision about the size."""

    def split(self, choice: Choice[T]) -> Iterator[tuple[T, Any]]:
        """Each option of ``choice`` with 1 where it is selected, 0 elsewhere."""

    @property
    def one(self) -> Any:
        """The array that is 1 everywhere."""


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


def depthwise(kernel: Choice[int], channels: Any, pixels: Any, axes: Axes, used: Any) -> list[Convolution]:
    """A depthwise convolution for each kernel size, of which the selected one is used (facts 2.3)."""
    return [
        Convolution(size, axes.one, channels, pixels, used * selected)
        for size, selected in axes.split(kernel)
    ]
