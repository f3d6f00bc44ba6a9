"""The module that a signature stands for, as a network of that operation has it."""

import torch
from torch import Tensor, nn

from tunas_dsl import kinds
from tunas_dsl.cost.signature import Signature
from tunas_torch.layers.registry import torch_kind
from tunas_torch.standalone import layers as standalone
from tunas_torch.standalone.activations import ACTIVATIONS


class Plus(nn.Module):
    """The sum of a layer's output and of what came into the residual that the layer ends, of other shape."""

    other: Tensor

    def __init__(self, body: nn.Module, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.body = body
        self.register_buffer("other", torch.zeros(1, *shape))

    def forward(self, images: Tensor) -> Tensor:
        """``(1, C, H, W)`` to the shape of the output."""
        features: Tensor = self.body(images) + self.other
        return features


def operation(signature: Signature) -> tuple[nn.Module, tuple[int, ...]]:
    """A module with initial weights, in inference mode, and the shape of its input without the batch.

    Squeeze-and-excite has ReLU inside, as in every space of the paper: a signature does not say.
    """
    height, width, channels = signature.input
    module = _module(signature)
    if signature.residual and signature.input == signature.output:
        module = standalone.Residual(module)
    elif signature.residual:
        module = Plus(module, (signature.output[2], *signature.output[:2]))
    shape = (channels,) if signature.op == "classifier" else (channels, height, width)
    return module.eval(), shape


def _module(signature: Signature) -> nn.Module:
    inputs, outputs = signature.input[2], signature.output[2]
    act = ACTIVATIONS[signature.act] if signature.act else None  # type: ignore[index]
    if signature.op == "global_pool":
        return nn.AdaptiveAvgPool2d(1)
    if signature.op == "classifier":
        return nn.Linear(inputs, outputs)
    kind = kinds.find_kind(signature.op)
    fused = kind is not None and all(parameter.name != "act" for parameter in kind.parameters)
    if act is None and not fused:
        raise ValueError(f"{signature} has no activation")
    if kind is None:
        return act()  # type: ignore[misc]  # it is not None: nothing was fused
    names = (p.name for p in kind.parameters if p.name in ("kernel", "stride"))
    said = {name: getattr(signature, name) for name in (*names, "expanded", "squeezed")}
    arguments = {name: value for name, value in said.items() if value is not None}
    if not fused:
        arguments["act"] = act
    module = torch_kind(signature.op).build(inputs, outputs, **arguments)
    return standalone.Chain(module, act()) if fused and act else module
