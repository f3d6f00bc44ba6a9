"""``sepconv``: a depthwise-separable convolution."""

from collections.abc import Mapping
from typing import Any

import attrs

from tunas_dsl.kinds.convolution import Axes, Convolution, depthwise
from tunas_dsl.kinds.layer import Choice, Operation, chosen
from tunas_dsl.kinds.parameters import ACT, FILTERS, KERNEL, STRIDE, ActivationFunction
from tunas_dsl.kinds.words import Words, stride


@attrs.frozen(kw_only=True)
class SeparableConv(Operation):
    """Depthwise convolution, batch norm, activation, 1x1 convolution, batch norm.

    Each kernel size has a depthwise kernel and batch norm of its own; the 1x1 convolution is shared.
    """

    name = "sepconv"
    parameters = (KERNEL, STRIDE, ACT, FILTERS)
    summary = "Depthwise convolution, batch norm, activation, 1x1 convolution, batch norm."
    names = (
        "dwconv dwsconv depthwise depthwiseconv depthwiseconv2d depthwiseseparable dsconv separable "
        "separableconv separableconv2d sepconv2d sepconvolution"
    )

    kernel: Choice[int]
    stride: int
    act: ActivationFunction

    def convolutions(self, axes: Axes, used: Any) -> list[Convolution]:
        """A depthwise one for each kernel size, and the 1x1 convolution."""
        inputs, outputs = axes.along(self.inputs.channels), axes.along(self.outputs.channels)
        pixels = axes.pixels(self.outputs.size)
        pointwise = Convolution(1, inputs, outputs, pixels, used)
        return [*depthwise(self.kernel, inputs, pixels, axes, used), pointwise]

    def attributes(self, selection: Mapping[str, int]) -> dict[str, Any]:
        """The kernel, the stride and the activation."""
        return {"kernel": chosen(self.kernel, selection), "stride": self.stride, "act": self.act}

    def words(self, words: Words) -> list[str]:
        """``sepconv 3 s2 relu``."""
        return [
            *(self.name, words.choice(self.kernel), *stride(self.stride)),
            *(self.act, *words.filters(self)),
        ]
