"""The weights of the supernet: each tensor exists once, in its largest size, and a path uses a part of it."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Generic, TypeVar

import torch
from torch import Tensor, nn

from tunas_torch.layers.path import Path, Used
from tunas_torch.standalone.initialisers import he_normal_


class Part(nn.Module):
    """A module of the supernet; what calling one gives is a tensor."""

    __call__: Callable[..., Tensor]


P = TypeVar("P", bound=Part)


class Parts(nn.ModuleList, Generic[P]):
    """Parts of one type, in order."""

    if TYPE_CHECKING:

        def __iter__(self) -> Iterator[P]: ...

        def __getitem__(self, index: int) -> P: ...  # type: ignore[override]


class Kernel(Part):
    """The kernel ``(outputs, inputs, k, k)`` of a convolution, and a bias if asked for."""

    def __init__(
        self, inputs: int, outputs: int, size: int, random: torch.Generator, bias: bool = False
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(he_normal_(torch.empty(outputs, inputs, size, size), random))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None

    def forward(self, images: Tensor, path: Path, inputs: int, outputs: int, stride: int = 1) -> Tensor:
        """The convolution from the first ``inputs`` to the first ``outputs`` channels."""
        kernel = path.kernel(self.weight, outputs, inputs)
        bias = None if self.bias is None else path.vector(self.bias, outputs)
        return path.conv(images, kernel, bias, stride)

    def used(self, path: Path, name: str, share: float, inputs: int, outputs: int) -> Iterator[Used]:
        """The parts of kernel and bias for these channels."""
        yield path.used(f"{name}.weight", self.weight, outputs, inputs, share=share)
        if self.bias is not None:
            yield path.used(f"{name}.bias", self.bias, outputs)


class DepthwiseKernel(Part):
    """The kernel ``(channels, 1, k, k)`` of a depthwise convolution."""

    def __init__(self, channels: int, size: int, random: torch.Generator) -> None:
        super().__init__()
        self.weight = nn.Parameter(he_normal_(torch.empty(channels, 1, size, size), random))

    def forward(self, images: Tensor, path: Path, channels: int, stride: int) -> Tensor:
        """The depthwise convolution of the first ``channels`` channels."""
        kernel = path.kernel(self.weight, channels, 1)
        return path.execution.depthwise(images, kernel, stride)

    def used(self, path: Path, name: str, share: float, channels: int) -> Iterator[Used]:
        """The part of the kernel for these channels."""
        yield path.used(f"{name}.weight", self.weight, channels, share=share)


class BatchNorm(Part):
    """Gamma and beta ``(channels,)`` of a batch norm that keeps no statistics."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, images: Tensor, path: Path, channels: int) -> Tensor:
        """Batch norm of the first ``channels`` channels with the statistics of the batch."""
        gamma, beta = path.weights.get(self.weight, self.weight), path.weights.get(self.bias, self.bias)
        return path.execution.batch_norm(images, gamma, beta, channels)

    def used(self, path: Path, name: str, channels: int) -> Iterator[Used]:
        """The parts of gamma and beta for these channels."""
        yield path.used(f"{name}.weight", self.weight, channels)
        yield path.used(f"{name}.bias", self.bias, channels)
