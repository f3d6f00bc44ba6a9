"""Where a policy begins: with all options equally likely, or so that it costs the target on average.

A policy that begins uniformly far from its target is first of all driven towards it by cost, which is known
much better than quality. On that way it takes the cheapest options of every decision, or the dearest,
before quality has had a say. Beginning on target, cost says nothing any more but where it is missed, and
the weights are trained with architectures of about the cost that is wanted.
"""

from collections.abc import Callable, Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from tunas_dsl.ir import space as ir
from tunas_dsl.search.activity import Activity
from tunas_dsl.search.algorithms.algorithm import Floats, Indices
from tunas_dsl.search.reinforce.policy import Policy

Start = Literal["uniform", "on-target"]
STARTS: tuple[Start, ...] = get_args(Start)

_SAMPLES = 4_096
_STEPS = 200
_LARGEST_CHANGE = 0.25  # of a logit in a step, so that the path is followed closely
_CLOSE = 0.002  # as a share of the target

FARTHEST = 3.0
"""How far a logit may go from 0: a policy that is all but decided could not learn."""


def logits_on_target(
    decisions: Sequence[ir.Decision],
    cost: Callable[[Indices], Floats],
    target: float,
    tilt: Floats | float = 0.0,
) -> Floats:
    """Logits ``(D, C)`` of policies over ``decisions`` whose average cost is ``target``.

    From ``tilt``, all 0 or ``(D, C)``, the average cost goes to the target on the path that changes it most
    for what the distribution of architectures changes (its natural gradient): an option's logit moves with
    how much more its architectures cost than others. It ends where the target is out of reach for a policy
    that can still learn. ``cost`` gives ``(N, D)`` index vectors their costs, ``(N,)``, in the target's unit.
    """
    policy, activity = Policy(decisions), Activity(decisions)
    if not decisions:
        return _finite(policy)
    policy.shift(np.where(policy.exists, tilt, 0.0))
    uniform = np.random.default_rng(0).random((_SAMPLES, len(decisions)))
    for _ in range(_STEPS):
        drawn = policy.draw(uniform)
        costs = cost(drawn)
        gap = float(costs.mean()) - target
        if abs(gap) <= _CLOSE * target or np.abs(_finite(policy)).max(initial=0) >= FARTHEST:
            break
        active = activity(drawn)
        effects = _effects(policy, drawn, costs, active)
        slope = float(active.mean(axis=0) @ (policy.probabilities * effects**2).sum(axis=1))
        if not slope:
            break
        change = -gap / slope * effects
        policy.shift(change * min(1.0, _LARGEST_CHANGE / np.abs(change).max()))
    return _finite(policy)


def _effects(policy: Policy, drawn: Indices, costs: Floats, active: NDArray[np.bool_]) -> Floats:
    """How much more each option costs than its decision on average where that counts, ``(D, C)``."""
    decisions, options = policy.probabilities.shape
    places = (drawn + options * np.arange(decisions))[active]
    centred = np.broadcast_to((costs - costs.mean())[:, None], drawn.shape)[active]
    count = np.bincount(places, minlength=decisions * options).reshape(decisions, options)
    total = np.bincount(places, centred, minlength=decisions * options).reshape(decisions, options)
    mean = total / np.maximum(count, 1)
    average = total.sum(axis=1) / np.maximum(count.sum(axis=1), 1)
    return np.asarray(np.where(count > 0, mean - average[:, None], 0.0))


def _finite(policy: Policy) -> Floats:
    return np.where(policy.exists, policy.logits, 0.0)
