"""The cost of any architecture as a differentiable function of its masks, for latency or any other cost.

It is one of three things that a space compiles to, beside the supernet and the policy.
"""

from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from tunas_dsl.cost.factor import Factor, merge
from tunas_dsl.cost.model import CostModel
from tunas_dsl.ir.selection import AVERAGE


class HoldsModel(Protocol):
    """What has a cost model, such as a cost of the library."""

    @property
    def model(self) -> CostModel:
        """The model."""


class LatencyModel(nn.Module):
    """The torch twin of ``model``, in float64 and the same ``unit``.

    A mask weights the options of a decision. One-hot masks give the cost of a point, uniform ones
    what op warmup averages, and a policy's probabilities its expected cost, since the decisions are
    independent (facts 9.1).
    """

    counts: Tensor

    def __init__(self, model: CostModel | HoldsModel) -> None:
        super().__init__()
        model = model if isinstance(model, CostModel) else model.model
        self.unit = model.unit
        self.intercept = model.intercept
        factors = merge(Factor(site.decisions, site.table) for site in model.sites)
        self.decisions = [factor.decisions for factor in factors]
        for number, factor in enumerate(factors):
            table = torch.from_numpy(np.array(factor.table, dtype=np.float64))
            self.register_buffer(f"table{number}", table)
        self.register_buffer("counts", torch.tensor(model.options))

    def forward(self, masks: Tensor) -> Tensor:
        """The costs ``(N,)`` under ``masks`` ``(N, D, C)``, with C no less than the most options.

        Of one set of masks, ``(D, C)``, such as a policy's probabilities, it is one cost, ``()``.
        """
        if masks.ndim == 2:
            one: Tensor = self(masks[None])
            return one.squeeze(0)
        masks = masks.to(torch.float64)
        total = masks.new_full((len(masks),), self.intercept)
        for number, decisions in enumerate(self.decisions):
            total = total + _expectation(self.get_buffer(f"table{number}"), masks[:, list(decisions)])
        return total

    def masks(self, indices: Tensor) -> Tensor:
        """The masks ``(N, D, C)`` of index vectors ``(N, D)``: one-hot, and uniform where AVERAGE stands."""
        option = torch.arange(int(self.counts.max()))
        exists = option < self.counts[:, None]
        one_hot = option == indices[..., None]
        uniform = exists.double() / self.counts[:, None]
        return torch.where((indices == AVERAGE)[..., None], uniform, one_hot.double())


def _expectation(table: Tensor, masks: Tensor) -> Tensor:
    """The mean of ``table``, one axis a decision, weighted by ``masks`` ``(N, decisions, C)``: ``(N,)``."""
    if not table.ndim:
        return table.expand(len(masks))
    *leading, length = table.shape
    entries = masks[:, -1, :length] @ table.reshape(-1, length).T  # (N, product of the other lengths)
    for axis in reversed(range(len(leading))):
        length = leading[axis]
        entries = entries.reshape(len(masks), -1, length)
        entries = torch.einsum("nel,nl->ne", entries, masks[:, axis, :length])
    return entries.squeeze(1)
