"""An architecture as an ordinary PyTorch network, with timm's names for its parts."""

from collections.abc import Iterable
from typing import assert_never

import torch
from torch import Tensor, nn

from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import prune
from tunas_torch.layers.registry import torch_kind
from tunas_torch.standalone.activations import ACTIVATIONS
from tunas_torch.standalone.initialisers import initialise_
from tunas_torch.standalone.layers import Chain, Endpoint, Residual, Zeros


class Network(nn.Module):
    """The stand-alone network of ``architecture``, a space in which nothing is left to decide.

    Its layers are ``blocks.BLOCK.NUMBER``; batch norm keeps moving averages for evaluation. The initial
    weights are a function of ``seed``.

    Raises:
        ValueError: ``architecture`` has a decision with several options.
    """

    def __init__(self, architecture: ir.Space, *, seed: int = 0) -> None:
        super().__init__()
        if not architecture.is_architecture:
            raise ValueError(f"`{architecture.name}` has open decisions: prune it to one architecture first")
        self.architecture = prune(architecture, [0] * len(architecture.decisions))
        self.blocks = nn.ModuleDict(
            {module_name(block): _chain(block.layers) for block in self.architecture.blocks}
        )
        self.drop: nn.Dropout | None = None
        self.classifier: nn.Linear | None = None
        if head := self.architecture.classifier:
            self.drop = nn.Dropout(float(head.dropout))
            self.classifier = nn.Linear(head.inputs.channels.constant, head.classes)
        random = torch.Generator().manual_seed(seed)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                initialise_(module, random)

    def forward(self, images: Tensor) -> Tensor | list[Tensor]:
        """The logits ``(N, classes)`` of ``images`` ``(N, C, H, W)``; without a classifier, the endpoints."""
        endpoints: list[Tensor] = []
        features = self._features(images, endpoints)
        if self.classifier is None or self.drop is None:
            return endpoints
        logits: Tensor = self.classifier(self.drop(features.mean((2, 3))))
        return logits

    def endpoints(self, images: Tensor) -> list[Tensor]:
        """The feature maps ``(N, C, H, W)`` at the endpoints, in order, for ``images`` ``(N, C, H, W)``."""
        endpoints: list[Tensor] = []
        self._features(images, endpoints)
        return endpoints

    def _features(self, images: Tensor, endpoints: list[Tensor]) -> Tensor:
        for block in self.blocks.values():
            images = block(images, endpoints)
        return images


def channels_last(network: Network) -> Network:
    """``network`` with its kernels in the layout in which convolutions on a CPU are fastest."""
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def module_name(block: ir.Block) -> str:
    """The name of a block's module: the block's own, with ``_`` where PyTorch's modules have such a name."""
    return f"{block.name}_" if hasattr(nn.ModuleDict, block.name) else block.name


def _layer(layer: ir.Layer) -> nn.Module:
    match layer:
        case ir.Operation():
            return torch_kind(layer.name).module(layer)
        case ir.Activation(function=function):
            return ACTIVATIONS[function]()
        case ir.GlobalPool():
            return nn.AdaptiveAvgPool2d(1)
        case ir.Endpoint():
            return Endpoint()
        case ir.Skip():
            return Zeros()
        case ir.Sequence(layers=layers):
            return _chain(layers)
        case ir.Residual(body=ir.Skip()):
            return nn.Identity()
        case ir.Residual(body=body):
            return Residual(_layer(body))
        case ir.Alternatives() | ir.Depth():
            raise ValueError("an architecture has nothing to decide: prune the space first")
        case _:
            assert_never(layer)


def _chain(layers: Iterable[ir.Layer]) -> Chain:
    return Chain(*map(_layer, layers))
