"""The layers of a space as modules of the supernet, one class for each kind, with every option inside.

``forward`` and ``used`` say the same thing twice: what a path computes, and which weights that takes.
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tunas_dsl.ir import space as ir
from tunas_torch.layers.operations import ACTIVATIONS, prefix
from tunas_torch.layers.path import Path, Used
from tunas_torch.layers.switch import switch
from tunas_torch.layers.weights import BatchNorm, DepthwiseKernel, Part, Parts
from tunas_torch.standalone.initialisers import classifier_normal_


class SearchLayer(Part):
    """A layer that knows its options and runs those that a path selects."""

    def forward(self, images: Tensor, path: Path) -> Tensor:
        """The layer's output for ``images`` ``(N, C, H, W)``."""
        raise NotImplementedError

    def used(self, path: Path, name: str, share: float) -> Iterator[Used]:
        """The weights that ``path`` uses, where the layer is called ``name`` and gets ``share`` of L2."""
        return iter(())


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
