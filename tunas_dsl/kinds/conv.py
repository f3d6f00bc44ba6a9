"""``conv``: an ordinary convolution."""

from collections.abc import Mapping
from typing import Any

import attrs

from tunas_dsl.kinds.convolution import Axes, Convolution
from tunas_dsl.kinds.layer import Choice, Operation, chosen
from tunas_dsl.kinds.parameters import FILTERS, KERNEL, STRIDE, Parameter
from tunas_dsl.kinds.words import Words, stride


@attrs.frozen(kw_only=True)
class Conv(Operation):
    """Convolution, then batch norm; without batch norm the convolution has a bias.

    Several kernel sizes are several convolutions with a batch norm each (facts 2.3).
    """

    name = "conv"
    parameters = (KERNEL, STRIDE, Parameter("bn", "switch", default=True, field="batch_norm"), FILTERS)
    summary = "Convolution and batch norm; with `bn: off` a bias instead."
    names = "conv2d convolution convbn convbnrelu convbnact convlayer pointwise conv1x1 conv3x3 pwconv"

    kernel: Choice[int]
    stride: int
    batch_norm: bool

    def convolutions(self, axes: Axes, used: Any) -> list[Convolution]:
        """One for each kernel size."""
        inputs, outputs = axes.along(self.inputs.channels), axes.along(self.outputs.channels)
        pixels = axes.pixels(self.outputs.size)
        return [
            Convolution(size, inputs, outputs, pixels, used * selected, self.batch_norm)
            for size, selected in axes.split(self.kernel)
        ]

    def attributes(self, selection: Mapping[str, int]) -> dict[str, Any]:
        """The kernel and the stride."""
        return {"kernel": chosen(self.kernel, selection), "stride": self.stride}

    def words(self, words: Words) -> list[str]:
        """``conv 3 s2 bias``."""
        bias = [] if self.batch_norm else ["bias"]
        return [self.name, words.choice(self.kernel), *stride(self.stride), *bias, *words.filters(self)]
