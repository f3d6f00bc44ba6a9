"""One training step of one architecture after another, by the recipe of the paper's Appendix E.1 (facts 8).

All randomness is a function of the seed, a purpose and the step, so that the state of a training is its
tensors alone and a training that was interrupted goes on bit for bit.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tunas_dsl.errors import DivergedError
from tunas_dsl.runs import schedule
from tunas_dsl.training.progress import Evaluation, Part, TrainingEvent
from tunas_dsl.training.settings import TrainingSettings
from tunas_torch.data import BatchSchedule, ImageData
from tunas_torch.data.ahead import Arrays, ReadAhead
from tunas_torch.layers.depthwise import use_fast_gradients
from tunas_torch.network import Network, channels_last
from tunas_torch.optimizers.rmsprop import RMSProp
from tunas_torch.runs.precision import logits_of
from tunas_torch.runs.states import check_state, part, prefixed
from tunas_torch.training.evaluation import evaluate

_AUGMENTATION, _ORDER, _DROPOUT = range(10, 13)
"""Purposes of random numbers, others than those of a search."""


class Training:
    """The state of a training, and its step; ``data.train`` trains, ``data.validation`` validates.

    ``last`` is the last evaluation on validation images, made after ``last_at`` steps.
    Dropout and batch norm's momentum of ``network`` become those of ``settings``.
    """

    def __init__(self, network: Network, data: ImageData, settings: TrainingSettings) -> None:
        use_fast_gradients(network)
        self.network = channels_last(network)
        self.data = data
        self.settings = settings
        self.step_count = 0
        self.last: Evaluation | None = None
        self.last_at = 0
        self.steps = settings.steps_for(len(data.train))
        self.optimizer = RMSProp(
            dict(network.named_parameters()),
            decay=settings.rmsprop_decay,
            momentum=settings.rmsprop_momentum,
            epsilon=settings.rmsprop_epsilon,
        )
        self.device = next(network.parameters()).device
        self.batches = self._batches()
        self.warmup_steps = int(settings.weight_warmup * self.steps)
        self._set_up_layers()

    @property
    def epochs(self) -> float:
        """The epochs done."""
        return self.step_count * self.settings.batch_size / len(self.data.train)

    def step(self) -> TrainingEvent:
        """One step; where it completes an epoch or the training, also an evaluation.

        Raises:
            SearchError: the loss is not finite; nothing was changed but batch norm's averages.
        """
        rate = schedule.weight_lr(self.step_count, self.steps, self.settings.weight_lr, self.warmup_steps)
        loss, accuracy = self._train()
        self.optimizer.step(rate)
        self.step_count += 1
        return TrainingEvent(
            step=self.step_count - 1,
            epoch=self.epochs,
            loss=loss,
            accuracy=accuracy,
            weight_lr=rate,
            validation=self.validate() if self._evaluates() else None,
        )

    def validate(self) -> Evaluation | None:
        """The present accuracy on validation images, computed once, or None where there are none."""
        if len(self.data.validation) and (self.last is None or self.last_at != self.step_count):
            self.last, self.last_at = self.evaluate("validation"), self.step_count
        return self.last

    def evaluate(self, split: Part) -> Evaluation:
        """The present accuracy on the images of ``split``."""
        return evaluate(self.network, self.data, split)

    def state(self) -> dict[str, Tensor]:
        """Everything that the next step depends on, by name.

        Raises:
            SearchError: a weight is not finite, so that there is nothing to go on from.
        """
        if not all(weight.isfinite().all() for weight in self.network.parameters()):
            raise DivergedError(
                "there are weights that are not finite", self.step_count, self.settings.weight_lr
            )
        return {
            "step": torch.tensor(self.step_count),
            **prefixed("optimizer", self.optimizer.state()),
            **prefixed("network", self.network.state_dict()),
        }

    @torch.no_grad()
    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Take over what :meth:`state` gave.

        Raises:
            SearchError: it is the state of another architecture's training.
        """
        check_state(state, self.state(), self.steps)
        self.step_count = int(state["step"])
        self.optimizer.load_state(part("optimizer", state))
        self.network.load_state_dict(part("network", state))

    def _set_up_layers(self) -> None:
        self.network.train()
        for module in self.network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = 1 - self.settings.bn_momentum_for(self.steps)
            elif isinstance(module, nn.Dropout):
                module.p = self.settings.dropout

    def _train(self) -> tuple[float, float]:
        """Leaves the gradients in ``.grad``; gives the loss, and the accuracy on the batch."""
        images, labels = self.batches(self.step_count)
        self.optimizer.zero_grad()
        with self._dropping():
            images = images.contiguous(memory_format=torch.channels_last)
            logits = logits_of(self.network, images, self.settings.precision)
        loss = F.cross_entropy(logits, labels, label_smoothing=self.settings.label_smoothing)
        loss = loss + self.settings.l2 * penalty(self.network)
        torch.autograd.backward(loss)
        accuracy = (logits.argmax(dim=1) == labels).double().mean()
        figures: tuple[float, float] = tuple(torch.stack([loss.detach().double(), accuracy]).tolist())
        if not math.isfinite(figures[0]):
            raise DivergedError(f"the loss is {figures[0]}", self.step_count, self.settings.weight_lr)
        return figures

    @contextmanager
    def _dropping(self) -> Iterator[None]:
        """Torch's global random numbers, of which dropout draws, set for this step and then as before."""
        devices = [self.device] if self.device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            torch.manual_seed(int(self._random(_DROPOUT, self.step_count).integers(1 << 63)))
            yield

    def _evaluates(self) -> bool:
        ends = self.step_count == self.steps
        return ends or self.settings.evaluates(self.step_count, len(self.data.train))

    def _random(self, purpose: int, step: int) -> np.random.Generator:
        return np.random.default_rng([self.settings.seed, purpose, step])

    def _batches(self) -> ReadAhead:
        images, settings = self.data.train, self.settings
        order = BatchSchedule(len(images), settings.batch_size, settings.seed, _ORDER)

        def load(step: int) -> Arrays:
            random = self._random(_AUGMENTATION, step)
            return images.batch(order.indices(step), self.data.augmentation, random)

        return ReadAhead(load, self.steps, self.device)


def penalty(network: Network) -> Tensor:
    """Half the sum of the squares of all convolutions' kernels: L2 is this times its strength.

    The classifier, biases and batch norms are free of it (facts 2.5).
    """
    kernels = [module.weight for module in network.modules() if isinstance(module, nn.Conv2d)]
    squares = [kernel.square().sum() for kernel in kernels]
    return torch.stack(squares).sum() / 2 if squares else torch.zeros(())
