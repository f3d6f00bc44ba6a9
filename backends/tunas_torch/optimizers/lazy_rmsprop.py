"""The weights' optimizer in a search: TensorFlow's RMSProp at the cost of what a step used.

RMSProp moves a weight also in the steps that do not use it: its mean square decays, and its momentum keeps
moving it (facts 8). After k such steps there is a closed form for where it is. :class:`LazyRMSProp` is that
form, kept in coordinates that such steps leave alone; :class:`SkippingRMSProp` is another algorithm.
"""

import math
from collections.abc import Iterable, Mapping

import attrs
import torch
from torch import Tensor

from tunas_torch.layers.operations import prefix
from tunas_torch.layers.path import Used
from tunas_torch.optimizers.leaves import Gradients, Leaves
from tunas_torch.optimizers.rmsprop import RMSPropBuffers, add_squares

_SMALLEST = 1e-12
"""How small the powers of the decays may get before the buffers are scaled back to them."""


@attrs.define(eq=False)
class _PartialBuffers(RMSPropBuffers):
    """Buffers of which a step takes the parts that it uses."""

    _number: dict[Tensor, int] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        self._number = {parameter: number for number, parameter in enumerate(self.parameters)}

    def _parts(self, of: list[Tensor], sizes: Iterable[tuple[Tensor, tuple[int, ...]]]) -> list[Tensor]:
        """Of some parameters' entries in a list like ``parameters``, so much along each dimension."""
        return [prefix(of[self._number[parameter]], size) for parameter, size in sizes]


@attrs.define(eq=False)
class LazyRMSProp(_PartialBuffers):
    """What :class:`tunas_torch.optimizers.rmsprop.RMSProp` computes, at the cost of the parts that were used.

    With mu for the momentum's decay and no more gradients, w - mom mu / (1 - mu) is where w ends up; a
    step that does not use w leaves this ``limits`` entry as it is. So it does with mom / mu^t and ms / rho^t,
    with rho for the mean square's decay and t, the ``age``, the steps since the buffers were last scaled.
    A step with gradient g, and u = lr g / sqrt(ms + epsilon), adds u / mu^t to the second and subtracts
    u / (1 - mu) from the first. The parameters themselves are brought up to date by :meth:`flush`.
    """

    limits: list[Tensor] = attrs.field(init=False)
    age: int = attrs.field(init=False, default=0)
    oldest: int = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        self.limits = [parameter.detach().clone() for parameter in self.parameters]
        smaller = min(self.decay, self.momentum)
        self.oldest = int(math.log(_SMALLEST) / math.log(smaller)) if smaller else 0

    @torch.no_grad()
    def take(self, used: Iterable[Used]) -> Leaves:
        """The present values of the parts that are used, as new tensors that want a gradient."""
        used = tuple(used)
        sizes = [(one.parameter, one.extent) for one in used]
        limits, momenta = self._parts(self.limits, sizes), self._parts(self.momenta, sizes)
        values = torch._foreach_add(limits, momenta, alpha=self._ahead) if used else []
        return Leaves(used, [value.requires_grad_() for value in values])

    @torch.no_grad()
    def step(self, gradients: Gradients, lr: float) -> None:
        """One update of every parameter; where ``gradients`` has nothing, the gradient is 0."""
        self._grow_older()
        parts = list(gradients.parts.values())
        if not parts:
            return
        sizes = [(parameter, part.shape) for parameter, part in gradients.items()]
        limits, momenta, mean_squares = (
            self._parts(buffers, sizes) for buffers in (self.limits, self.momenta, self.mean_squares)
        )
        scale = self.decay**self.age  # ms is this times the buffer
        # sqrt(ms + epsilon) is sqrt(scale) times these roots.
        roots = add_squares(mean_squares, parts, (1 - self.decay) / scale, self.epsilon / scale)
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
        buffers = self._by_name(limit=self.limits, momentum=self.momenta, mean_square=self.mean_squares)
        return {"age": torch.tensor(self.age), **buffers}

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Takes over what :meth:`state` gave; the parameters follow."""
        super().load_state(state)
        self.age = int(state["age"])
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


class SkippingRMSProp(_PartialBuffers):
    """RMSProp in which a step leaves what it does not use entirely alone, momentum and mean square included.

    For the used parts it is the rule of :class:`tunas_torch.optimizers.rmsprop.RMSProp`. With several
    architectures a step, what counts as used is what :class:`Gradients` has.
    """

    def take(self, used: Iterable[Used]) -> Leaves:
        """Views of the parts that are used, which want a gradient."""
        return views(used)

    @torch.no_grad()
    def step(self, gradients: Gradients, lr: float) -> None:
        """One update of what ``gradients`` has."""
        parts = list(gradients.parts.values())
        if not parts:
            return
        sizes = [(parameter, part.shape) for parameter, part in gradients.items()]
        weights, momenta, mean_squares = (
            self._parts(tensors, sizes) for tensors in (self.parameters, self.momenta, self.mean_squares)
        )
        torch._foreach_mul_(mean_squares, self.decay)
        torch._foreach_mul_(momenta, self.momentum)
        roots = add_squares(mean_squares, parts, 1 - self.decay, self.epsilon)
        torch._foreach_addcdiv_(momenta, parts, roots, value=lr)
        torch._foreach_sub_(weights, momenta)

    def flush(self) -> None:
        """Nothing: the parameters are always up to date."""


def views(used: Iterable[Used]) -> Leaves:
    """Views of the parts of parameters that are used, which want a gradient."""
    used = tuple(used)
    return Leaves(used, [prefix(one.parameter.detach(), one.extent).requires_grad_() for one in used])
