"""What a recomputed branch keeps after all: outputs of 1x1 convolutions that have few channels for many.

They take little memory beside what goes into them, and computing them is half the matrix products of an
inverted bottleneck.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

SHRINKS = 2
"""A convolution shrinks that has so many times fewer output than input channels."""


class Kept:
    """The outputs that one branch keeps, in their order: put here in forward, taken in backward."""

    def __init__(self) -> None:
        self._outputs: deque[Tensor] = deque()

    def conv(
        self, images: Tensor, kernel: Tensor, bias: Tensor | None, stride: int, conv: Callable[..., Tensor]
    ) -> Tensor:
        """What ``conv`` gives for the others, kept or taken if it is an output that is worth it."""
        outputs, inputs, size, _ = kernel.shape
        if size != 1 or stride != 1 or bias is not None or outputs * SHRINKS > inputs:
            return conv(images, kernel, bias, stride)
        if torch.is_grad_enabled():
            known: Tensor = _Known.apply(images, kernel, self._outputs.popleft())  # type: ignore[no-untyped-call]
            return known
        output = conv(images, kernel, bias, stride)
        self._outputs.append(output)
        return output


class _Known(torch.autograd.Function):
    """A 1x1 convolution of images ``(N, C, H, W)`` with a kernel ``(out, C, 1, 1)`` whose output is known."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, kernel: Tensor, output: Tensor) -> Tensor:
        ctx.save_for_backward(images, kernel)
        return output.detach()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        images, kernel = ctx.saved_tensors
        rows = gradient.permute(0, 2, 3, 1)
        of_images = of_kernel = None
        if ctx.needs_input_grad[0]:
            matrix = kernel.flatten(1).to(rows.dtype)  # which in mixed precision is another
            of_images = (rows @ matrix).permute(0, 3, 1, 2).to(images.dtype)
        if ctx.needs_input_grad[1]:
            rows = rows.reshape(-1, len(kernel))
            pixels = images.permute(0, 2, 3, 1).reshape(-1, kernel.shape[1]).to(rows.dtype)
            of_kernel = (rows.T @ pixels).view_as(kernel).to(kernel.dtype)
        return of_images, of_kernel, None
