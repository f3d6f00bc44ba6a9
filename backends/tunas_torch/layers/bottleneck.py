"""``bottleneck`` in PyTorch: in the supernet, and on its own."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import attrs
import torch
from torch import Tensor, nn

from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import chosen, expanded_filters
from tunas_torch.layers.kinds import Depthwise, SearchLayer, widest
from tunas_torch.layers.operations import ACTIVATIONS
from tunas_torch.layers.path import Path, Used
from tunas_torch.layers.registry import TorchKind
from tunas_torch.layers.switch import switch
from tunas_torch.layers.weights import BatchNorm, Kernel, Part
from tunas_torch.standalone.layers import SqueezeExcite, normalisation, same_conv


@attrs.frozen
class Widths:
    """The numbers of channels inside a bottleneck, in the order in which features meet them."""

    inputs: int
    expanded: int
    squeezed: int
    outputs: int


class SearchSqueezeExcite(Part):
    """Gates of 0 to 1 for each channel, from a global average through two 1x1 convolutions (facts 2.3)."""

    def __init__(self, layer: ir.Bottleneck, widths: Widths, random: torch.Generator) -> None:
        super().__init__()
        self.act = ACTIVATIONS[layer.se_act]
        self.conv_reduce = Kernel(widths.expanded, widths.squeezed, 1, random, bias=True)
        self.conv_expand = Kernel(widths.squeezed, widths.expanded, 1, random, bias=True)

    def forward(self, images: Tensor, path: Path, widths: Widths) -> Tensor:
        """``images`` ``(N, expanded, H, W)`` times their gates."""
        pooled = images.mean((2, 3), keepdim=True)
        squeezed = self.act(self.conv_reduce(pooled, path, widths.expanded, widths.squeezed))
        return images * torch.sigmoid(self.conv_expand(squeezed, path, widths.squeezed, widths.expanded))

    def used(self, path: Path, name: str, share: float, widths: Widths) -> Iterator[Used]:
        """The parts of both convolutions for these widths."""
        yield from self.conv_reduce.used(path, f"{name}.conv_reduce", share, widths.expanded, widths.squeezed)
        yield from self.conv_expand.used(path, f"{name}.conv_expand", share, widths.squeezed, widths.expanded)


class Bottleneck(SearchLayer):
    """Inverted bottleneck; its expand and project convolutions serve every option (paper section 4)."""

    def __init__(self, layer: ir.Bottleneck, random: torch.Generator) -> None:
        super().__init__()
        self.layer = layer
        inputs, outputs = widest(layer.inputs), widest(layer.outputs)
        expanded = max(expanded_filters(option, inputs, layer.divisor) for option in layer.expansion.options)
        widths = Widths(inputs, expanded, layer.squeezed(expanded), outputs)
        self.conv_pw = Kernel(inputs, expanded, 1, random)
        self.bn1 = BatchNorm(expanded)
        self.depthwise = Depthwise(layer, expanded, random)
        self.se = SearchSqueezeExcite(layer, widths, random) if any(layer.squeeze_excite.options) else None
        self.conv_pwl = Kernel(expanded, outputs, 1, random)
        self.bn3 = BatchNorm(outputs)

    def widths(self, path: Path) -> Widths:
        """The selected widths: expansion follows the selected input, squeeze-and-excite the expansion."""
        inputs = path.width(self.layer.inputs)
        expansion = chosen(self.layer.expansion, path.selection)
        expanded = expanded_filters(expansion, inputs, self.layer.divisor)
        squeezed = self.layer.squeezed(expanded)
        return Widths(inputs, expanded, squeezed, path.width(self.layer.outputs))

    def forward(self, images: Tensor, path: Path) -> Tensor:
        """``(N, C, H, W)`` to ``(N, out, H / stride, W / stride)``."""
        widths = self.widths(path)
        features = self.conv_pw(images, path, widths.inputs, widths.expanded)
        features = ACTIVATIONS[self.layer.act](self.bn1(features, path, widths.expanded))
        features = self._excite(self.depthwise(features, path, widths.expanded), path, widths)
        return self.bn3(self.conv_pwl(features, path, widths.expanded, widths.outputs), path, widths.outputs)

    def used(self, path: Path, name: str, share: float) -> Iterator[Used]:
        """The weights for the selected widths, kernels and squeeze-and-excite."""
        widths = self.widths(path)
        yield from self.conv_pw.used(path, f"{name}.conv_pw", share, widths.inputs, widths.expanded)
        yield from self.bn1.used(path, f"{name}.bn1", widths.expanded)
        yield from self.depthwise.used(path, f"{name}.conv_dw", f"{name}.bn2", share, widths.expanded)
        for option, fraction in path.alive(self.layer.squeeze_excite):
            if self.se is not None and self.layer.squeeze_excite.options[option]:
                yield from self.se.used(path, f"{name}.se", share * fraction, widths)
        yield from self.conv_pwl.used(path, f"{name}.conv_pwl", share, widths.expanded, widths.outputs)
        yield from self.bn3.used(path, f"{name}.bn3", widths.outputs)

    def _excite(self, features: Tensor, path: Path, widths: Widths) -> Tensor:
        if self.se is None:
            return features
        excite, options = self.se, self.layer.squeeze_excite.options

        def branch(option: int, features: Tensor, path: Path) -> Tensor:
            return excite(features, path, widths) if options[option] else features

        return switch(self.layer.squeeze_excite, features, path, branch)


def bottleneck(
    inputs: int,
    outputs: int,
    kernel: int,
    stride: int = 1,
    *,
    expanded: int,
    act: type[nn.Module],
    squeezed: int | None = None,
    se_act: type[nn.Module] = nn.ReLU,
) -> nn.Sequential:
    """1x1 expansion, depthwise convolution, squeeze-and-excite if ``squeezed`` is given, 1x1 projection."""
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    parts["conv_pw"] = nn.Conv2d(inputs, expanded, 1, bias=False)
    parts["bn1"] = normalisation(expanded)
    parts["act1"] = act()
    parts |= same_conv("conv_dw", expanded, expanded, kernel, stride, groups=expanded)
    parts["bn2"] = normalisation(expanded)
    parts["act2"] = act()
    if squeezed is not None:
        parts["se"] = SqueezeExcite(expanded, squeezed, se_act)
    parts["conv_pwl"] = nn.Conv2d(expanded, outputs, 1, bias=False)
    parts["bn3"] = normalisation(outputs)
    return nn.Sequential(parts)


def _own(layer: ir.Bottleneck) -> dict[str, Any]:
    return {"se_act": layer.se_act} if layer.squeeze_excite.constant else {}


KIND = TorchKind(search=Bottleneck, build=bottleneck, own=_own)
