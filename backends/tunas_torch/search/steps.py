"""One search step after another: sample, train, validate, reward, and teach policy and weights (facts 7).

All randomness is a function of the seed, a purpose and the step, so that the state of a search is its
tensors alone and a search that was interrupted goes on bit for bit.
"""

from collections.abc import Mapping, Sequence
from itertools import chain

import attrs
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from tunas_dsl.cost.model import CostModel
from tunas_dsl.errors import DivergedError, SearchError
from tunas_dsl.runs import schedule
from tunas_dsl.runs.events import StepEvent, WeightsEvent, is_snapshot, samples
from tunas_dsl.search.reinforce.baseline import Baseline
from tunas_dsl.search.reinforce.price import Price
from tunas_dsl.search.reinforce.reward import reward
from tunas_dsl.search.reinforce.start import logits_on_target
from tunas_dsl.search.settings import SearchSettings
from tunas_torch.data import Augmentation, BatchSchedule, ImageData, Split
from tunas_torch.data.ahead import Arrays, ReadAhead
from tunas_torch.optimizers import weight_optimizer
from tunas_torch.optimizers.leaves import Gradients
from tunas_torch.optimizers.reinforce import PolicyOptimizer
from tunas_torch.policy import Policy, Sampled, joined
from tunas_torch.runs.precision import logits_of
from tunas_torch.runs.states import check_state, part, prefixed
from tunas_torch.runs.team import Team
from tunas_torch.search.stages import Stage, untimed
from tunas_torch.supernet import Supernet

SAMPLING, _AUGMENTATION, _TRAINING, _VALIDATION, _PRICE = range(5)
"""Purposes of random numbers."""


Floats = NDArray[np.float64]


@attrs.frozen
class Rates:
    """What the schedules say for one step."""

    weight_lr: float
    policy_lr: float
    op_warmup: float
    filter_warmup: float


@attrs.frozen(eq=False)
class Work:
    """What training and rating K architectures showed: losses and accuracies, ``(K,)``, mean gradients."""

    losses: Tensor
    accuracies: Tensor
    gradients: Gradients


