"""The layers of a space as modules of the supernet, one class for each kind, with every option inside.

``forward`` and ``used`` say the same thing twice: what a path computes, and which weights that takes.
"""

from collections.abc import Iterator
from functools import partial

import attrs
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import chosen, expanded_filters, squeezed_filters
from tunas_torch.layers.operations import ACTIVATIONS, prefix
from tunas_torch.layers.path import Path, Used
from tunas_torch.layers.switch import switch
from tunas_torch.layers.weights import BatchNorm, DepthwiseKernel, Kernel, Part, Parts
from tunas_torch.standalone.initialisers import classifier_normal_


class SearchLayer(Part):
    """A layer that knows its options and runs those that a path selects."""

    def forward(self, images: Tensor, path: Path) -> Tensor:
        """The layer's output for ``images`` ``(N, C, H, W)``."""
        raise NotImplementedError

    def used(self, path: Path, name: str, share: float) -> Iterator[Used]:
        """The weights that ``path`` uses, where the layer is called ``name`` and gets ``share`` of L2."""
        return iter(())


class Conv(SearchLayer):
    """Convolution and batch norm, both once for each kernel size."""

    def __init__(self, layer: ir.Conv, random: torch.Generator) -> None:
        super().__init__()
        self.layer = layer
        inputs, outputs = widest(layer.inputs), widest(layer.outputs)
        kernel = partial(Kernel, inputs, outputs, random=random, bias=not layer.batch_norm)
        self.conv = Parts[Kernel](kernel(size) for size in layer.kernel.options)
        self.bn1 = Parts[BatchNorm](BatchNorm(outputs) for _ in self.conv) if layer.batch_norm else None

    def forward(self, images: Tensor, path: Path) -> Tensor:
        """The convolution, or under op warmup the mean over the kernel sizes."""
        inputs, outputs = path.width(self.layer.inputs), path.width(self.layer.outputs)

        def branch(option: int, images: Tensor, path: Path) -> Tensor:
            features = self.conv[option](images, path, inputs, outputs, self.layer.stride)
            return features if self.bn1 is None else self.bn1[option](features, path, outputs)

        return switch(self.layer.kernel, images, path, branch)

    def used(self, path: Path, name: str, share: float) -> Iterator[Used]:
        """The weights of the selected kernel sizes."""
        inputs, outputs = path.width(self.layer.inputs), path.width(self.layer.outputs)
        for option, fraction in path.alive(self.layer.kernel):
            yield from self.conv[option].used(path, f"{name}.conv", share * fraction, inputs, outputs)
            if self.bn1 is not None:
                yield from self.bn1[option].used(path, f"{name}.bn1", outputs)


class Depthwise(Part):
    """Depthwise convolution, batch norm, activation: a chain of its own for each kernel size (facts 2.3)."""

    def __init__(
        self, layer: ir.SeparableConv | ir.Bottleneck, channels: int, random: torch.Generator
    ) -> None:
        super().__init__()
        self.layer = layer
        sizes = layer.kernel.options
        self.conv = Parts[DepthwiseKernel](DepthwiseKernel(channels, size, random) for size in sizes)
        self.bn = Parts[BatchNorm](BatchNorm(channels) for _ in sizes)

    def forward(self, images: Tensor, path: Path, channels: int) -> Tensor:
        """The selected chain, or under op warmup the mean over all, after their activations."""
        act = ACTIVATIONS[self.layer.act]

        def branch(option: int, images: Tensor, path: Path) -> Tensor:
            features = self.conv[option](images, path, channels, self.layer.stride)
            return act(self.bn[option](features, path, channels))

        return switch(self.layer.kernel, images, path, branch)

    def used(self, path: Path, conv: str, norm: str, share: float, channels: int) -> Iterator[Used]:
        """The weights of the selected chains, called ``conv`` and ``norm``."""
        for option, fraction in path.alive(self.layer.kernel):
            yield from self.conv[option].used(path, conv, share * fraction, channels)
            yield from self.bn[option].used(path, norm, channels)


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


@attrs.frozen
class Widths:
    """The numbers of channels inside a bottleneck, in the order in which features meet them."""

    inputs: int
    expanded: int
    squeezed: int
    outputs: int


class SqueezeExcite(Part):
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
        widths = Widths(inputs, expanded, squeezed_filters(layer, expanded), outputs)
        self.conv_pw = Kernel(inputs, expanded, 1, random)
        self.bn1 = BatchNorm(expanded)
        self.depthwise = Depthwise(layer, expanded, random)
        self.se = SqueezeExcite(layer, widths, random) if any(layer.squeeze_excite.options) else None
        self.conv_pwl = Kernel(expanded, outputs, 1, random)
        self.bn3 = BatchNorm(outputs)

    def widths(self, path: Path) -> Widths:
        """The selected widths: expansion follows the selected input, squeeze-and-excite the expansion."""
        inputs = path.width(self.layer.inputs)
        expansion = chosen(self.layer.expansion, path.selection)
        expanded = expanded_filters(expansion, inputs, self.layer.divisor)
        squeezed = squeezed_filters(self.layer, expanded)
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


class Activation(SearchLayer):
    """An activation function."""

    def __init__(self, layer: ir.Activation) -> None:
        super().__init__()
        self.layer = layer
        self.function = ACTIVATIONS[layer.function]

    def forward(self, images: Tensor, path: Path) -> Tensor:
        """The function of every entry of the selected channels."""
        return path.execution.activated(self.function(images), path.width(self.layer.outputs))


class GlobalPool(SearchLayer):
    """Global average pool."""

    def forward(self, images: Tensor, path: Path) -> Tensor:
        """``(N, C, H, W)`` to ``(N, C, 1, 1)``."""
        return images.mean((2, 3), keepdim=True)


class Endpoint(SearchLayer):
    """Leaves what passes through it in the path."""

    def forward(self, images: Tensor, path: Path) -> Tensor:
        """``images``."""
        path.endpoints.append(images)
        return images


class Skip(SearchLayer):
    """Zeros; a residual around it does no work."""

    def forward(self, images: Tensor, path: Path) -> Tensor:
        """Zeros of the shape of ``images``."""
        return torch.zeros_like(images)


class Classifier(Part):
    """Global average pool and a linear layer ``(classes, largest C)`` with bias.

    Shared weights have no dropout (paper, E.2): it is of trainings alone.
    """

    def __init__(self, classifier: ir.Classifier, random: torch.Generator) -> None:
        super().__init__()
        self.inputs = classifier.inputs
        self.weight = nn.Parameter(
            classifier_normal_(torch.empty(classifier.classes, widest(self.inputs)), random)
        )
        self.bias = nn.Parameter(torch.zeros(classifier.classes))

    def forward(self, images: Tensor, path: Path) -> Tensor:
        """``(N, C, H, W)`` to ``(N, classes)``; never masked: masked channels are 0 already (facts 2.3)."""
        pooled = images.mean((2, 3))
        weight = prefix(path.weights.get(self.weight, self.weight), (len(self.weight), pooled.shape[1]))
        return F.linear(pooled, weight, path.weights.get(self.bias, self.bias))

    def used(self, path: Path, name: str) -> Iterator[Used]:
        """The columns for the selected channels, and the bias."""
        yield path.used(f"{name}.weight", self.weight, len(self.weight), path.width(self.inputs))
        yield path.used(f"{name}.bias", self.bias)


def widest(features: ir.FeatureMap) -> int:
    """The largest number of channels."""
    return max(features.channels.options)
