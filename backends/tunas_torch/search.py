"""One search step after another: sample, train, validate, reward, and teach policy and weights (facts 7).

All randomness is a function of the seed, a purpose and the step, so that the state of a search is its
tensors alone and a search that was interrupted goes on bit for bit.
"""

import math
from collections.abc import Mapping, Sequence

import attrs
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from tunas_dsl.cost.model import CostModel
from tunas_dsl.search import schedule
from tunas_dsl.search.baseline import Baseline
from tunas_dsl.search.errors import SearchError
from tunas_dsl.search.events import StepEvent, is_snapshot, samples
from tunas_dsl.search.reward import reward
from tunas_dsl.search.settings import SearchSettings
from tunas_torch.data import BatchSchedule, ImageData
from tunas_torch.leaves import Gradients
from tunas_torch.optimizers import weight_optimizer
from tunas_torch.policy import Policy, Sampled
from tunas_torch.reinforce import PolicyOptimizer
from tunas_torch.states import check_state, part, prefixed
from tunas_torch.supernet import Supernet

_SAMPLING, _AUGMENTATION, _TRAINING, _VALIDATION = range(4)
"""Purposes of random numbers."""


@attrs.frozen
class Rates:
    """What the schedules say for one step."""

    weight_lr: float
    policy_lr: float
    op_warmup: float
    filter_warmup: float


