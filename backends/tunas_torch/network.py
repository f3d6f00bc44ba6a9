"""An architecture as an ordinary PyTorch network, with timm's names for its parts."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import assert_never

import torch
from torch import Tensor, nn

from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import expanded_filters, prune, squeezed_filters
from tunas_torch.initialisers import initialise_
from tunas_torch.operations import EPSILON, pad_same

MOMENTUM = 0.01
"""Of batch norm's moving averages, in PyTorch's sense: the share of the new batch (facts 2.5)."""

ACTIVATIONS: dict[ir.ActivationFunction, type[nn.Module]] = {
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "swish": nn.SiLU,
    "swish6": nn.Hardswish,
    "sigmoid": nn.Sigmoid,
}


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
            images = _call(layer, images, endpoints)
        return images


class Residual(nn.Module):
    """The sum of a layer's input and output."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, images: Tensor, endpoints: list[Tensor] | None = None) -> Tensor:
        """``images`` plus what the body makes of them; endpoints inside it add to ``endpoints``."""
        return images + _call(self.body, images, endpoints)


def _call(layer: nn.Module, images: Tensor, endpoints: list[Tensor] | None) -> Tensor:
    collects = isinstance(layer, Chain | Residual | Endpoint)
    features: Tensor = layer(images, endpoints) if collects else layer(images)
    return features


class Zeros(nn.Module):
    """Zeros of the input's shape."""

    def forward(self, images: Tensor) -> Tensor:
        """Zeros like ``images``."""
        return torch.zeros_like(images)


class SamePad2d(nn.Module):
    """The zeros of TensorFlow's SAME padding, of which there may be more after than before (facts 2.4)."""

    def __init__(self, kernel: int, stride: int) -> None:
        super().__init__()
        self.kernel = kernel
        self.stride = stride

    def forward(self, images: Tensor) -> Tensor:
        """``images`` ``(N, C, H, W)`` with the padding for their size."""
        return pad_same(images, self.kernel, self.stride)


class SqueezeExcite(nn.Module):
    """Gates of 0 to 1 for each channel, from a global average through two 1x1 convolutions (facts 2.3)."""

    def __init__(self, channels: int, squeezed: int, act: ir.ActivationFunction) -> None:
        super().__init__()
        self.conv_reduce = nn.Conv2d(channels, squeezed, 1)
        self.act = ACTIVATIONS[act]()
        self.conv_expand = nn.Conv2d(squeezed, channels, 1)

    def forward(self, images: Tensor) -> Tensor:
        """``images`` ``(N, channels, H, W)`` times their gates."""
        squeezed = self.act(self.conv_reduce(images.mean((2, 3), keepdim=True)))
        return images * torch.sigmoid(self.conv_expand(squeezed))


def module_name(block: ir.Block) -> str:
    """The name of a block's module: the block's own, with ``_`` where PyTorch's modules have such a name."""
    return f"{block.name}_" if hasattr(nn.ModuleDict, block.name) else block.name


def _layer(layer: ir.Layer) -> nn.Module:
    match layer:
        case ir.Conv():
            return _conv(layer)
        case ir.SeparableConv():
            return _separable_conv(layer)
        case ir.Bottleneck():
            return _bottleneck(layer)
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


def _conv(layer: ir.Conv) -> nn.Sequential:
    inputs, outputs = _channels(layer)
    parts = _same_conv(
        "conv", inputs, outputs, layer.kernel.constant, layer.stride, bias=not layer.batch_norm
    )
    if layer.batch_norm:
        parts["bn1"] = _batch_norm(outputs)
    return nn.Sequential(parts)


def _separable_conv(layer: ir.SeparableConv) -> nn.Sequential:
    inputs, outputs = _channels(layer)
    parts = _same_conv("conv_dw", inputs, inputs, layer.kernel.constant, layer.stride, groups=inputs)
    parts["bn1"] = _batch_norm(inputs)
    parts["act1"] = ACTIVATIONS[layer.act]()
    parts["conv_pw"] = nn.Conv2d(inputs, outputs, 1, bias=False)
    parts["bn2"] = _batch_norm(outputs)
    return nn.Sequential(parts)


def _bottleneck(layer: ir.Bottleneck) -> nn.Sequential:
    inputs, outputs = _channels(layer)
    expanded = expanded_filters(layer.expansion.constant, inputs, layer.divisor)
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    parts["conv_pw"] = nn.Conv2d(inputs, expanded, 1, bias=False)
    parts["bn1"] = _batch_norm(expanded)
    parts["act1"] = ACTIVATIONS[layer.act]()
    parts |= _same_conv("conv_dw", expanded, expanded, layer.kernel.constant, layer.stride, groups=expanded)
    parts["bn2"] = _batch_norm(expanded)
    parts["act2"] = ACTIVATIONS[layer.act]()
    if layer.squeeze_excite.constant:
        parts["se"] = SqueezeExcite(expanded, squeezed_filters(layer, expanded), layer.se_act)
    parts["conv_pwl"] = nn.Conv2d(expanded, outputs, 1, bias=False)
    parts["bn3"] = _batch_norm(outputs)
    return nn.Sequential(parts)


def _channels(layer: ir.LayerBase) -> tuple[int, int]:
    return layer.inputs.channels.constant, layer.outputs.channels.constant


def _same_conv(
    name: str, inputs: int, outputs: int, kernel: int, stride: int, *, groups: int = 1, bias: bool = False
) -> OrderedDict[str, nn.Module]:
    symmetric = stride == 1 and kernel % 2 == 1
    padding = kernel // 2 if symmetric else 0
    conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=bias)
    pad = [] if symmetric else [("pad", SamePad2d(kernel, stride))]
    return OrderedDict[str, nn.Module]([*pad, (name, conv)])


def _batch_norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=EPSILON, momentum=MOMENTUM)
