"""Several short searches in the place of a long one, where the quality has no noise.

A policy takes each decision by itself, and the coarse ones first: once it has settled on a resolution, say,
the rest is chosen to go with it, and no change of one decision leads to where another resolution is better.
Without noise a search is done after some evaluations an option, and more of them would find the same again.
So the rest is spent on more searches that begin elsewhere, of which the policy that ended best is kept, and
on what is near the best architectures of all.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from tunas_dsl.ir import space as ir
from tunas_dsl.search.algorithms.algorithm import Floats, Indices
from tunas_dsl.search.reinforce.algorithm import Reinforce
from tunas_dsl.search.reinforce.policy import Policy
from tunas_dsl.search.reinforce.refinement import Refinement
from tunas_dsl.search.reinforce.reward import reward
from tunas_dsl.search.settings import PolicySettings, first_policy_lr

EVALUATIONS = 16
"""So many evaluations for each option of a space are a search by themselves."""

LEAST = 1 / EVALUATIONS
"""With less than so much of one search, it is not asked whether the quality has noise."""

TILT = 0.7
"""The deviation of the logits that a search begins with, after the first."""

LATE = 0.1
"""The share of a search, at its end, that says how good it was."""

REFINED = 0.5
"""The share of the steps that is left for what is near the best, if there is no noise."""

LARGEST_LR = 0.15
"""The policy's first learning rate is at most this before a refinement, which wants to see more than one."""

_TILT, _CHILDREN = 2, 3  # what else than architectures is drawn by a seed


def rounds_without_noise(decisions: Sequence[ir.Decision], settings: PolicySettings) -> float:
    """How many searches the evaluations of ``settings`` are good for, if the quality has no noise."""
    options = sum(len(decision.options) for decision in decisions)
    return settings.steps * settings.samples_per_step / max(1, EVALUATIONS * options)


def is_divided(decisions: Sequence[ir.Decision], settings: PolicySettings) -> bool:
    """Whether :class:`Restarts` are of use: there are several rounds, or enough to see if there is noise."""
    if settings.rounds is not None:
        return settings.rounds > 1
    return rounds_without_noise(decisions, settings) >= LEAST


