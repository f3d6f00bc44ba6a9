"""The weights' optimizer: RMSProp as TensorFlow defines it, which PyTorch's does not (facts 8)."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class RMSProp:
    """RMSProp with momentum over named parameters.

    ms <- decay ms + (1 - decay) g^2, from ms = 1; mom <- momentum mom + lr g / sqrt(ms + epsilon);
    w <- w - mom. A parameter without a gradient counts as one with a gradient of 0: its ms decays
    and its momentum keeps moving it. The paper's ``epsilon`` is 0.1, the reference code's 1.0.
    """

    def __init__(
        self,
        parameters: Mapping[str, nn.Parameter],
        decay: float = 0.9,
        momentum: float = 0.9,
        epsilon: float = 0.1,
    ) -> None:
        self.names = list(parameters)
        self.parameters: list[Tensor] = list(parameters.values())
        self.decay = decay
        self.momentum = momentum
        self.epsilon = epsilon
        self.mean_squares = [torch.ones_like(p, requires_grad=False) for p in self.parameters]
        self.momenta = [torch.zeros_like(p, requires_grad=False) for p in self.parameters]

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
            torch._foreach_addcmul_(mean_squares, gradients, gradients, value=1 - self.decay)
            denominators = torch._foreach_add(mean_squares, self.epsilon)
            torch._foreach_sqrt_(denominators)
            torch._foreach_addcdiv_(momenta, gradients, denominators, value=lr)
        torch._foreach_sub_(self.parameters, self.momenta)

    def zero_grad(self) -> None:
        """Forgets the gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    def state(self) -> dict[str, Tensor]:
        """The buffers by name: ``mean_square.NAME`` and ``momentum.NAME``."""
        return {
            f"{kind}.{name}": buffer
            for kind, buffers in (("mean_square", self.mean_squares), ("momentum", self.momenta))
            for name, buffer in zip(self.names, buffers, strict=True)
        }

    @torch.no_grad()
    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Takes over what :meth:`state` gave."""
        for name, buffer in self.state().items():
            buffer.copy_(state[name])
