"""States as flat tables of tensors by name, as a checkpoint holds them."""

from collections.abc import Mapping

import torch
from torch import Tensor

from tunas_dsl.errors import SearchError


def prefixed(prefix: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """``state`` with ``prefix.`` before every name."""
    return {f"{prefix}.{name}": tensor for name, tensor in state.items()}


def part(prefix: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What :func:`prefixed` put into ``state``."""
    return {
        name.removeprefix(f"{prefix}."): tensor
        for name, tensor in state.items()
        if name.startswith(f"{prefix}.")
    }


def check_state(state: Mapping[str, Tensor], wanted: Mapping[str, Tensor], steps: int) -> None:
    """Hold names, shapes and types of ``state`` against those that are wanted, and its numbers against sense.

    Raises:
        SearchError: they differ, or its ``step`` is none of ``steps``, or a number is not finite.
    """
    check_forms(state, wanted)
    if not 0 <= int(state["step"]) <= steps:
        raise SearchError(f"the checkpoint is of step {int(state['step'])}, but there are only {steps}")
    check_finite(state)


def check_forms(state: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> None:
    """Hold names, shapes and types of ``state`` against those that are wanted.

    Raises:
        SearchError: they differ.
    """
    if _forms(state) != _forms(wanted):
        raise SearchError("the checkpoint does not fit this space: it holds other tensors")


def check_finite(state: Mapping[str, Tensor]) -> None:
    """Refuse a ``state`` with numbers that are not finite. Raises SearchError."""
    for name, tensor in state.items():
        if not tensor.isfinite().all():
            raise SearchError(f"the checkpoint has numbers in `{name}` that are not finite")


def _forms(state: Mapping[str, Tensor]) -> dict[str, tuple[torch.Size, torch.dtype]]:
    return {name: (tensor.shape, tensor.dtype) for name, tensor in state.items()}
