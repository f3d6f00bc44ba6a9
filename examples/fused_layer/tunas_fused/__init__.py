"""``fused(kernel: 3 | 5, width: 32)``: a convolution to ``width`` filters, activation, a 1x1 convolution."""

import attrs

from tunas_dsl.kinds import ACT, FILTERS, KERNEL, STRIDE, Choice, Convolution, Operation, Parameter

WIDTH = Parameter("width", "classes", required=True, field="expanded")


@attrs.frozen(kw_only=True)
class Fused(Operation):
    """Convolution, batch norm, activation, 1x1 convolution, batch norm; a kernel size has its own first."""

    name, parameters, inside = "fused", (KERNEL, WIDTH, STRIDE, ACT, FILTERS), ("expanded",)
    summary = "Convolution to `width` filters, batch norm, activation, 1x1 convolution, batch norm."

    kernel: Choice[int]
    expanded: int
    stride: int
    act: str

    def convolutions(self, axes, used):
        inputs, outputs = axes.along(self.inputs.channels), axes.along(self.outputs.channels)
        pixels, width = axes.pixels(self.outputs.size), axes.one * self.expanded
        sizes = axes.split(self.kernel)
        first = [Convolution(size, inputs, width, pixels, used * on) for size, on in sizes]
        return [*first, Convolution(1, width, outputs, pixels, used)]
