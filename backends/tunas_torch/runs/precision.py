"""Computing in numbers of half the size, where the hardware has units for them."""

from typing import Any

import torch
from torch import Tensor, nn

from tunas_dsl.errors import SearchError
from tunas_dsl.runs.setting import Precision

_UNITS = ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16")
"""Capabilities of CPUs, x86 and ARM, any of which will do."""


def check_precision(precision: Precision, device: torch.device) -> None:
    """Refuse what ``device`` would only emulate, some ten times slower than float32.

    Raises:
        SearchError: the device has no units for it.
    """
    if precision == "bfloat16" and not has_bfloat16(device):
        raise SearchError(f"the {device.type} of this machine has no units for bfloat16: use float32")


def has_bfloat16(device: torch.device) -> bool:
    """Whether ``device`` computes with bfloat16 in hardware."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(capabilities.get(unit) for unit in _UNITS)


def logits_of(network: nn.Module, images: Tensor, precision: Precision, *more: object) -> Tensor:
    """What ``network`` makes of ``images`` ``(N, C, H, W)``, with convolutions and products in ``precision``.

    Weights, gradients, batch norm's statistics and the result stay in the precision of the weights.
    """
    if precision == "float32":
        plain: Tensor = network(images, *more)
        return plain
    with torch.autocast(images.device.type, torch.bfloat16):
        logits: Tensor = network(images, *more)
    return logits.float()
