"""What a running search tells its caller, and what it ends with."""

from typing import Literal

import attrs


@attrs.frozen(kw_only=True)
class Progress:
    """The state after one step: ``step`` of ``steps`` are done.

    ``accuracy`` (0 to 1), ``reward`` and ``sampled_cost`` are means over the step's architectures,
    costs are in the unit of the cost model, ``entropy`` is in nats; ``seconds_left`` is an estimate.
    """

    step: int
    steps: int
    accuracy: float
    reward: float
    sampled_cost: float
    argmax_cost: float
    entropy: float
    seconds_left: float


@attrs.frozen(kw_only=True)
class Outcome:
    """How a search ended: after ``step`` steps, with the most probable architecture so far.

    ``indices`` has one option number per decision; ``cost`` is in ``unit``.
    """

    status: Literal["finished", "interrupted"]
    step: int
    indices: tuple[int, ...]
    cost: float
    unit: str
