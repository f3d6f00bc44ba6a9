"""The module that a signature stands for, as a network of that operation has it."""

import torch
from torch import Tensor, nn

from tunas_dsl.cost.signature import Signature
from tunas_torch.standalone import layers as standalone
from tunas_torch.standalone.network import ACTIVATIONS


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
    arguments = (inputs, outputs, signature.kernel, signature.stride)
    act = ACTIVATIONS[signature.act] if signature.act else None  # type: ignore[index]
    match signature.op:
        case "conv":
            conv = standalone.conv(*arguments)
            return standalone.Chain(conv, act()) if act else conv
        case "global_pool":
            return nn.AdaptiveAvgPool2d(1)
        case "classifier":
            return nn.Linear(inputs, outputs)
        case _ if act is None:
            raise ValueError(f"{signature} has no activation")
        case "sepconv":
            return standalone.separable_conv(*arguments, act=act)
        case "bottleneck":
            expanded = signature.expanded or inputs
            return standalone.bottleneck(*arguments, expanded=expanded, act=act, squeezed=signature.squeezed)
        case _:
            return act()
