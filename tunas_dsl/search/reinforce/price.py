"""The part of the gradient that is about cost alone, which needs no evaluation and hence has little noise.

The absolute reward is an accuracy plus beta |cost / target - 1|. The second term is known for every
architecture; so its expected gradient is estimated from many draws of the policy, of which nothing but the
cost model is asked, and only the accuracy's is left to the few architectures that are evaluated. Both
estimates are unbiased: what is maximised is the paper's reward (facts 7).

That reward has two wishes: the average cost is to be the target, and every architecture's. The second lets
a policy decide for options of a middle cost before it knows what is good; so there is a price of the
mean alone as well, for as long as a policy has to learn that.
"""

from collections.abc import Callable, Sequence

import numpy as np

from tunas_dsl.ir import space as ir
from tunas_dsl.search.activity import Activity
from tunas_dsl.search.algorithms.algorithm import Floats, Indices
from tunas_dsl.search.settings import PolicySettings

NEAR = 0.02
"""Within this share of the target a mean is as good as on it: that of some draws is not known better."""


class Price:
    """What a miss of the target costs a policy over ``decisions``; ``cost`` takes ``(N, D)`` to ``(N,)``."""

    def __init__(
        self, cost: Callable[[Indices], Floats], decisions: Sequence[ir.Decision], settings: PolicySettings
    ) -> None:
        self._cost, self._target = cost, settings.target
        self._activity = Activity(decisions) if settings.hierarchical else None
        self._last = np.array([len(decision.options) for decision in decisions]) - 1
        self.shape = (settings.cost_samples, len(decisions))

    def gradient(self, probabilities: Floats, uniform: Floats, beta: float, *, each: bool) -> Floats:
        """The gradient of -E[beta |cost / target - 1|] by the logits, ``(D, C)``.

        If not of ``each``, that of -beta |E[cost] / target - 1|, which fades near the target.

        ``probabilities``, ``(D, C)``, are the policy's; ``uniform``, of the ``shape`` ``(M, D)``, numbers
        from 0 to below 1, draw the architectures. Each is held against the mean of all.
        """
        return self.of_draws(probabilities, self.draw(probabilities, uniform), beta, each=each)

    def of_draws(self, probabilities: Floats, draws: Indices, beta: float, *, each: bool) -> Floats:
        """:meth:`gradient`, from architectures ``(M, D)`` that the policy drew."""
        misses = self._cost(draws) / self._target - 1
        prices = beta * (np.abs(misses) if each else misses * np.clip(misses.mean() / NEAR, -1, 1))
        advantages = (prices - prices.mean()) / max(1, len(draws) - 1)
        weight = np.broadcast_to(advantages[:, None], draws.shape)
        if self._activity is not None:
            weight = np.where(self._activity(draws), weight, 0.0)
        return score_gradient(probabilities, draws, weight)

    def draw(self, probabilities: Floats, uniform: Floats) -> Indices:
        """One architecture for each row of ``uniform``, ``(M, D)``, by ``probabilities``, ``(D, C)``."""
        drawn = np.zeros(uniform.shape, dtype=np.int64)
        for bound in probabilities.cumsum(axis=1).T[:-1]:
            drawn += uniform >= bound
        return np.asarray(np.minimum(drawn, self._last))


def score_gradient(probabilities: Floats, draws: Indices, weight: Floats) -> Floats:
    """The gradient of -sum(weight log probability) of ``draws``, ``(M, D)``, by the logits: ``(D, C)``."""
    options = probabilities.shape[1]
    places = draws + options * np.arange(draws.shape[1])
    taken = np.bincount(places.ravel(), weight.ravel(), minlength=probabilities.size)
    return np.asarray(probabilities * weight.sum(axis=0)[:, None] - taken.reshape(probabilities.shape))
