"""The policy that the compiler emits for a space: one independent multinomial for each decision (facts 5).

It is one of three things that a space compiles to, beside the supernet and the latency model.
"""

from collections.abc import Sequence

import attrs
import numpy as np
import torch
from torch import Tensor, nn

from tunas_dsl.ir import space as ir
from tunas_dsl.ir.holding import SpaceLike, space_of
from tunas_dsl.ir.selection import AVERAGE
from tunas_dsl.search.activity import Activity


@attrs.frozen(eq=False)
class Sampled:
    """K points drawn from a policy of D decisions, and what warmup made of them.

    ``indices`` is what the networks and the cost model see, ``(K, D)`` integers: where warmup
    ``replaced`` (``(K, D)`` bool) the option ``drawn`` (``(K, D)``), AVERAGE for an operation and
    the largest option for filters. ``probability``, ``(D,)``, is how likely replacing was.
    """

    indices: Tensor
    drawn: Tensor
    replaced: Tensor
    probability: Tensor

    def rows(self) -> list[tuple[int, ...]]:
        """``indices`` as K index vectors."""
        return [tuple(row) for row in self.indices.tolist()]


def joined(sampled: Sequence[Sampled]) -> Sampled:
    """Samples that were drawn apart, at the same step, as one."""
    indices, drawn, replaced = (
        torch.cat([getattr(one, name) for one in sampled]) for name in ("indices", "drawn", "replaced")
    )
    return Sampled(indices, drawn, replaced, sampled[0].probability)


class Policy(nn.Module):
    """Logits of every decision of ``space``, padded to ``(D, C)`` float64, all 0 at first.

    C is the number of options of the widest decision. A hierarchical policy (the default) leaves
    a decision out of log-probability and entropy where its layer is not selected; a flat one counts
    every decision always.
    """

    logits: nn.Parameter
    exists: Tensor
    counts: Tensor
    largest: Tensor
    is_op: Tensor

    def __init__(self, space: SpaceLike, hierarchical: bool = True, temperature: float = 1.0) -> None:
        super().__init__()
        self.space = space = space_of(space)
        self.temperature = temperature
        decisions = space.decisions
        counts = torch.tensor([len(d.options) for d in decisions])
        exists = torch.arange(int(counts.max())) < counts[:, None]
        self.logits = nn.Parameter(torch.zeros(exists.shape, dtype=torch.float64))
        self.register_buffer("exists", exists, persistent=False)
        self.register_buffer("counts", counts, persistent=False)
        self.register_buffer("largest", torch.tensor([d.largest for d in decisions]), persistent=False)
        self.register_buffer("is_op", torch.tensor([d.warmup == "op" for d in decisions]), persistent=False)
        self._activity = Activity((space if hierarchical else _without_conditions(space)).decisions)

    def activity(self, indices: Tensor) -> Tensor:
        """Which decisions count: ``(K, D)`` index vectors, with AVERAGE allowed, give ``(K, D)`` bool."""
        return torch.from_numpy(self._activity(indices.cpu().numpy()))

    def log_probabilities(self) -> Tensor:
        """The log-probability of every option, ``(D, C)``; 0 where there is no option."""
        scaled = (self.logits / self.temperature).masked_fill(~self.exists, -torch.inf)
        return torch.log_softmax(scaled, dim=1).masked_fill(~self.exists, 0.0)

    def probabilities(self) -> Tensor:
        """The probability of every option, ``(D, C)``; 0 where there is no option."""
        return self.log_probabilities().exp() * self.exists

    @torch.no_grad()
    def sample(
        self, random: np.random.Generator, count: int, op_warmup: float = 0.0, filter_warmup: float = 0.0
    ) -> Sampled:
        """``count`` points; warmup replaces each decision on its own, with these probabilities."""
        uniform = torch.from_numpy(random.random((count, len(self.counts))))
        drawn = (uniform[..., None] >= self.probabilities().cumsum(dim=1)).sum(dim=2)
        drawn = torch.minimum(drawn, self.counts - 1)  # the sum of probabilities may round to below 1
        return self.warmed(random, drawn, op_warmup, filter_warmup)

    def warmed(
        self, random: np.random.Generator, drawn: Tensor, op_warmup: float, filter_warmup: float
    ) -> Sampled:
        """What warmup makes of the points ``drawn``, ``(K, D)``, wherever they are from."""
        probability = torch.where(self.is_op, op_warmup, filter_warmup).double()
        replaced = torch.from_numpy(random.random(drawn.shape)) < probability
        average = torch.where(self.counts > 1, AVERAGE, 0)  # the average of one option is that option
        substitute = torch.where(self.is_op, average, self.largest)
        return Sampled(torch.where(replaced, substitute, drawn), drawn, replaced, probability)

    def log_prob(self, sampled: Sampled) -> Tensor:
        """The log-likelihood of what happened in each sample, ``(K,)`` (facts 5, log-prob bookkeeping).

        A replaced decision contributes the constant log p, any other one log(1 - p) + log pi(option).
        """
        chosen = self.log_probabilities().expand(len(sampled.drawn), -1, -1)
        chosen = chosen.gather(2, sampled.drawn[..., None]).squeeze(2)  # (K, D)
        kept = torch.log1p(-sampled.probability) + chosen
        happened = torch.where(sampled.replaced, sampled.probability.log(), kept)
        return torch.where(self.activity(sampled.indices), happened, 0.0).sum(dim=1)

    def entropy(self, indices: Tensor) -> Tensor:
        """The entropy in nats of the decisions that count in each row of ``indices`` ``(K, D)``: ``(K,)``."""
        log_probabilities = self.log_probabilities()
        entropies = -(log_probabilities.exp() * log_probabilities).sum(dim=1)
        return torch.where(self.activity(indices), entropies, 0.0).sum(dim=1)

    @torch.no_grad()
    def gradients(self, sampled: Sampled, advantages: Tensor) -> Tensor:
        """Each sample's gradient of -advantage log_prob by the logits: ``(K,)`` gives ``(K, D, C)``.

        Closed form: -advantage (one-hot - softmax) / temperature where a decision counts and was
        not replaced.
        """
        one_hot = torch.nn.functional.one_hot(sampled.drawn, self.exists.shape[1])
        score = (one_hot - self.probabilities()) / self.temperature
        learns = self.activity(sampled.indices) & ~sampled.replaced
        return -advantages[:, None, None] * score * learns[..., None]

    @torch.no_grad()
    def entropy_gradient(self, indices: Tensor) -> Tensor:
        """The gradient of the mean entropy over the rows of ``indices`` ``(K, D)``: ``(D, C)``."""
        log_probabilities = self.log_probabilities()
        probabilities = self.probabilities()
        entropies = -(probabilities * log_probabilities).sum(dim=1, keepdim=True)
        share = self.activity(indices).double().mean(dim=0)[:, None]
        return -probabilities * (log_probabilities + entropies) * share / self.temperature

    def argmax(self) -> tuple[int, ...]:
        """The most probable option of each decision; the first one wins a tie."""
        logits = self.logits.detach().masked_fill(~self.exists, -torch.inf)
        return tuple(int(index) for index in np.argmax(logits.cpu().numpy(), axis=1))


def _without_conditions(space: ir.Space) -> ir.Space:
    return attrs.evolve(space, decisions=tuple(attrs.evolve(d, active=()) for d in space.decisions))
