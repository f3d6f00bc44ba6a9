"""States as flat tables of tensors by name, as a checkpoint holds them."""

from collections.abc import Mapping

from torch import Tensor

from tunas_dsl.search.errors import SearchError


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


def check_shapes(state: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> None:
    """Hold names and shapes of ``state`` against those that are wanted.

    Raises:
        SearchError: they differ.
    """
    if {name: tensor.shape for name, tensor in state.items()} != {
        name: tensor.shape for name, tensor in wanted.items()
    }:
        raise SearchError("the checkpoint does not fit this space: it holds other tensors")
