"""The weights' steps of a search whose policy comes after them: architectures of about the target's cost."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from tunas_dsl.cost.band import band_ends
from tunas_dsl.cost.model import CostModel
from tunas_dsl.cost.sampling import sample
from tunas_dsl.runs.events import WeightsEvent
from tunas_dsl.search.agreement import rank_correlation
from tunas_dsl.search.phases import WEIGHTS
from tunas_dsl.search.settings import SearchSettings
from tunas_torch.data import ImageData
from tunas_torch.optimizers.leaves import Gradients
from tunas_torch.policy import Sampled
from tunas_torch.runs.team import Team
from tunas_torch.search.rating import Rating
from tunas_torch.search.steps import SAMPLING, Floats, Rates, Search, Work
from tunas_torch.supernet import Supernet

WATCHED = 16
"""So many architectures are rated now and then, to see whether the weights' ratings are stable."""

LOOKS = 10
"""So often."""

_IMAGES = 512
_WATCHED = 1  # what else than the architectures of the steps is drawn by a seed


class WeightsSearch(Search):
    """The weights' phase: each step trains ``samples_per_step`` architectures, and rates none.

    They are drawn uniformly from those whose cost is within ``band`` of the target, and then warmup replaces
    decisions. Of some fixed ones of these costs the log says how much their ratings have changed.

    Raises:
        SamplingError: no architecture costs that.
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
        super().__init__(supernet, model, data, settings, team)
        space, ends = supernet.space, band_ends(settings.target, settings.band * settings.target)
        self._together = settings.samples_per_step * self.team.size
        self._drawn = sample(space, settings.steps * self._together, settings.seed, model, ends)
        seed = int(np.random.default_rng([settings.seed, _WATCHED]).integers(2**63))
        self._watched = sample(space, WATCHED, seed, model, ends).tolist()
        self._rating = Rating(supernet, data.validation, _IMAGES)
        self._ratings = torch.zeros(WATCHED, dtype=torch.float64)

    def sampled(self, rates: Rates) -> Sampled:
        """The architectures of this step, those of every rank one after the other."""
        rows = self._drawn[self.step_count * self._together :][: self._together].astype(np.int64)
        random = self.random(SAMPLING, 0)
        return self.policy.warmed(random, torch.from_numpy(rows), rates.op_warmup, rates.filter_warmup)

    def work(self, sampled: Sampled) -> Work:
        """What this rank does in a step: train its own architectures. Nothing is changed."""
        return Work(*self._train(self.own(sampled)))

    def learn(
        self, rates: Rates, sampled: Sampled, losses: Floats, accuracies: Floats, gradients: Gradients
    ) -> WeightsEvent:
        """What all ranks do alike: teach the weights what the ``sampled`` architectures of all showed."""
        with self.stage("optimizer"):
            self.optimizer.step(gradients, rates.weight_lr)
        self.step_count += 1
        return WeightsEvent(
            step=self.step_count - 1,
            phase=WEIGHTS,
            loss=float(losses.mean()),
            accuracy=float(accuracies.mean()),
            cost=float(self.model.total(sampled.indices.numpy()).mean()),
            weight_lr=rates.weight_lr,
            op_warmup=rates.op_warmup,
            filter_warmup=rates.filter_warmup,
            agreement=self._agreement(),
        )

    def state(self) -> dict[str, Tensor]:
        """Everything that the next step depends on, by name, and the last ratings of the watched ones."""
        return {**super().state(), "ratings": self._ratings}

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Take over what :meth:`state` gave."""
        super().load_state(state)
        self._ratings.copy_(state["ratings"])

    def _is_time(self) -> bool:
        every = -(-self.steps // LOOKS)
        return self.step_count % every == 0 or self.step_count == self.steps

    def _agreement(self) -> float | None:
        """How the ratings of the watched agree with those of the last look, if it is time for one."""
        if self.team.rank or not self._is_time():
            return None
        with self.stage("validation"):
            self.optimizer.flush()
            before, now = self._ratings.numpy(), self._rating(self._watched)
            self._ratings = torch.from_numpy(now)
        return rank_correlation(before, now)
