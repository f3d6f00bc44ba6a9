"""``conv`` in PyTorch: in the supernet, and on its own."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor, nn

from tunas_dsl.ir import space as ir
from tunas_torch.layers.kinds import SearchLayer, widest
from tunas_torch.layers.path import Path, Used
from tunas_torch.layers.registry import TorchKind
from tunas_torch.layers.switch import switch
from tunas_torch.layers.weights import BatchNorm, Kernel, Parts
from tunas_torch.standalone.layers import normalisation, same_conv


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


def conv(
    inputs: int, outputs: int, kernel: int, stride: int = 1, *, batch_norm: bool = True
) -> nn.Sequential:
    """Convolution and batch norm; without batch norm the convolution has a bias."""
    parts = same_conv("conv", inputs, outputs, kernel, stride, bias=not batch_norm)
    if batch_norm:
        parts["bn1"] = normalisation(outputs)
    return nn.Sequential(parts)


KIND = TorchKind(search=Conv, build=conv)
