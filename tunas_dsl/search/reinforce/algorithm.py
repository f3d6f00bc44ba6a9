"""REINFORCE with the paper's rewards: the search of the policy alone, for any source of quality (facts 7)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tunas_dsl.ir import space as ir
from tunas_dsl.runs import schedule
from tunas_dsl.search.algorithms.algorithm import Floats, Indices
from tunas_dsl.search.reinforce.baseline import Baseline
from tunas_dsl.search.reinforce.critic import Critic
from tunas_dsl.search.reinforce.policy import Policy
from tunas_dsl.search.reinforce.price import Price
from tunas_dsl.search.reinforce.reward import reward
from tunas_dsl.search.reinforce.start import logits_on_target
from tunas_dsl.search.settings import PolicySettings

BETA2 = 0.999
EPSILON = 1e-8

_CHUNK = 2**17  # random numbers; drawing them step by step would take longer than the step
_PRICE = 1  # what else than architectures to evaluate is drawn by a seed


class Reinforce:
    """An :class:`~tunas_dsl.search.algorithms.algorithm.Algorithm` whose policy learns from rewards.

    The same as the supernet's search, but for warmup, which is about weights, and for a critic, which needs
    qualities that stay what they are. All randomness is a function of the seed and the step. ``cost``
    gives ``(N, D)`` index vectors their costs, ``(N,)``. With a ``tilt``, ``(D, C)``, the policy begins with
    these logits, brought on target where it begins there.
    """

    def __init__(
        self,
        decisions: Sequence[ir.Decision],
        cost: Callable[[Indices], Floats],
        settings: PolicySettings,
        tilt: Floats | float = 0.0,
    ) -> None:
        self.settings = settings
        self.policy = Policy(decisions, settings.hierarchical)
        if settings.start == "on-target":
            self.policy.shift(logits_on_target(decisions, cost, settings.target, tilt))
        else:
            self.policy.shift(np.where(self.policy.exists, tilt, 0.0))
        self.baseline = Baseline(settings.baseline_momentum)
        self.adam = PolicyAdam(self.policy.logits.shape)
        self.step = 0
        self._uniform = Uniform([settings.seed], (settings.samples_per_step, len(decisions)))
        self._price = Price(cost, decisions, settings) if settings.cost_samples else None
        self._price_uniform = Uniform([settings.seed, _PRICE], (settings.cost_samples, len(decisions)))
        self._critic = Critic(decisions) if settings.critic == "additive" else None
        self._last: tuple[Indices, float, float, float] | None = None

    @property
    def steps(self) -> int:
        """The steps in all."""
        return self.settings.steps

    def propose(self) -> Indices:
        """``samples_per_step`` architectures, ``(K, D)``, drawn from the policy."""
        return self.policy.draw(self._uniform(self.step))

    def feedback(self, indices: Indices, qualities: Floats, costs: Floats) -> None:
        """One step of learning from the rewards of ``indices``, ``(K, D)``."""
        settings = self.settings
        beta = settings.beta_at(self.step)
        rewards = reward(settings.reward, qualities, costs, settings.target, beta)
        lr = schedule.policy_lr(
            self.step, settings.steps, settings.delay_steps, settings.policy_lr, settings.policy_lr_schedule
        )
        if self._price is None:
            baseline = self.baseline.update(float(rewards.mean()))
            gradients = self.policy.gradients(indices, rewards - baseline)
        else:
            gradients, baseline = self._separate(self._price, indices, qualities, beta)
        change = self.adam.step(gradients, lr)
        if settings.entropy_bonus:
            change += lr * settings.entropy_bonus * self.policy.entropy_gradient(indices)
        if lr:
            self.policy.shift(change)
        self.step += 1
        self._last = (indices, float(rewards.mean()), baseline, lr)

    def _separate(
        self, price: Price, indices: Indices, qualities: Floats, beta: float
    ) -> tuple[Floats, float]:
        """The gradients ``(K, D, C)`` of qualities and costs, each from samples of its own; the baseline."""
        probabilities, each = self.policy.probabilities, self.settings.prices_each(self.step)
        draws = price.draw(probabilities, self._price_uniform(self.step))
        common = price.of_draws(probabilities, draws, beta, each=each)
        if self._critic is None:
            baseline = self.baseline.update(float(qualities.mean()))
            return self.policy.gradients(indices, qualities - baseline) + common, baseline
        surprises = self._critic.surprises(indices, qualities)
        baseline = self.baseline.update(float(surprises.mean()))
        gradients = self.policy.gradients(indices, surprises - baseline) + common
        gradients += self._critic.gradient(probabilities, draws)
        self._critic.learn(indices, qualities)
        return gradients, baseline + float((qualities - surprises).mean())

    def figures(self) -> dict[str, float]:
        """The last mean reward, baseline and learning rate, and the entropy after them."""
        if self._last is None:
            return {}
        indices, mean, baseline, lr = self._last
        entropy = float(self.policy.entropy(indices).mean())
        return {"reward": mean, "baseline": baseline, "entropy": entropy, "policy_lr": lr}

    def best(self) -> tuple[int, ...]:
        """The most probable option of each decision."""
        return self.policy.argmax()

    def state(self) -> dict[str, Any]:
        """Step, logits, second moments and baseline."""
        return {
            "step": self.step,
            "logits": self.policy.rows(),
            "square": self.adam.square.tolist(),
            "updates": self.adam.updates,
            "baseline": [self.baseline.numerator, self.baseline.denominator],
            "critic": self._critic.state() if self._critic else None,
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state` gave."""
        self.step = int(state["step"])
        self.policy.load(state["logits"])
        self.adam.square[...] = np.asarray(state["square"], dtype=float).reshape(self.adam.square.shape)
        self.adam.updates = int(state["updates"])
        self.baseline.numerator, self.baseline.denominator = state["baseline"]
        if self._critic:
            self._critic.load_state(state["critic"])


class Uniform:
    """Numbers from 0 to below 1, a ``shape`` of them a step, as a function of the ``seed`` and the step."""

    def __init__(self, seed: Sequence[int], shape: tuple[int, int]) -> None:
        self._seed, self._shape = seed, shape
        self._length = max(1, _CHUNK // max(1, shape[0] * shape[1]))
        self._chunk, self._numbers = -1, np.empty(0)

    def __call__(self, step: int) -> Floats:
        """Those of ``step``."""
        chunk, place = divmod(step, self._length)
        if chunk != self._chunk:
            random = np.random.default_rng([*self._seed, chunk])
            self._chunk, self._numbers = chunk, random.random((self._length, *self._shape))
        return np.asarray(self._numbers[place])


class PolicyAdam:
    """Adam without a first moment, whose second moment averages the squares of the samples' gradients.

    The moment and its bias correction also advance while the learning rate is 0 (facts 7).
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.square = np.zeros(shape)
        self.updates = 0

    def step(self, gradients: Floats, lr: float) -> Floats:
        """What to add to the logits after the gradients of K samples, ``(K, D, C)``: ``(D, C)``."""
        self.updates += 1
        self.square *= BETA2
        self.square += (1 - BETA2) * np.square(gradients).mean(axis=0)
        correction = (1 - BETA2**self.updates) ** 0.5
        return np.asarray(-lr * correction * gradients.mean(axis=0) / (np.sqrt(self.square) + EPSILON))
