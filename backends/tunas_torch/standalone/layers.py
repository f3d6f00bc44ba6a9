"""Layers of a stand-alone network. They need PyTorch alone: an exported network carries this text with it."""

from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import Tensor, nn

EPSILON = 1e-3
"""Of batch norm."""

MOMENTUM = 0.01
"""Of batch norm's moving averages: the share of the new batch."""


class Endpoint(nn.Module):
    """Adds what passes through it to the endpoints, where somebody collects them."""

    def forward(self, images: Tensor, endpoints: list[Tensor] | None = None) -> Tensor:
        """``images``."""
        if endpoints is not None:
            endpoints.append(images)
        return images


class Chain(nn.Sequential):
    """Layers one after the other."""

    def forward(self, images: Tensor, endpoints: list[Tensor] | None = None) -> Tensor:
        """What the last layer gives; endpoints inside it add to ``endpoints``."""
        for layer in self:
            images = run(layer, images, endpoints)
        return images


class Residual(nn.Module):
    """The sum of a layer's input and output."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, images: Tensor, endpoints: list[Tensor] | None = None) -> Tensor:
        """``images`` plus what the body makes of them; endpoints inside it add to ``endpoints``."""
        return images + run(self.body, images, endpoints)


def run(layer: nn.Module, images: Tensor, endpoints: list[Tensor] | None) -> Tensor:
    """What ``layer`` gives for ``images``; endpoints inside it add to ``endpoints``."""
    collects = isinstance(layer, Chain | Residual | Endpoint)
    features: Tensor = layer(images, endpoints) if collects else layer(images)
    return features


class Zeros(nn.Module):
    """Zeros of the input's shape."""

    def forward(self, images: Tensor) -> Tensor:
        """Zeros like ``images``."""
        return torch.zeros_like(images)


class SamePad2d(nn.Module):
    """The zeros of TensorFlow's SAME padding, of which there may be more after than before."""

    def __init__(self, kernel: int, stride: int) -> None:
        super().__init__()
        self.kernel = kernel
        self.stride = stride

    def forward(self, images: Tensor) -> Tensor:
        """``images`` ``(N, C, H, W)`` with the padding for their size."""
        return pad_same(images, self.kernel, self.stride)


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Zeros before and after ``size`` pixels, so that the output has ``size / stride``, rounded up."""
    outputs = -(-size // stride)
    total = max((outputs - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def pad_same(images: Tensor, kernel: int, stride: int) -> Tensor:
    """``images`` ``(N, C, H, W)`` with the zeros of SAME padding."""
    height, width = (same_padding(size, kernel, stride) for size in images.shape[2:])
    return F.pad(images, (*width, *height))


class SqueezeExcite(nn.Module):
    """Gates of 0 to 1 for each channel, from a global average through two 1x1 convolutions."""

    def __init__(self, channels: int, squeezed: int, act: type[nn.Module]) -> None:
        super().__init__()
        self.conv_reduce = nn.Conv2d(channels, squeezed, 1)
        self.act = act()
        self.conv_expand = nn.Conv2d(squeezed, channels, 1)

    def forward(self, images: Tensor) -> Tensor:
        """``images`` ``(N, channels, H, W)`` times their gates."""
        squeezed = self.act(self.conv_reduce(images.mean((2, 3), keepdim=True)))
        return images * torch.sigmoid(self.conv_expand(squeezed))


def same_conv(
    name: str, inputs: int, outputs: int, kernel: int, stride: int, *, groups: int = 1, bias: bool = False
) -> OrderedDict[str, nn.Module]:
    """A convolution called ``name`` with SAME padding, as parts of a sequence."""
    symmetric = stride == 1 and kernel % 2 == 1
    padding = kernel // 2 if symmetric else 0
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=bias)
    pad = [] if symmetric else [("pad", SamePad2d(kernel, stride))]
    return OrderedDict[str, nn.Module]([*pad, (name, convolution)])


def normalisation(channels: int) -> nn.BatchNorm2d:
    """Batch norm of ``channels`` channels."""
    return nn.BatchNorm2d(channels, eps=EPSILON, momentum=MOMENTUM)