class Restarts:
    """An :class:`~..algorithms.algorithm.Algorithm`: searches of policies, one after the other.

    If ``settings`` do not say how many, the first step's architectures are proposed twice. Where their
    qualities are the same again, the quality is ``exact``: there are :func:`rounds_without_noise`, then a
    :class:`~.refinement.Refinement`, and the result is the best that was evaluated and
    costs no more than the target. Otherwise there is one search, and the result is the most probable.
    """

    def __init__(
        self,
        decisions: Sequence[ir.Decision],
        cost: Callable[[Indices], Floats],
        settings: PolicySettings,
    ) -> None:
        self.settings = settings
        self.step = 0
        self._decisions, self._cost = decisions, cost
        self._probed: list[float] | None = None
        self._idle: dict[str, float] = {}
        self._refinement = Refinement(decisions, cost, settings.target)
        self.exact = False
        self._begin(settings.rounds)

    def _begin(self, rounds: int | None) -> None:
        """Start the first of so many searches; if that is not known yet, to propose something."""
        self.rounds = rounds
        self._number, self._kept = 0, (-np.inf, Policy(self._decisions))
        self._late: list[float] = []
        self._current = self._search()

    @property
    def steps(self) -> int:
        """The steps in all."""
        return self.settings.steps

    @property
    def policy(self) -> Policy:
        """The policy that the search would end with now: of the finished searches the best one's."""
        return self._kept[1] if self._number else self._current.policy

    def propose(self) -> Indices:
        """What the present search proposes; after the last one, what is near the best."""
        if not self._refines:
            return self._current.propose()
        random = np.random.default_rng([self.settings.seed, _CHILDREN, self.step])
        return self._refinement.propose(self.settings.samples_per_step, random)

    def feedback(self, indices: Indices, qualities: Floats, costs: Floats) -> None:
        """Learn from the proposed ``indices``, ``(K, D)``; the first time, only whether there is noise."""
        self.step += 1
        if self.exact or self.rounds is None:  # otherwise nothing is refined
            self._refinement.offer(indices, qualities, costs)
        worth = reward("absolute", qualities, costs, self.settings.target, self.settings.beta).mean()
        if self.rounds is None:
            if self._probed is None:
                self._probed = qualities.tolist()
                self._learn_nothing(indices, worth)
                return
            self.exact = self._probed == qualities.tolist()
            rounds = int(rounds_without_noise(self._decisions, self.settings)) if self.exact else 1
            self._begin(max(1, rounds))
        if self._refines:
            self._learn_nothing(indices, worth)
            return
        current = self._current
        current.feedback(indices, qualities, costs)
        if current.step > (1 - LATE) * current.steps:
            self._late.append(float(worth))
        if current.step == current.steps:
            self._conclude()

    def _learn_nothing(self, indices: Indices, worth: float) -> None:
        entropy = float(self.policy.entropy(indices).mean())
        self._idle = {"reward": float(worth), "baseline": float(worth), "entropy": entropy, "policy_lr": 0.0}

    def figures(self) -> Mapping[str, float]:
        """Those of the present search; where no policy learns, its reward and the best quality."""
        if self._refines:
            return {**self._idle, "best": self._refinement.elites[0][0]}
        return self._current.figures() or self._idle

    def best(self) -> tuple[int, ...]:
        """The most probable option of each decision, by the best policy; in the end the best evaluated."""
        return self._refinement.elites[0][1] if self._refines else self.policy.argmax()

    def state(self) -> dict[str, Any]:
        """Step, what is known of noise, the present search, and the best policy of those before."""
        return {
            "step": self.step,
            "probed": self._probed,
            "exact": self.exact,
            "elites": self._refinement.state(),
            "rounds": self.rounds,
            "number": self._number,
            "late": self._late,
            "kept": [self._kept[0], self._kept[1].rows()] if self._number else None,
            "current": self._current.state(),
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state` gave."""
        self.exact = bool(state["exact"])
        self._refinement.load_state(state["elites"])
        self._begin(state["rounds"])
        self.step, self._probed = int(state["step"]), state["probed"]
        self._number, self._late = int(state["number"]), [float(worth) for worth in state["late"]]
        if state["kept"]:
            self._kept = (float(state["kept"][0]), Policy(self._decisions))
            self._kept[1].load(state["kept"][1])
        self._current = self._search()
        self._current.load_state(state["current"])

    @property
    def _refines(self) -> bool:
        """Whether all searches are over, with steps left."""
        return self.exact and self._number >= (self.rounds or 1) and bool(self._refinement.elites)

    def _conclude(self) -> None:
        """Keep the policy of the search that has ended if it is the best, and start the next one."""
        worth = statistics.fmean(self._late)
        if worth > self._kept[0]:
            self._kept = (worth, self._current.policy)
        self._number, self._late = self._number + 1, []
        if self._number < (self.rounds or 1):
            self._current = self._search()

    def _search(self) -> Reinforce:
        """The search whose turn it is, at its first step; the last one has what is left of the steps."""
        settings, rounds, number = self.settings, self.rounds or 1, self._number
        left = settings.steps - (settings.rounds is None)
        if self.exact:
            left = max(rounds, round((1 - REFINED) * left))
        steps = max(1, left // rounds)
        if number >= rounds - 1:
            steps = max(1, left - steps * (rounds - 1))
        shorter = rounds > 1 or self.exact
        scale = first_policy_lr(steps) / first_policy_lr(settings.steps) if shorter else 1.0
        rate = settings.policy_lr * scale
        if self.exact:
            rate = min(rate, LARGEST_LR)
        own = attrs.evolve(settings, steps=steps, policy_lr=rate, rounds=1)
        if not number:
            return Reinforce(self._decisions, self._cost, own)
        random = np.random.default_rng([settings.seed, _TILT, number])
        own = attrs.evolve(own, seed=int(random.integers(2**63)))
        tilt = random.normal(0, TILT, Policy(self._decisions).logits.shape)
        return Reinforce(self._decisions, self._cost, own, tilt)
