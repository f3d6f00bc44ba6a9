"""Optuna's samplers as an algorithm: every decision a categorical parameter, through Study.ask and tell."""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal, get_args

import attrs
import numpy as np

from tunas_dsl.errors import SearchError
from tunas_dsl.ir import space as ir
from tunas_dsl.runs.setting import COUNT, NEGATIVE, POSITIVE, Settings, one_of
from tunas_dsl.search.algorithms.algorithm import Floats, Indices
from tunas_dsl.search.algorithms.found import Found
from tunas_dsl.search.reinforce.reward import reward

if TYPE_CHECKING:
    import optuna

Sampler = Literal["tpe", "random"]


@attrs.frozen(kw_only=True)
class OptunaSettings(Settings):
    """``n`` architectures that ``sampler`` proposes for the absolute reward with ``beta``.

    Optuna knows no band: it may evaluate architectures of any cost, and the result is the best of those that
    cost ``target``, give or take ``within``. A step proposes ``batch`` of them.

    Raises:
        SearchError: a setting is out of range.
    """

    n: int = attrs.field(validator=COUNT)
    within: float = attrs.field(validator=POSITIVE)
    sampler: Sampler = attrs.field(default="tpe", validator=one_of(get_args(Sampler)))
    beta: float = attrs.field(default=-0.10, validator=NEGATIVE)
    batch: int = attrs.field(default=1, validator=COUNT)

    @within.default
    def _a_percent(self) -> float:
        return 0.01 * float(self._checked("target"))


class OptunaSearch:
    """An :class:`~tunas_dsl.search.algorithms.algorithm.Algorithm` around a study in memory.

    The sampler is made anew for each step, from the seed and the step, so that a study that is told its
    trials again goes on as it would have.

    Raises:
        SearchError: Optuna is not installed.
    """

    def __init__(self, decisions: Sequence[ir.Decision], settings: OptunaSettings) -> None:
        if find_spec("optuna") is None:
            raise SearchError("Optuna is not installed: pip install 'tunas-dsl[optuna]'")
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.settings = settings
        self.step = 0
        self._optuna = optuna
        self._study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler())
        self._parameters: dict[str, optuna.distributions.BaseDistribution] = {
            decision.id: optuna.distributions.CategoricalDistribution(range(len(decision.options)))
            for decision in decisions
        }
        self._asked: list[optuna.Trial] = []
        self._told: list[tuple[list[int], float]] = []
        self._found, self._nearest = Found(), Found()

    @property
    def steps(self) -> int:
        """The batches in all."""
        return -(-self.settings.n // self.settings.batch)

    def propose(self) -> Indices:
        """The next ``batch``, or what is left."""
        if not self._asked:
            self._study.sampler = self._sampler()
            start = self.step * self.settings.batch
            count = min(self.settings.batch, self.settings.n - start)
            self._asked = [self._study.ask(self._parameters) for _ in range(count)]
        return np.array([[trial.params[id] for id in self._parameters] for trial in self._asked])

    def feedback(self, indices: Indices, qualities: Floats, costs: Floats) -> None:
        """Tell the study the rewards."""
        settings = self.settings
        rewards = reward("absolute", qualities, costs, settings.target, settings.beta)
        for trial, value in zip(self._asked, rewards.tolist(), strict=True):
            self._study.tell(trial, value)
        self._told.extend(zip(indices.tolist(), rewards.tolist(), strict=True))
        near = np.abs(costs - settings.target) <= settings.within
        self._found.offer(indices, np.where(near, qualities, -np.inf))
        self._nearest.offer(indices, rewards)
        self._asked = []
        self.step += 1

    def figures(self) -> dict[str, float]:
        """The best quality so far at the target, once there is one."""
        return {"best": self._found.quality} if self._found.indices else {}

    def best(self) -> tuple[int, ...]:
        """The best of those that cost the target; where there are none, the one with the highest reward."""
        return self._found.indices or self._nearest.indices

    def state(self) -> dict[str, Any]:
        """Every trial that was told, and the best."""
        found, nearest = self._found.state(), self._nearest.state()
        return {"step": self.step, "told": list(self._told), "found": found, "nearest": nearest}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state` gave."""
        self.step = int(state["step"])
        for indices, value in state["told"]:
            parameters = dict(zip(self._parameters, indices, strict=True))
            trial = self._optuna.trial.create_trial(
                params=parameters, distributions=dict(self._parameters), value=float(value)
            )
            self._study.add_trial(trial)
            self._told.append((list(indices), float(value)))
        self._found.load_state(state["found"])
        self._nearest.load_state(state["nearest"])

    def _sampler(self) -> "optuna.samplers.BaseSampler":
        seed = int(np.random.default_rng([self.settings.seed, self.step]).integers(2**32))
        if self.settings.sampler == "random":
            return self._optuna.samplers.RandomSampler(seed=seed)
        return self._optuna.samplers.TPESampler(seed=seed)
