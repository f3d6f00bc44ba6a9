"""Initial weights as in the reference code (facts 2.5), drawn from a generator and nothing else."""

import math

import torch
from torch import Tensor, nn

TRUNCATION = 0.87962566
"""The standard deviation that is left of a unit normal after cutting it off at two of them."""


@torch.no_grad()
def he_normal_(kernel: Tensor, random: torch.Generator) -> Tensor:
    """Fill ``kernel`` ``(out, in / groups, k, k)`` with a truncated normal of variance 2 / fan-in.

    The fan-in is that of the whole kernel, whatever part of it a path uses; for a depthwise one it is k k.
    """
    fan_in = kernel[0].numel()
    sigma = math.sqrt(2 / fan_in) / TRUNCATION
    return nn.init.trunc_normal_(kernel, std=sigma, a=-2 * sigma, b=2 * sigma, generator=random)


@torch.no_grad()
def classifier_normal_(weight: Tensor, random: torch.Generator) -> Tensor:
    """Fill the classifier's ``weight`` ``(classes, in)`` with a normal of standard deviation 0.01."""
    return nn.init.normal_(weight, std=0.01, generator=random)


@torch.no_grad()
def initialise_(layer: nn.Conv2d | nn.Linear, random: torch.Generator) -> None:
    """Initialise a convolution or the classifier; its bias becomes 0."""
    if isinstance(layer, nn.Linear):
        classifier_normal_(layer.weight, random)
    else:
        he_normal_(layer.weight, random)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
