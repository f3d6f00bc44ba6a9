"""The optimizers of a search: here those of its weights, their interface, and PyTorch's own behind it."""

from collections.abc import Iterable, Mapping
from typing import Protocol

import torch
from torch import Tensor, nn

from tunas_dsl.search.settings import SearchSettings
from tunas_torch.layers.operations import prefix
from tunas_torch.layers.path import Used
from tunas_torch.optimizers.lazy_rmsprop import LazyRMSProp, SkippingRMSProp, views
from tunas_torch.optimizers.leaves import Gradients, Leaves


class WeightOptimizer(Protocol):
    """Gives out the parts of the weights that an architecture uses, and updates them from their gradients.

    Between :meth:`step` and :meth:`flush` the parameters themselves may be out of date.
    """

    def take(self, used: Iterable[Used]) -> Leaves:
        """The present values of the parts that are used, as leaves of autograd."""
        ...

    def step(self, gradients: Gradients, lr: float) -> None:
        """One update from the gradients of a step."""
        ...

    def flush(self) -> None:
        """Bring the parameters up to date. Steps after it go on as if it had not happened."""
        ...

    def state(self) -> dict[str, Tensor]:
        """Everything that the next step depends on beside the parameters, by name."""
        ...

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Take over what :meth:`state` gave, after the parameters."""
        ...


class TorchOptimizer:
    """One of PyTorch's optimizers. A parameter of which nothing was used has no gradient, and is skipped.

    Of the others, all is updated, with a gradient of 0 outside of what was used.
    """

    def __init__(self, parameters: Mapping[str, nn.Parameter], optimizer: torch.optim.Optimizer) -> None:
        self.parameters = dict(parameters)
        self.optimizer = optimizer
        self._make_buffers()

    def take(self, used: Iterable[Used]) -> Leaves:
        """Views of the parts that are used, which want a gradient."""
        return views(used)

    @torch.no_grad()
    def step(self, gradients: Gradients, lr: float) -> None:
        """One update of the parameters of which something was used."""
        for parameter, part in gradients.items():
            parameter.grad = part if part.shape == parameter.shape else _padded(part, parameter)
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)

    def flush(self) -> None:
        """Nothing: the parameters are always up to date."""

    def state(self) -> dict[str, Tensor]:
        """The optimizer's tensors by the name of its own and of the parameter: ``exp_avg.NAME``."""
        return {
            f"{kind}.{name}": buffer
            for name, parameter in self.parameters.items()
            for kind, buffer in self.optimizer.state[parameter].items()
            if isinstance(buffer, Tensor)
        }

    @torch.no_grad()
    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Takes over what :meth:`state` gave; the parameters are loaded apart."""
        for name, buffer in self.state().items():
            buffer.copy_(state[name])

    @torch.no_grad()
    def _make_buffers(self) -> None:
        # PyTorch makes them in a parameter's first step. They start from 0, all of them: a step that
        # changes nothing makes them, so that the state has the same names from the first step on.
        for parameter in self.parameters.values():
            parameter.grad = torch.zeros_like(parameter)
        before = {name: parameter.detach().clone() for name, parameter in self.parameters.items()}
        self.optimizer.step()
        for name, parameter in self.parameters.items():
            parameter.copy_(before[name])
        for buffer in self.state().values():
            buffer.zero_()
        self.optimizer.zero_grad(set_to_none=True)


def weight_optimizer(parameters: Mapping[str, nn.Parameter], settings: SearchSettings) -> WeightOptimizer:
    """The optimizer that ``settings`` name."""
    decay, momentum, epsilon = settings.rmsprop_decay, settings.rmsprop_momentum, settings.rmsprop_epsilon
    weights = list(parameters.values())
    match settings.optimizer:
        case "tf-rmsprop":
            return LazyRMSProp(parameters, decay, momentum, epsilon)
        case "tf-rmsprop-skip":
            return SkippingRMSProp(parameters, decay, momentum, epsilon)
        case "torch-rmsprop":
            stock: torch.optim.Optimizer = torch.optim.RMSprop(
                weights, alpha=decay, momentum=momentum, eps=epsilon
            )
        case "torch-sgd":
            stock = torch.optim.SGD(weights, momentum=0.9)
        case "torch-adam":
            stock = torch.optim.Adam(weights)
    return TorchOptimizer(parameters, stock)


def _padded(part: Tensor, parameter: Tensor) -> Tensor:
    whole = torch.zeros_like(parameter)
    prefix(whole, tuple(part.shape)).copy_(part)
    return whole
