"""What a running search tells its caller, and what it ends with."""

import time
from typing import Literal

import attrs

from tunas_dsl.runs.events import EvaluationEvent, StepEvent, WeightsEvent


@attrs.frozen(kw_only=True)
class Progress:
    """The state after one step: ``step`` of ``steps`` are done.

    ``accuracy`` (0 to 1, or any quality), ``reward`` and ``sampled_cost`` are means over the step's
    architectures, costs are in the unit of the cost model, ``entropy`` is in nats; ``seconds_left`` is an
    estimate. Without a policy there is neither reward nor entropy, and before anything was rated no
    ``argmax_cost``. Of a search in several phases there is the name of the ``phase``.
    """

    step: int
    steps: int
    accuracy: float
    reward: float | None
    sampled_cost: float
    argmax_cost: float | None
    entropy: float | None
    seconds_left: float
    phase: str | None = None

    @classmethod
    def after(
        cls, event: StepEvent | WeightsEvent | EvaluationEvent, steps: int, seconds_left: float
    ) -> "Progress":
        """The state after the step of an ``event``."""
        return cls(
            step=event.step + 1,
            steps=steps,
            accuracy=event.accuracy,
            reward=None if isinstance(event, WeightsEvent) else event.reward,
            sampled_cost=event.cost,
            argmax_cost=None if isinstance(event, WeightsEvent) else event.argmax_cost,
            entropy=None if isinstance(event, WeightsEvent) else event.entropy,
            seconds_left=seconds_left,
            phase=None if isinstance(event, StepEvent) else event.phase,
        )


@attrs.frozen(kw_only=True)
class Evaluated:
    """An architecture that was evaluated: its index vector, its cost, and the quality that it was given."""

    indices: tuple[int, ...]
    cost: float
    quality: float


@attrs.frozen(kw_only=True)
class Argmax:
    """The most probable option of each decision, whatever they cost together: index vector and cost."""

    indices: tuple[int, ...]
    cost: float


@attrs.frozen(kw_only=True)
class Listed:
    """One of the short list: its cost, its ``rating`` by shared weights, and its accuracies when trained.

    ``accuracies``, 0 to 1 on validation images, are those after trainings of ``shares`` of the length.
    """

    indices: tuple[int, ...]
    cost: float
    rating: float
    shares: tuple[float, ...] = ()
    accuracies: tuple[float, ...] = ()


@attrs.frozen(kw_only=True)
class Outcome:
    """How a search ended: after ``step`` steps, with the most probable architecture so far, or the best.

    ``indices`` has one option number per decision; ``cost`` is in ``unit``. Where that is the best of those
    evaluated, ``quality`` is what it was given. ``evaluations`` counts the
    architectures that a quality was asked for; ``trainings`` those that it trained, each once; ``best`` is
    the best of those evaluated by the qualities given, if it cost no more than the target: where these have
    no noise it is better than the most probable one. If a search of a policy found them to be ``exact``,
    that is its result. Otherwise it is the most probable architecture on target; ``argmax`` is what the
    policy prefers of all. ``short_list`` has what a search in phases trained alone, the result first.
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
    argmax: Argmax | None = None
    short_list: tuple[Listed, ...] | None = None


class Remaining:
    """How long the rest takes, from the pace since the start."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.start = time.monotonic()

    def seconds(self, left: int) -> float:
        """The estimate with ``left`` steps to go."""
        return (time.monotonic() - self.start) / (self.steps - left) * left
