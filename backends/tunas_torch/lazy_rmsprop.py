"""The weights' optimizer in a search: TensorFlow's RMSProp at the cost of what a step used.

RMSProp moves a weight also in the steps that do not use it: its mean square decays, and its momentum keeps
moving it (facts 8). After k such steps there is a closed form for where it is. :class:`LazyRMSProp` is that
form, kept in coordinates that such steps leave alone; :class:`SkippingRMSProp` is another algorithm.
"""

import math
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from tunas_torch.leaves import Gradients, Leaves
from tunas_torch.operations import prefix
from tunas_torch.path import Used

_SMALLEST = 1e-12
"""How small the powers of the decays may get before the buffers are scaled back to them."""


class LazyRMSProp:
    """What :class:`tunas_torch.optimizer.RMSProp` computes, at the cost of the parts that were used.

    With mu for the momentum's decay and no more gradients, w - mom mu / (1 - mu) is where w ends up; a
    step that does not use w leaves this ``limits`` entry as it is. So it does with mom / mu^t and ms / rho^t,
    with rho for the mean square's decay and t, the ``age``, the steps since the buffers were last scaled.
    A step with gradient g, and u = lr g / sqrt(ms + epsilon), adds u / mu^t to the second and subtracts
    u / (1 - mu) from the first. The parameters themselves are brought up to date by :meth:`flush`.
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
        self.decay, self.momentum, self.epsilon = decay, momentum, epsilon
        self.limits = [parameter.detach().clone() for parameter in self.parameters]
        self.momenta = [torch.zeros_like(limit) for limit in self.limits]
        self.mean_squares = [torch.ones_like(limit) for limit in self.limits]
        self.age = 0
        smaller = min(decay, momentum)
        self.oldest = int(math.log(_SMALLEST) / math.log(smaller)) if smaller else 0
        self._number: dict[Tensor, int] = {
            parameter: number for number, parameter in enumerate(self.parameters)
        }

    @torch.no_grad()
    def take(self, used: Iterable[Used]) -> Leaves:
        """The present values of the parts that are used, as new tensors that want a gradient."""
        used = tuple(used)
        numbers = [self._number[one.parameter] for one in used]
        limits = [prefix(self.limits[number], one.extent) for number, one in zip(numbers, used, strict=True)]
        momenta = [
            prefix(self.momenta[number], one.extent) for number, one in zip(numbers, used, strict=True)
        ]
        values = torch._foreach_add(limits, momenta, alpha=self._ahead) if used else []
        return Leaves(used, [value.requires_grad_() for value in values])

    @torch.no_grad()
    def step(self, gradients: Gradients, lr: float) -> None:
        """One update of every parameter; where ``gradients`` has nothing, the gradient is 0."""
        self._grow_older()
        parts = list(gradients.parts.values())
        if not parts:
            return
        numbers = [self._number[parameter] for parameter in gradients.parts]
        limits, momenta, mean_squares = (
            [prefix(buffers[number], part.shape) for number, part in zip(numbers, parts, strict=True)]
            for buffers in (self.limits, self.momenta, self.mean_squares)
        )
        scale = self.decay**self.age  # ms is this times the buffer
        torch._foreach_addcmul_(mean_squares, parts, parts, value=(1 - self.decay) / scale)
        roots = torch._foreach_add(mean_squares, self.epsilon / scale)
        torch._foreach_sqrt_(roots)  # sqrt(ms + epsilon) is sqrt(scale) times this
        rate = lr / math.sqrt(scale)
        torch._foreach_addcdiv_(momenta, parts, roots, value=rate / self.momentum**self.age)
        torch._foreach_addcdiv_(limits, parts, roots, value=-rate / (1 - self.momentum))

    @torch.no_grad()
    def flush(self) -> None:
        """Bring the parameters up to date; nothing else changes."""
        torch._foreach_copy_(self.parameters, self.limits)
        torch._foreach_add_(self.parameters, self.momenta, alpha=self._ahead)

    def state(self) -> dict[str, Tensor]:
        """The buffers by name: ``limit.NAME``, ``momentum.NAME`` and ``mean_square.NAME``; and the age."""
        return {"age": torch.tensor(self.age), **self._buffers()}

    @torch.no_grad()
    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Takes over what :meth:`state` gave; the parameters follow."""
        self.age = int(state["age"])
        for name, buffer in self._buffers().items():
            buffer.copy_(state[name])
        self.flush()

    @property
    def _ahead(self) -> float:
        """A weight is its limit plus its buffer of momentum times this."""
        return self.momentum**self.age * self.momentum / (1 - self.momentum)

    def _grow_older(self) -> None:
        self.age += 1
        if self.age > self.oldest:
            torch._foreach_mul_(self.mean_squares, self.decay**self.age)
            torch._foreach_mul_(self.momenta, self.momentum**self.age)
            self.age = 0

    def _buffers(self) -> dict[str, Tensor]:
        kinds = {"limit": self.limits, "momentum": self.momenta, "mean_square": self.mean_squares}
        return {
            f"{kind}.{name}": buffer
            for kind, buffers in kinds.items()
            for name, buffer in zip(self.names, buffers, strict=True)
        }


class SkippingRMSProp:
    """RMSProp in which a step leaves what it does not use entirely alone, momentum and mean square included.

    For the used parts it is the rule of :class:`tunas_torch.optimizer.RMSProp`. With several architectures
    a step, what counts as used is what :class:`Gradients` has.
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
        self.decay, self.momentum, self.epsilon = decay, momentum, epsilon
        self.buffers: dict[Tensor, tuple[Tensor, Tensor]] = {
            parameter: (torch.ones_like(parameter.detach()), torch.zeros_like(parameter.detach()))
            for parameter in self.parameters
        }

    def take(self, used: Iterable[Used]) -> Leaves:
        """Views of the parts that are used, which want a gradient."""
        return views(used)

    @torch.no_grad()
    def step(self, gradients: Gradients, lr: float) -> None:
        """One update of what ``gradients`` has."""
        parts = list(gradients.parts.values())
        if not parts:
            return
        weights, mean_squares, momenta = zip(
            *(
                [prefix(tensor, part.shape) for tensor in (parameter, *self.buffers[parameter])]
                for parameter, part in gradients.items()
            ),
            strict=True,
        )
        torch._foreach_mul_(mean_squares, self.decay)
        torch._foreach_addcmul_(mean_squares, parts, parts, value=1 - self.decay)
        roots = torch._foreach_add(mean_squares, self.epsilon)
        torch._foreach_sqrt_(roots)
        torch._foreach_mul_(momenta, self.momentum)
        torch._foreach_addcdiv_(momenta, parts, roots, value=lr)
        torch._foreach_sub_(weights, momenta)

    def flush(self) -> None:
        """Nothing: the parameters are always up to date."""

    def state(self) -> dict[str, Tensor]:
        """The buffers by name: ``mean_square.NAME`` and ``momentum.NAME``."""
        return {
            f"{kind}.{name}": self.buffers[parameter][position]
            for position, kind in enumerate(("mean_square", "momentum"))
            for name, parameter in zip(self.names, self.parameters, strict=True)
        }

    @torch.no_grad()
    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Takes over what :meth:`state` gave; the parameters are loaded apart."""
        for name, buffer in self.state().items():
            buffer.copy_(state[name])


def views(used: Iterable[Used]) -> Leaves:
    """Views of the parts of parameters that are used, which want a gradient."""
    used = tuple(used)
    return Leaves(used, [prefix(one.parameter.detach(), one.extent).requires_grad_() for one in used])
