"""The weights' optimizer: RMSProp as TensorFlow defines it, which PyTorch's does not (facts 8)."""

from collections.abc import Mapping

import attrs
import torch
from torch import Tensor, nn

Tensors = list[Tensor] | tuple[Tensor, ...]


@attrs.define(eq=False)
class RMSPropBuffers:
    """What an RMSProp keeps of ``named`` parameters: of each a mean square, from 1, and a momentum, from 0.

    ``decay`` is the mean squares' and ``momentum`` the momenta's; ``epsilon`` stands inside the root. The
    paper's is 0.1, the reference code's 1.0.
    """

    named: Mapping[str, nn.Parameter]
    decay: float = 0.9
    momentum: float = 0.9
    epsilon: float = 0.1
    parameters: list[Tensor] = attrs.field(init=False)
    mean_squares: list[Tensor] = attrs.field(init=False)
    momenta: list[Tensor] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.parameters = list(self.named.values())
        self.mean_squares = [torch.ones_like(p, requires_grad=False) for p in self.parameters]
        self.momenta = [torch.zeros_like(p, requires_grad=False) for p in self.parameters]

    def state(self) -> dict[str, Tensor]:
        """The buffers by name: ``mean_square.NAME`` and ``momentum.NAME``."""
        return self._by_name(mean_square=self.mean_squares, momentum=self.momenta)

    @torch.no_grad()
    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Takes over what :meth:`state` gave; the parameters are loaded apart."""
        for name, buffer in self.state().items():
            buffer.copy_(state[name])

    def _by_name(self, **kinds: list[Tensor]) -> dict[str, Tensor]:
        return {
            f"{kind}.{name}": buffer
            for kind, buffers in kinds.items()
            for name, buffer in zip(self.named, buffers, strict=True)
        }


class RMSProp(RMSPropBuffers):
    """RMSProp with momentum over named parameters.

    ms <- decay ms + (1 - decay) g^2, from ms = 1; mom <- momentum mom + lr g / sqrt(ms + epsilon);
    w <- w - mom. A parameter without a gradient counts as one with a gradient of 0: its ms decays
    and its momentum keeps moving it.
    """

    @torch.no_grad()
    def step(self, lr: float) -> None:
        """One update of every parameter with the gradients in ``.grad``."""
        torch._foreach_mul_(self.mean_squares, self.decay)
        torch._foreach_mul_(self.momenta, self.momentum)
        used = [
            (parameter.grad, mean_square, momentum)
            for parameter, mean_square, momentum in zip(
                self.parameters, self.mean_squares, self.momenta, strict=True
            )
            if parameter.grad is not None
        ]
        if used:
            gradients, mean_squares, momenta = zip(*used, strict=True)
            roots = add_squares(mean_squares, gradients, 1 - self.decay, self.epsilon)
            torch._foreach_addcdiv_(momenta, gradients, roots, value=lr)
        torch._foreach_sub_(self.parameters, self.momenta)

    def zero_grad(self) -> None:
        """Forgets the gradients."""
        for parameter in self.parameters:
            parameter.grad = None


def add_squares(mean_squares: Tensors, gradients: Tensors, share: float, epsilon: float) -> Tensors:
    """Add ``share`` g^2 to the mean squares; gives sqrt(ms + ``epsilon``), which gradients are divided by."""
    torch._foreach_addcmul_(mean_squares, gradients, gradients, value=share)
    roots = torch._foreach_add(mean_squares, epsilon)
    torch._foreach_sqrt_(roots)
    return roots
