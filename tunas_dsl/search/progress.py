"""What a running search tells its caller, and what it ends with."""

import time
from typing import Literal

import attrs

from tunas_dsl.runs.events import EvaluationEvent, StepEvent


@attrs.frozen(kw_only=True)
class Progress:
    """The state after one step: ``step`` of ``steps`` are done.

    ``accuracy`` (0 to 1, or any quality), ``reward`` and ``sampled_cost`` are means over the step's
    architectures, costs are in the unit of the cost model, ``entropy`` is in nats; ``seconds_left`` is an
    estimate. Without a policy there is neither reward nor entropy.
    """

    step: int
    steps: int
    accuracy: float
    reward: float | None
    sampled_cost: float
    argmax_cost: float
    entropy: float | None
    seconds_left: float

    @classmethod
    def after(cls, event: StepEvent | EvaluationEvent, steps: int, seconds_left: float) -> "Progress":
        """The state after the step of an ``event``."""
        return cls(
            step=event.step + 1,
            steps=steps,
            accuracy=event.accuracy,
            reward=event.reward,
            sampled_cost=event.cost,
            argmax_cost=event.argmax_cost,
            entropy=event.entropy,
            seconds_left=seconds_left,
        )


@attrs.frozen(kw_only=True)
class Evaluated:
    """An architecture that was evaluated: its index vector, its cost, and the quality that it was given."""

    indices: tuple[int, ...]
    cost: float
    quality: float


@attrs.frozen(kw_only=True)
class Outcome:
    """How a search ended: after ``step`` steps, with the most probable architecture so far, or the best.

    ``indices`` has one option number per decision; ``cost`` is in ``unit``. Where that is the best of those
    evaluated, ``quality`` is what it was given. ``evaluations`` counts the
    architectures that a quality was asked for; ``trainings`` those that it trained, each once; ``best`` is
    the best of those evaluated by the qualities given, if it cost no more than the target: where these have
    no noise it is better than the most probable one. If a search of a policy found them to be ``exact``,
    that is its result.
    """

    status: Literal["finished", "interrupted"]
    step: int
    indices: tuple[int, ...]
    cost: float
    unit: str
    quality: float | None = None
    evaluations: int | None = None
    trainings: int | None = None
    best: Evaluated | None = None
    exact: bool | None = None


class Remaining:
    """How long the rest takes, from the pace since the start."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.start = time.monotonic()

    def seconds(self, left: int) -> float:
        """The estimate with ``left`` steps to go."""
        return (time.monotonic() - self.start) / (self.steps - left) * left
