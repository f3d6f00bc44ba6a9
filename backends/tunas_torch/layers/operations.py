"""The tensor operations of layers, and the two ways to use a part of a weight: masking and slicing.

Masking is the definition (facts 3), slicing the same function with less work: what a mask of zeros and
ones removes is never computed. Whatever differs between the two is in this module.
"""

from collections.abc import Callable
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from tunas_dsl.ir import space as ir
from tunas_torch.layers.depthwise import depthwise
from tunas_torch.standalone.layers import EPSILON, pad_same

ACTIVATIONS: dict[ir.ActivationFunction, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "relu6": F.relu6,
    "swish": F.silu,
    "swish6": F.hardswish,
    "sigmoid": torch.sigmoid,
}

FEW_PIXELS = 9
"""Pixels of an image up to which a 1x1 convolution is faster as a matrix product, as measured on a CPU."""


def convolve(images: Tensor, kernel: Tensor, bias: Tensor | None, stride: int, groups: int = 1) -> Tensor:
    """The SAME convolution of ``images`` ``(N, C, H, W)`` with ``kernel`` ``(out, C / groups, k, k)``.

    The result is ``(N, out, ceil(H / stride), ceil(W / stride))``.
    """
    width = kernel.shape[-1]
    if stride == 1 and width % 2:  # symmetric, so the convolution can pad without a copy
        return F.conv2d(images, kernel, bias, padding=width // 2, groups=groups)
    return F.conv2d(pad_same(images, width, stride), kernel, bias, stride, groups=groups)


def normalise(images: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    """Batch norm of ``(N, C, H, W)`` with the statistics of the batch, always; variances are biased."""
    return F.batch_norm(images, None, None, gamma, beta, training=True, eps=EPSILON)


def resized(images: Tensor, size: tuple[int, int] | None) -> Tensor:
    """``images`` ``(N, C, H, W)`` in another height and width, bilinearly, without aliasing."""
    if size is None or tuple(images.shape[2:]) == size:
        return images
    return F.interpolate(images, size, mode="bilinear", align_corners=False, antialias=True)


class Execution(Protocol):
    """How the first channels of a weight are used and the others are not.

    What flows between layers, ``(N, C, H, W)``, has the selected C under slicing; under masking C is the
    largest, and the channels after the selected ones are 0.
    """

    def arrange(self, images: Tensor) -> Tensor:
        """``images`` in the memory layout that the operations prefer."""

    def kernel(self, weight: Tensor, outputs: int, inputs: int) -> Tensor:
        """The part of ``weight`` ``(out, in, k, k)`` for the first ``outputs`` and ``inputs`` channels."""

    def vector(self, values: Tensor, width: int) -> Tensor:
        """The part of a bias, gamma or beta ``(out,)`` for the first ``width`` channels."""

    def extent(self, parameter: Tensor, shape: tuple[int, ...]) -> tuple[int, ...]:
        """How much of ``parameter`` the operations need, where its first entries ``shape`` are used."""

    def conv(self, images: Tensor, kernel: Tensor, bias: Tensor | None, stride: int) -> Tensor:
        """The SAME convolution with what :meth:`kernel` and :meth:`vector` gave."""

    def depthwise(self, images: Tensor, kernel: Tensor, stride: int) -> Tensor:
        """The SAME depthwise convolution with what :meth:`kernel` gave."""

    def batch_norm(self, images: Tensor, gamma: Tensor, beta: Tensor, width: int) -> Tensor:
        """Stateless batch norm of the first ``width`` channels; gamma and beta are whole, ``(out,)``."""

    def activated(self, images: Tensor, width: int) -> Tensor:
        """What an activation gave for ``images`` of which the first ``width`` channels are selected."""


class Masking:
    """The definition: weights times prefix masks, at full width; batch norm's result times its mask."""

    def arrange(self, images: Tensor) -> Tensor:
        """``images`` as they are."""
        return images

    def kernel(self, weight: Tensor, outputs: int, inputs: int) -> Tensor:
        """``weight`` times the output mask (x) the input mask, ``(out, in, k, k)``."""
        return weight * _prefix(weight, 0, outputs) * _prefix(weight, 1, inputs)

    def vector(self, values: Tensor, width: int) -> Tensor:
        """``values`` times the mask, ``(out,)``."""
        return values * _prefix(values, 0, width)

    def extent(self, parameter: Tensor, shape: tuple[int, ...]) -> tuple[int, ...]:
        """All of it."""
        return tuple(parameter.shape)

    def conv(self, images: Tensor, kernel: Tensor, bias: Tensor | None, stride: int) -> Tensor:
        """The SAME convolution at full width."""
        return convolve(images, kernel, bias, stride)

    def depthwise(self, images: Tensor, kernel: Tensor, stride: int) -> Tensor:
        """The SAME depthwise convolution at full width."""
        return convolve(images, kernel, None, stride, groups=len(kernel))

    def batch_norm(self, images: Tensor, gamma: Tensor, beta: Tensor, width: int) -> Tensor:
        """Batch norm, then the mask: otherwise beta would leak into the channels that are off."""
        return normalise(images, gamma, beta) * _prefix(images, 1, width)

    def activated(self, images: Tensor, width: int) -> Tensor:
        """``images`` times their mask: the sigmoid of a channel that is off is 1/2."""
        return images * _prefix(images, 1, width)


class Slicing:
    """The same on views of the used channels alone, with images in channels-last layout."""

    def arrange(self, images: Tensor) -> Tensor:
        """``images`` in channels-last layout, in which a 1x1 convolution is a matrix product."""
        return images.contiguous(memory_format=torch.channels_last)

    def kernel(self, weight: Tensor, outputs: int, inputs: int) -> Tensor:
        """A view, ``(outputs, inputs, k, k)``."""
        return prefix(weight, (outputs, inputs))

    def vector(self, values: Tensor, width: int) -> Tensor:
        """A view, ``(width,)``."""
        return prefix(values, (width,))

    def extent(self, parameter: Tensor, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The used part."""
        return shape

    def conv(self, images: Tensor, kernel: Tensor, bias: Tensor | None, stride: int) -> Tensor:
        """The SAME convolution; a matrix product where kernel and stride are 1 and there are few pixels."""
        if kernel.shape[-1] == stride == 1 and images.shape[2] * images.shape[3] <= FEW_PIXELS:
            return F.linear(images.permute(0, 2, 3, 1), kernel.flatten(1), bias).permute(0, 3, 1, 2)
        # An image of one channel is in both layouts at once, so say again which one is meant.
        return self.arrange(convolve(images, kernel, bias, stride))

    def depthwise(self, images: Tensor, kernel: Tensor, stride: int) -> Tensor:
        """The SAME depthwise convolution, with a gradient that is fast on a CPU."""
        size = kernel.shape[-1]
        if stride == 1 and size % 2:
            return depthwise(images, kernel, 1, size // 2)
        return depthwise(pad_same(images, size, stride), kernel, stride, 0)

    def batch_norm(self, images: Tensor, gamma: Tensor, beta: Tensor, width: int) -> Tensor:
        """Batch norm of the ``width`` channels that there are."""
        return normalise(images, prefix(gamma, (width,)), prefix(beta, (width,)))

    def activated(self, images: Tensor, width: int) -> Tensor:
        """``images``, which have the selected channels alone."""
        return images


def prefix(tensor: Tensor, lengths: tuple[int, ...]) -> Tensor:
    """A view of the first entries of ``tensor``, so many along each dimension; itself where that is all."""
    for dimension, (length, whole) in enumerate(zip(lengths, tensor.shape, strict=False)):
        if length != whole:
            tensor = tensor.narrow(dimension, 0, length)
    return tensor


def _prefix(like: Tensor, dimension: int, width: int) -> Tensor:
    """A mask of ones on the first ``width`` entries of a dimension of ``like``, to multiply it with."""
    mask = torch.arange(like.shape[dimension], device=like.device) < width
    return mask.to(like.dtype).reshape([-1 if d == dimension else 1 for d in range(like.ndim)])
