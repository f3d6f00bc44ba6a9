"""Depthwise convolution whose gradient of a large kernel is faster on a CPU than PyTorch's own.

PyTorch's gradient of depthwise kernels is fast for 3x3 only. For others, where it pays, the gradient is
taken as what it is: the correlation of images with the gradient of the output, each channel of each
image on its own. That is a depthwise convolution again, with the output's gradient as the kernel.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

SMALLEST_KERNEL = 5
LARGEST_OUTPUT = {1: 56 * 56, 2: 14 * 14}
"""Pixels of the output, by stride, up to which it pays, as measured for kernels of 5 and 7."""


def depthwise(images: Tensor, kernel: Tensor, stride: int, padding: int) -> Tensor:
    """The depthwise convolution of ``images`` ``(N, C, H, W)`` with ``kernel`` ``(C, 1, k, k)``."""
    if _pays(images, kernel, stride, padding):
        output: Tensor = _Depthwise.apply(images, kernel, stride, padding)  # type: ignore[no-untyped-call]
        return output
    return F.conv2d(images, kernel, None, stride, padding, groups=len(kernel))


class DepthwiseConv2d(nn.Conv2d):
    """A depthwise convolution that trains with this gradient; in evaluation it is PyTorch's own."""

    def forward(self, images: Tensor) -> Tensor:
        """``(N, C, H, W)`` convolved channel by channel."""
        if not self.training:
            return super().forward(images)
        return depthwise(images, self.weight, int(self.stride[0]), int(self.padding[0]))


def use_fast_gradients(network: nn.Module) -> None:
    """Let the depthwise convolutions of an ordinary ``network`` train as those of a supernet do.

    Names and values of its parameters stay what they are.
    """
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            if type(child) is nn.Conv2d and child.groups == child.in_channels == child.out_channels > 1:
                setattr(parent, name, _with_fast_gradient(child))


def _with_fast_gradient(convolution: nn.Conv2d) -> nn.Conv2d:
    if convolution.bias is not None or isinstance(convolution.padding, str):
        return convolution
    channels = convolution.in_channels
    kernel, stride = convolution.kernel_size[0], convolution.stride[0]
    padding = int(convolution.padding[0])
    fast = DepthwiseConv2d(
        channels, channels, kernel, stride, padding, groups=channels, bias=False, device="meta"
    )
    fast.weight = convolution.weight
    return fast.train(convolution.training)


def _pays(images: Tensor, kernel: Tensor, stride: int, padding: int) -> bool:
    size = kernel.shape[-1]
    if size < SMALLEST_KERNEL or images.device.type not in ("cpu", "meta") or not kernel.requires_grad:
        return False
    height, width = ((length + 2 * padding - size) // stride + 1 for length in images.shape[2:])
    return height * width <= LARGEST_OUTPUT.get(stride, 0) and not torch.is_autocast_enabled("cpu")


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, images: Tensor, kernel: Tensor, stride: int, padding: int) -> Tensor:
        ctx.save_for_backward(images, kernel)
        ctx.stride, ctx.padding = stride, padding
        return F.conv2d(images, kernel, None, stride, padding, groups=len(kernel))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        images, kernel = ctx.saved_tensors
        of_images = of_kernel = None
        if ctx.needs_input_grad[0]:
            strides, pads = [ctx.stride] * 2, [ctx.padding] * 2
            of_images, _, _ = torch.ops.aten.convolution_backward(
                gradient,
                images,
                kernel,
                None,
                strides,
                pads,
                [1, 1],
                False,
                [0, 0],
                len(kernel),
                [True, False, False],
            )
        if ctx.needs_input_grad[1]:
            of_kernel = kernel_gradient(images, gradient, kernel.shape[-1], ctx.stride, ctx.padding)
        return of_images, of_kernel, None, None


def kernel_gradient(images: Tensor, gradient: Tensor, size: int, stride: int, padding: int) -> Tensor:
    """The gradient ``(C, 1, size, size)`` from ``images`` ``(N, C, H, W)`` and that of the output."""
    count, channels, height, width = images.shape
    groups = count * channels
    found = F.conv2d(
        images.reshape(1, groups, height, width),
        gradient.reshape(groups, 1, *gradient.shape[2:]),
        padding=padding,
        dilation=stride,
        groups=groups,
    )
    found = found[..., :size, :size]  # stride may leave pixels over that no output has seen
    return found.reshape(count, channels, size, size).sum(0).unsqueeze(1)
