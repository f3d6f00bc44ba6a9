"""How the policy learns from rewards: Adam on the samples' gradients (facts 7)."""

from collections.abc import Mapping

import torch
from torch import Tensor

from tunas_dsl.search.reinforce.algorithm import BETA2, EPSILON


class PolicyOptimizer:
    """Adam without a first moment, whose second moment averages the squares of the samples' gradients.

    The moment and its bias correction also advance while the learning rate is 0 (facts 7).
    """

    def __init__(self, logits: Tensor) -> None:
        self.logits = logits
        self.square = torch.zeros_like(logits, requires_grad=False)
        self.updates = 0

    @torch.no_grad()
    def step(self, gradients: Tensor, lr: float) -> None:
        """One update from the gradient of each of K samples, ``(K, D, C)``."""
        self.updates += 1
        self.square.mul_(BETA2).add_(gradients.square().mean(dim=0), alpha=1 - BETA2)
        correction = (1 - BETA2**self.updates) ** 0.5
        self.logits -= lr * correction * gradients.mean(dim=0) / (self.square.sqrt() + EPSILON)

    def state(self) -> dict[str, Tensor]:
        """The buffers: the averaged squares, and the number of updates as a scalar."""
        return {"square": self.square, "updates": torch.tensor(self.updates)}

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Takes over what :meth:`state` gave."""
        self.square.copy_(state["square"])
        self.updates = int(state["updates"])
