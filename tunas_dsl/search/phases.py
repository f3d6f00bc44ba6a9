"""A search in phases: first the weights, then the policy, then a short list.

What shared weights say of an architecture means little before they are trained, and a policy that learns
meanwhile decides by it. So the weights come first, trained on architectures of about the cost that is wanted,
with a learning rate that ends at 0. Then they stay as they are: what they say has no noise and costs little,
and a policy learns from more of it. It still is not what training alone says; so the best few are trained,
for a part of the length, longer the fewer are left (successive halving, Jamieson and Talwalkar, AISTATS
2016).
"""

from collections.abc import Mapping
from typing import Any

import attrs

from tunas_dsl.search.settings import SearchSettings

WEIGHTS, POLICY, SHORT_LIST = "weights", "policy", "short list"

ON_TARGET = 0.01
"""Architectures within this share of the target are on it, and may be on the short list."""

TRAINED, LEAST_TRAINED = 24, 100
"""The last trainings of a short list have a step for so many of the weights', and at least so many."""


@attrs.frozen(kw_only=True)
class Phase:
    """Some steps of a search: those from ``first`` to ``first + steps``, of ``total`` in all."""

    name: str
    first: int
    steps: int
    total: int


@attrs.frozen
class Rung:
    """A round of successive halving: ``count`` architectures are trained for a ``share`` of the length."""

    count: int
    share: float


def rungs(count: int) -> tuple[Rung, ...]:
    """The rounds for ``count`` architectures, the last of which trains two of them for the whole length.

    Each trains twice as long as the one before, and the better half of it. One alone needs no training.
    """
    counts = [count] if count > 1 else []
    while counts and counts[-1] > 2:
        counts.append(-(-counts[-1] // 2))
    return tuple(Rung(left, 2.0 ** (place + 1 - len(counts))) for place, left in enumerate(counts))


def phases(settings: SearchSettings, listed: int | None = None) -> tuple[Phase, ...]:
    """The phases of a search, with ``listed`` architectures on the short list, or as many as are wanted.

    A step of the last phase is a training.
    """
    policy, count = settings.of_policy(), settings.short_list if listed is None else listed
    lengths = {
        WEIGHTS: settings.steps,
        POLICY: policy.steps,
        SHORT_LIST: sum(rung.count for rung in rungs(count)),
    }
    first, total, found = 0, sum(lengths.values()), []
    for name, steps in lengths.items():
        found.append(Phase(name=name, first=first, steps=steps, total=total))
        first += steps
    return tuple(found)


def short_training(settings: SearchSettings, given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of the last trainings of a short list, of which some are ``given``, by name."""
    usual = {"seed": settings.seed, "batch_size": settings.batch_size}
    if not {"steps", "epochs"} & given.keys():
        usual["steps"] = max(LEAST_TRAINED, settings.steps // TRAINED)
    return {**usual, **given}
