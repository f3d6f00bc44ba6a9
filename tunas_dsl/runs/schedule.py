"""What changes during a search as a pure function of the step: warmup, rates, beta (facts 5, 7, 8)."""

import math
from typing import Literal, get_args

PolicySchedule = Literal["constant", "exponential"]
POLICY_SCHEDULES: tuple[PolicySchedule, ...] = get_args(PolicySchedule)

WEIGHT_WARMUP = 0.025
"""The share of the steps over which the weights' learning rate rises (facts 8)."""

POLICY_GROWTH = 10.0
"""By how much the exponential schedule raises the policy's learning rate in all (paper section 3.3)."""


def warmup_probability(step: int, warmup_steps: int) -> float:
    """The probability that warmup replaces a decision: 1 at step 0, falling linearly to 0."""
    if step >= warmup_steps:
        return 0.0
    return min(1.0, 1.0 - step / warmup_steps)


def weight_lr(step: int, steps: int, peak: float, warmup_steps: int | None = None) -> float:
    """The weights' learning rate: a linear rise to ``peak``, then a cosine to 0 at ``steps``.

    The rise takes ``warmup_steps``, by default 2.5 % of ``steps``.
    """
    rise = int(WEIGHT_WARMUP * steps) if warmup_steps is None else warmup_steps
    if step < rise:
        return peak * step / rise
    if step >= steps:
        return 0.0
    return peak * 0.5 * (1 + math.cos(math.pi * (step - rise) / (steps - rise)))


def policy_lr(step: int, steps: int, delay: int, base: float, schedule: PolicySchedule) -> float:
    """The policy's learning rate: 0 before step ``delay``, then ``base``, constant or growing tenfold."""
    if step < delay:
        return 0.0
    if schedule == "constant":
        return base
    return base * math.pow(POLICY_GROWTH, (step - delay) / (steps - delay))


def price_of_cost(step: int, steps: int, begin: float, beta: float, growth: float) -> float:
    """What a miss of the target costs at ``step``: ``beta``, and from the step ``begin`` on ever more.

    It grows exponentially to ``growth`` times as much, as in a penalty method: first the policy learns
    what is good, then it settles on the target. The paper's stays as it is, a ``growth`` of 1.
    """
    if step <= begin:
        return beta
    return beta * math.pow(growth, (step - begin) / (steps - begin))