class Search:
    """The state of a search, and its step.

    A step trains each of ``samples_per_step`` architectures on its share of the training batch and
    rates it on its share of the validation batch, both with the weights from before the step.
    """

    def __init__(
        self, supernet: Supernet, model: CostModel, data: ImageData, settings: SearchSettings
    ) -> None:
        self.supernet = supernet
        self.model = model
        self.data = data
        self.settings = settings
        self.step_count = 0
        self.policy = Policy(supernet.space, hierarchical=settings.hierarchical)
        self.policy_optimizer = PolicyOptimizer(self.policy.logits)
        self.baseline = Baseline(settings.baseline_momentum)
        self.optimizer = weight_optimizer(dict(supernet.named_parameters()), settings)
        self.device = next(supernet.parameters()).device
        self.training = self._schedule(len(data.train), settings.batch_size, _TRAINING)
        self.validation = self._schedule(len(data.validation), settings.validation_batch_size, _VALIDATION)

    @property
    def steps(self) -> int:
        """How many steps the search has."""
        return self.settings.steps

    def step(self) -> StepEvent:
        """One step of the search.

        Raises:
            SearchError: the loss is not finite; nothing was changed.
        """
        rates = self.rates(self.step_count)
        random = self._random(_SAMPLING)
        count = self.settings.samples_per_step
        sampled = self.policy.sample(random, count, rates.op_warmup, rates.filter_warmup)
        loss, gradients = self._train(sampled.rows())
        accuracies = self._validate(sampled.rows())
        costs = self.model.total(sampled.indices.numpy())
        rewards = reward(self.settings.reward, accuracies, costs, self.settings.target, self.settings.beta)
        baseline = self.baseline.update(float(rewards.mean()))
        self._teach_policy(sampled, rewards - baseline, rates.policy_lr)
        self.optimizer.step(gradients, rates.weight_lr)
        self.step_count += 1
        return StepEvent(
            step=self.step_count - 1,
            loss=loss,
            accuracy=float(accuracies.mean()),
            reward=float(rewards.mean()),
            baseline=baseline,
            cost=float(costs.mean()),
            argmax_cost=self.argmax_cost(),
            entropy=self.policy.entropy(sampled.indices).mean().item(),
            **attrs.asdict(rates),
            samples=samples(sampled.indices.tolist(), accuracies, costs),
            probabilities=self._snapshot(),
        )

    def rates(self, step: int) -> Rates:
        """Learning rates and warmup probabilities of ``step``."""
        settings = self.settings
        steps, delay = settings.steps, settings.delay_steps
        return Rates(
            schedule.weight_lr(step, steps, settings.weight_lr),
            schedule.policy_lr(step, steps, delay, settings.policy_lr, settings.policy_lr_schedule),
            schedule.warmup_probability(step, int(settings.op_warmup * steps)),
            schedule.warmup_probability(step, int(settings.filter_warmup * steps)),
        )

    def _snapshot(self) -> list[list[float]] | None:
        """The probabilities of every decision's options, where the log shows them after this step."""
        if not is_snapshot(self.step_count - 1, self.steps):
            return None
        rows = zip(self.supernet.space.decisions, self.policy.probabilities().tolist(), strict=True)
        return [[round(share, 5) for share in row[: len(decision.options)]] for decision, row in rows]

    def argmax_cost(self) -> float:
        """The cost of the most probable architecture, in the unit of the cost model."""
        return float(self.model.total(np.array([self.policy.argmax()]))[0])

    def state(self) -> dict[str, Tensor]:
        """Everything that the next step depends on, by name.

        Raises:
            SearchError: a weight is not finite, so that there is nothing to go on from.
        """
        self.optimizer.flush()
        if not all(weight.isfinite().all() for weight in self.supernet.parameters()):
            raise self._divergence("there are weights that are not finite")
        baseline = torch.tensor([self.baseline.numerator, self.baseline.denominator], dtype=torch.float64)
        return {
            "step": torch.tensor(self.step_count),
            "baseline": baseline,
            "policy.logits": self.policy.logits.detach(),
            **prefixed("policy_optimizer", self.policy_optimizer.state()),
            **prefixed("optimizer", self.optimizer.state()),
            **prefixed("supernet", self.supernet.state_dict()),
        }

    @torch.no_grad()
    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Take over what :meth:`state` gave.

        Raises:
            SearchError: it is the state of another space's search.
        """
        check_state(state, self.state(), self.steps)
        self.step_count = int(state["step"])
        self.baseline.numerator, self.baseline.denominator = state["baseline"].tolist()
        self.policy.logits.copy_(state["policy.logits"])
        self.policy_optimizer.load_state(part("policy_optimizer", state))
        self.supernet.load_state_dict(part("supernet", state))
        self.optimizer.load_state(part("optimizer", state))

    def _train(self, rows: Sequence[tuple[int, ...]]) -> tuple[float, Gradients]:
        """The mean loss over the architectures ``rows``, each on its share of the batch, and its gradient."""
        indices = self.training.indices(self.step_count)
        batch = self.data.train.batch(indices, self.data.augmentation, self._random(_AUGMENTATION))
        total, gradients = 0.0, Gradients()
        l2 = self.settings.l2
        for row, (images, labels) in zip(rows, self._shares(batch), strict=True):
            leaves = self.optimizer.take(self.supernet.used(row))
            logits = self.supernet(images, row, leaves.weights)
            loss = F.cross_entropy(logits, labels, label_smoothing=self.settings.label_smoothing)
            torch.autograd.backward(loss / len(rows))
            gradients.add(leaves, l2 / len(rows))
            value = loss.item() + l2 * leaves.penalty().item()
            if not math.isfinite(value):
                raise self._divergence(f"the loss is {value}")
            total += value / len(rows)
        return total, gradients

    @torch.no_grad()
    def _validate(self, rows: Sequence[tuple[int, ...]]) -> NDArray[np.float64]:
        """The accuracy of each architecture on its share of the validation batch, ``(K,)``."""
        indices = self.validation.indices(self.step_count)
        batch = self.data.validation.batch(indices, None, self._random(_VALIDATION))
        accuracies = []
        for row, (images, labels) in zip(rows, self._shares(batch), strict=True):
            leaves = self.optimizer.take(self.supernet.used(row))
            logits = self.supernet(images, row, leaves.weights)
            accuracies.append((logits.argmax(dim=1) == labels).double().mean().item())
        return np.array(accuracies)

    def _teach_policy(self, sampled: Sampled, advantages: NDArray[np.float64], lr: float) -> None:
        if self.settings.entropy_bonus:
            bonus = self.policy.entropy_gradient(sampled.indices)
        self.policy_optimizer.step(self.policy.gradients(sampled, torch.from_numpy(advantages)), lr)
        if self.settings.entropy_bonus:
            self.policy.logits.data += lr * self.settings.entropy_bonus * bonus

    def _shares(self, batch: tuple[NDArray[np.float32], NDArray[np.int64]]) -> list[tuple[Tensor, Tensor]]:
        images, labels = (
            torch.from_numpy(array).to(self.device).chunk(self.settings.samples_per_step) for array in batch
        )
        return list(zip(images, labels, strict=True))

    def _divergence(self, symptom: str) -> SearchError:
        rate = self.settings.weight_lr
        return SearchError(
            f"{symptom} in step {self.step_count}: start again with a `weight_lr` below {rate:g}"
        )

    def _random(self, purpose: int) -> np.random.Generator:
        return np.random.default_rng([self.settings.seed, purpose, self.step_count])

    def _schedule(self, size: int, batch_size: int, purpose: int) -> BatchSchedule:
        return BatchSchedule(size, batch_size, self.settings.seed, purpose)
