"""``sepconv`` in PyTorch: in the supernet, and on its own."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from tunas_dsl.ir import space as ir
from tunas_torch.layers.kinds import Depthwise, SearchLayer, widest
from tunas_torch.layers.path import Path, Used
from tunas_torch.layers.registry import TorchKind
from tunas_torch.layers.weights import BatchNorm, Kernel
from tunas_torch.standalone.layers import normalisation, same_conv


class SeparableConv(SearchLayer):
    """Depthwise convolution of searched size, then a 1x1 convolution that all sizes share."""

    def __init__(self, layer: ir.SeparableConv, random: torch.Generator) -> None:
        super().__init__()
        self.layer = layer
        inputs, outputs = widest(layer.inputs), widest(layer.outputs)
        self.depthwise = Depthwise(layer, inputs, random)
        self.conv_pw = Kernel(inputs, outputs, 1, random)
        self.bn2 = BatchNorm(outputs)

    def forward(self, images: Tensor, path: Path) -> Tensor:
        """``(N, C, H, W)`` to ``(N, out, H / stride, W / stride)``."""
        inputs, outputs = path.width(self.layer.inputs), path.width(self.layer.outputs)
        features = self.depthwise(images, path, inputs)
        return self.bn2(self.conv_pw(features, path, inputs, outputs), path, outputs)

    def used(self, path: Path, name: str, share: float) -> Iterator[Used]:
        """The selected depthwise weights and the shared ones."""
        inputs, outputs = path.width(self.layer.inputs), path.width(self.layer.outputs)
        yield from self.depthwise.used(path, f"{name}.conv_dw", f"{name}.bn1", share, inputs)
        yield from self.conv_pw.used(path, f"{name}.conv_pw", share, inputs, outputs)
        yield from self.bn2.used(path, f"{name}.bn2", outputs)


def separable_conv(
    inputs: int, outputs: int, kernel: int, stride: int = 1, *, act: type[nn.Module]
) -> nn.Sequential:
    """Depthwise convolution, batch norm, activation, 1x1 convolution, batch norm."""
    parts = same_conv("conv_dw", inputs, inputs, kernel, stride, groups=inputs)
    parts["bn1"] = normalisation(inputs)
    parts["act1"] = act()
    parts["conv_pw"] = nn.Conv2d(inputs, outputs, 1, bias=False)
    parts["bn2"] = normalisation(outputs)
    return nn.Sequential(parts)


KIND = TorchKind(search=SeparableConv, build=separable_conv)
