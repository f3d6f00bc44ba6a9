"""A switch that computes its branches again in backward instead of keeping them (paper, Appendix C).

Backward takes one branch after the other, so that what a branch computes is in memory for one branch at a
time. Batch norm keeps no statistics, so that a branch gives the same again (facts 6).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import attrs
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from tunas_torch.layers.kept import Kept
from tunas_torch.layers.path import Path

Branch = Callable[[int, Tensor, Path], Tensor]
"""What an option makes of images on a path."""


def recomputed(options: Sequence[int], images: Tensor, path: Path, branch: Branch) -> Tensor:
    """The sum of what ``branch`` makes of ``options``; switches inside it are not computed a third time."""
    asked, kept = _Asked(path.weights), {option: Kept() for option in options}
    inside = attrs.evolve(path, recomputed=frozenset(), endpoints=[])

    def keeping(option: int, images: Tensor, path: Path) -> Tensor:
        return branch(option, images, attrs.evolve(path, kept=kept[option]))

    with torch.no_grad():
        result = total(options, images, attrs.evolve(inside, weights=asked), keeping)
    weights = [path.weights.get(parameter, parameter) for parameter in asked.parameters]
    again = _Again(options, keeping, inside, list(asked.parameters), _Autocast.now(images), result)
    output: Tensor = _Recomputed.apply(again, images, *weights)  # type: ignore[no-untyped-call]
    return output


def total(options: Sequence[int], images: Tensor, path: Path, branch: Branch) -> Tensor:
    """The sum of what ``branch`` makes of ``options``."""
    first, *others = options
    result = branch(first, images, path)
    for number, option in enumerate(others):
        output = branch(option, images, path)
        # A sum is nobody's but ours, so that later ones may take the memory of the first.
        result = result.add_(output) if number else result + output
    return result


class _Asked(Mapping[Tensor, Tensor]):
    """``weights``, and which ``parameters`` somebody has looked for in them."""

    def __init__(self, weights: Mapping[Tensor, Tensor]) -> None:
        self.weights = weights
        self.parameters: dict[Tensor, None] = {}

    def __getitem__(self, parameter: Tensor) -> Tensor:
        self.parameters[parameter] = None
        return self.weights[parameter]

    def __iter__(self) -> Iterator[Tensor]:
        return iter(self.weights)

    def __len__(self) -> int:
        return len(self.weights)


@attrs.frozen
class _Autocast:
    """Mixed precision as it was in forward."""

    device: str
    dtype: torch.dtype
    enabled: bool

    @classmethod
    def now(cls, images: Tensor) -> "_Autocast":
        device = images.device.type
        if device == "meta":
            device = "cpu"
        return cls(device, torch.get_autocast_dtype(device), torch.is_autocast_enabled(device))

    def again(self) -> torch.autocast:
        return torch.autocast(self.device, self.dtype, self.enabled)


@attrs.define
class _Again:
    """What it takes to compute the branches again, and until forward has it, their sum."""

    options: Sequence[int]
    branch: Branch
    path: Path
    parameters: list[Tensor]
    autocast: _Autocast
    result: Tensor | None


class _Recomputed(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, again: _Again, images: Tensor, *weights: Tensor) -> Tensor:
        result, again.result = again.result, None
        assert result is not None
        ctx.again = again
        ctx.save_for_backward(images, *weights)
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        again: _Again = ctx.again
        inputs = [
            tensor.detach().requires_grad_(needed)
            for tensor, needed in zip(ctx.saved_tensors, ctx.needs_input_grad[1:], strict=True)
        ]
        images, *weights = inputs
        path = attrs.evolve(again.path, weights=dict(zip(again.parameters, weights, strict=True)))
        wanted = [tensor for tensor in inputs if tensor.requires_grad]
        sums: list[Tensor | None] = [None] * len(wanted)
        for option in reversed(again.options):  # as autograd goes back
            with torch.enable_grad(), again.autocast.again():
                output = again.branch(option, images, path)
            found = torch.autograd.grad(output, wanted, gradient, allow_unused=True)
            del output
            sums = [_plus(before, more) for before, more in zip(sums, found, strict=True)]
        remaining = iter(sums)
        return None, *(next(remaining) if tensor.requires_grad else None for tensor in inputs)


def _plus(before: Tensor | None, more: Tensor | None) -> Tensor | None:
    if before is None or more is None:
        return more if before is None else before
    return before + more