class Search:
    """The state of a search, and its step.

    A step trains each of ``samples_per_step`` architectures on its share of the training batch and
    rates it on its share of the validation batch, both with the weights from before the step. Each rank of
    a ``team`` does so with as many of its own, on its share of the batches; what they learn they
    learn together, so that all have the same weights and the same policy.

    Raises:
        SearchError: the batches cannot be shared.
    """

    def __init__(
        self,
        supernet: Supernet,
        model: CostModel,
        data: ImageData,
        settings: SearchSettings,
        team: Team | None = None,
    ) -> None:
        self.supernet = supernet
        self.model = model
        self.data = data
        self.settings = settings
        self.team = team or Team()
        self.stage: Stage = untimed
        self.step_count = 0
        self.policy = Policy(supernet.space, hierarchical=settings.hierarchical)
        decisions = supernet.space.decisions
        if settings.start == "on-target":
            logits = logits_on_target(decisions, model.total, settings.target)
            self.policy.logits.data += torch.from_numpy(logits)
        self.price = Price(model.total, decisions, settings) if settings.cost_samples else None
        self.policy_optimizer = PolicyOptimizer(self.policy.logits)
        self.baseline = Baseline(settings.baseline_momentum)
        self.optimizer = weight_optimizer(dict(supernet.named_parameters()), settings)
        self.device = next(supernet.parameters()).device
        self._check_batches()
        size = settings.batch_size
        self.training = self._batches(data.train, size, _TRAINING, data.augmentation)
        self.validation = self._batches(data.validation, settings.validation_batch_size, _VALIDATION, None)

    @property
    def steps(self) -> int:
        """How many steps the search has."""
        return self.settings.steps

    def step(self) -> StepEvent | WeightsEvent:
        """One step of the search.

        Raises:
            SearchError: the loss is not finite, or another rank is gone; nothing was changed.
            DataError: an image cannot be read; nothing was changed.
        """
        rates = self.rates(self.step_count)
        with self.stage("policy"):
            sampled = self.sampled(rates)
        work = self.work(sampled)
        figures = self.team.gather(torch.stack([work.losses, work.accuracies]).cpu())  # (ranks, 2, K)
        losses, accuracies = figures.transpose(0, 1).flatten(1).numpy()
        if not np.isfinite(losses).all():
            raise DivergedError(f"the loss is {losses.mean()}", self.step_count, self.settings.weight_lr)
        gradients = self.team.average(work.gradients, self._extents(sampled))
        return self.learn(rates, sampled, losses, accuracies, gradients)

    def sampled(self, rates: Rates) -> Sampled:
        """The architectures of this step, those of every rank one after the other.

        A rank's are drawn from its own random numbers, so that all know them without a word.
        """
        count = self.settings.samples_per_step
        return joined(
            [
                self.policy.sample(self.random(SAMPLING, rank), count, rates.op_warmup, rates.filter_warmup)
                for rank in range(self.team.size)
            ]
        )

    def own(self, sampled: Sampled) -> list[tuple[int, ...]]:
        """The index vectors that are this rank's."""
        count = self.settings.samples_per_step
        return sampled.rows()[self.team.rank * count :][:count]

    def work(self, sampled: Sampled) -> Work:
        """What this rank does in a step: train and rate its own architectures. Nothing is changed."""
        rows = self.own(sampled)
        losses, _, gradients = self._train(rows)
        return Work(losses, self._validate(rows), gradients)

    def learn(
        self, rates: Rates, sampled: Sampled, losses: Floats, accuracies: Floats, gradients: Gradients
    ) -> StepEvent | WeightsEvent:
        """What all ranks do alike: teach policy and weights what the ``sampled`` architectures of all showed.

        ``losses`` and ``accuracies`` are one for each, ``gradients`` the mean over all.
        """
        settings = self.settings
        with self.stage("policy"):
            costs = self.model.total(sampled.indices.numpy())
            beta = settings.beta_at(self.step_count)
            rewards = reward(settings.reward, accuracies, costs, settings.target, beta)
            # The price of cost has a gradient of its own, where it is estimated from other samples.
            learnt = rewards if self.price is None else accuracies
            baseline = self.baseline.update(float(learnt.mean()))
            self._teach_policy(sampled, learnt - baseline, beta, rates.policy_lr)
        with self.stage("optimizer"):
            self.optimizer.step(gradients, rates.weight_lr)
        self.step_count += 1
        return StepEvent(
            step=self.step_count - 1,
            loss=float(losses.mean()),
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
        return [[round(share, 5) for share in row.tolist()] for row in self.probabilities()]

    def probabilities(self) -> list[Floats]:
        """What the policy gives each option of each decision."""
        rows = zip(self.supernet.space.decisions, self.policy.probabilities(), strict=True)
        return [row[: len(decision.options)].detach().double().numpy() for decision, row in rows]

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
            raise DivergedError(
                "there are weights that are not finite", self.step_count, self.settings.weight_lr
            )
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

    def _train(self, rows: Sequence[tuple[int, ...]]) -> tuple[Tensor, Tensor, Gradients]:
        """Loss and accuracy of each of ``rows`` on its share of the batch, ``(K,)``, and mean gradients."""
        losses, accuracies, gradients = [], [], Gradients()
        l2 = self.settings.l2
        for row, (images, labels) in zip(rows, self._shares(self.training), strict=True):
            with self.stage("optimizer"):
                leaves = self.optimizer.take(self.supernet.used(row))
            with self.stage("forward"):
                logits = logits_of(self.supernet, images, self.settings.precision, row, leaves.weights)
                loss = F.cross_entropy(logits, labels, label_smoothing=self.settings.label_smoothing)
            with self.stage("backward"):
                torch.autograd.backward(loss / len(rows))
                gradients.add(leaves, l2 / len(rows))
            losses.append(loss.detach().double() + l2 * leaves.penalty().double())
            accuracies.append((logits.argmax(dim=1) == labels).double().mean())
        return torch.stack(losses), torch.stack(accuracies), gradients

    @torch.no_grad()
    def _validate(self, rows: Sequence[tuple[int, ...]]) -> Tensor:
        """The accuracy of each architecture on its share of the validation batch, ``(K,)``."""
        accuracies = []
        for row, (images, labels) in zip(rows, self._shares(self.validation), strict=True):
            with self.stage("validation"):
                leaves = self.optimizer.take(self.supernet.used(row))
                logits = logits_of(self.supernet, images, self.settings.precision, row, leaves.weights)
                accuracies.append((logits.argmax(dim=1) == labels).double().mean())
        return torch.stack(accuracies)

    def _teach_policy(
        self, sampled: Sampled, advantages: NDArray[np.float64], beta: float, lr: float
    ) -> None:
        if self.settings.entropy_bonus:
            bonus = self.policy.entropy_gradient(sampled.indices)
        gradients = self.policy.gradients(sampled, torch.from_numpy(advantages))
        if self.price is not None:
            uniform = self.random(_PRICE, 0).random(self.price.shape)
            probabilities = self.policy.probabilities().detach().numpy()
            each = self.settings.prices_each(self.step_count)
            gradients += torch.from_numpy(self.price.gradient(probabilities, uniform, beta, each=each))
        self.policy_optimizer.step(gradients, lr)
        if self.settings.entropy_bonus:
            self.policy.logits.data += lr * self.settings.entropy_bonus * bonus

    def _shares(self, batches: ReadAhead) -> list[tuple[Tensor, Tensor]]:
        """What each architecture gets of the batch of this step."""
        with self.stage("data"):
            batch = batches(self.step_count)
        images, labels = (tensor.chunk(self.settings.samples_per_step) for tensor in batch)
        return list(zip(images, labels, strict=True))

    def _extents(self, sampled: Sampled) -> dict[Tensor, tuple[int, ...]]:
        """How much of each parameter the architectures of all ranks use together, along each dimension."""
        extents: dict[Tensor, tuple[int, ...]] = {}
        if self.team.size > 1:
            for used in chain.from_iterable(map(self.supernet.used, set(sampled.rows()))):
                extents[used.parameter] = tuple(
                    map(max, extents.get(used.parameter, used.extent), used.extent)
                )
        in_order = (parameter for parameter in self.supernet.parameters() if parameter in extents)
        return {parameter: extents[parameter] for parameter in in_order}

    def _check_batches(self) -> None:
        each = self.settings.samples_per_step * self.team.size
        for name in ("batch_size", "validation_batch_size"):
            size = getattr(self.settings, name)
            if size % each:
                raise SearchError(
                    f"`{name}` is {size}, but must be a multiple of {each}: `samples_per_step` times ranks"
                )

    def random(self, purpose: int, rank: int, step: int | None = None) -> np.random.Generator:
        """The random numbers of a ``rank`` for a ``purpose`` at a ``step``, by default the present one."""
        step = self.step_count if step is None else step
        return np.random.default_rng([self.settings.seed, purpose, step, *([rank] if rank else [])])

    def _batches(self, split: Split, size: int, purpose: int, augmentation: Augmentation | None) -> ReadAhead:
        """The share of this rank in the batches of ``size`` images of ``split``."""
        order = BatchSchedule(len(split), size, self.settings.seed, purpose)
        own = size // self.team.size

        def load(step: int) -> Arrays:
            indices = order.indices(step)[self.team.rank * own :][:own]
            return split.batch(indices, augmentation, self.random(_AUGMENTATION, self.team.rank, step))

        return ReadAhead(load, self.steps, self.device)
