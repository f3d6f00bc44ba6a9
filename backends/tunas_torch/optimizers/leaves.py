"""The parts of the weights that architectures use, as leaves of autograd, and what backward leaves in them.

A gradient then is as small as the part that was used, and nothing of the size of a whole weight is written.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import attrs
import torch
from torch import Tensor

from tunas_torch.layers.operations import prefix
from tunas_torch.layers.path import Used


@attrs.frozen(eq=False)
class Leaves:
    """What one architecture ``used`` of the weights, and its present values, in the same order."""

    used: tuple[Used, ...]
    values: list[Tensor]

    @property
    def weights(self) -> Mapping[Tensor, Tensor]:
        """The values by their parameters, as a supernet takes them."""
        return {used.parameter: value for used, value in zip(self.used, self.values, strict=True)}

    @torch.no_grad()
    def penalty(self) -> Tensor:
        """Half the sum of the squares of the kernels, each by its share: L2 is this times its strength."""
        kernels = [(used, value) for used, value in zip(self.used, self.values, strict=True) if used.share]
        if not kernels:
            return torch.zeros(())
        norms = torch._foreach_norm([prefix(value, used.shape) for used, value in kernels])
        squares = torch._foreach_mul(norms, norms)
        # Shares as numbers, not as a tensor, for which a GPU would have to be waited for.
        return torch.stack(torch._foreach_mul(squares, [used.share / 2 for used, _ in kernels])).sum()


class Gradients:
    """The sum of gradients over the architectures of a step.

    ``parts`` has a gradient for the first entries of each parameter that was used, along each dimension as
    many as the architecture that used the most; outside of it the gradient is 0.
    """

    def __init__(self) -> None:
        self.parts: dict[Tensor, Tensor] = {}

    @torch.no_grad()
    def add(self, leaves: Leaves, l2: float = 0.0) -> None:
        """Add what backward left in ``leaves``, and the gradient of ``l2`` times their penalty."""
        gradients = [torch.zeros_like(value) if value.grad is None else value.grad for value in leaves.values]
        _decay(leaves, gradients, l2)
        sums, addends = [], []
        for used, gradient in zip(leaves.used, gradients, strict=True):
            held = self.parts.get(used.parameter)
            if held is None:
                self.parts[used.parameter] = gradient
                continue
            self.parts[used.parameter] = held = _grown(held, gradient)
            sums.append(prefix(held, gradient.shape))
            addends.append(gradient)
        if sums:
            torch._foreach_add_(sums, addends)

    def items(self) -> Iterable[tuple[Tensor, Tensor]]:
        """Each parameter that was used with its gradient."""
        return self.parts.items()


def _decay(leaves: Leaves, gradients: list[Tensor], l2: float) -> None:
    by_share: defaultdict[float, tuple[list[Tensor], list[Tensor]]] = defaultdict(lambda: ([], []))
    for used, value, gradient in zip(leaves.used, leaves.values, gradients, strict=True):
        if used.share:
            sums, kernels = by_share[used.share]
            sums.append(prefix(gradient, used.shape))
            kernels.append(prefix(value, used.shape))
    for share, (sums, kernels) in by_share.items():
        torch._foreach_add_(sums, kernels, alpha=l2 * share)


def _grown(held: Tensor, gradient: Tensor) -> Tensor:
    """``held`` with zeros after it, so that it has room for ``gradient``."""
    shape = tuple(map(max, held.shape, gradient.shape))
    if shape == held.shape:
        return held
    room = held.new_zeros(shape)
    prefix(room, held.shape).copy_(held)
    return room
