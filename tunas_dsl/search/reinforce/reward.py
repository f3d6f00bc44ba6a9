"""What a search maximises: accuracy, less the price of missing the target cost (facts 7, paper section 3)."""

from typing import Any, Literal, get_args

import numpy as np

RewardKind = Literal["absolute", "soft", "hard", "none"]
REWARD_KINDS: tuple[RewardKind, ...] = get_args(RewardKind)


def reward(kind: RewardKind, accuracy: Any, cost: Any, target: float, beta: float) -> Any:
    """The reward of architectures with this ``accuracy`` (0 to 1) at this ``cost``.

    With r = cost / target and a ``beta`` below 0: ``absolute`` is accuracy + beta |r - 1| (TuNAS),
    ``soft`` is accuracy r^beta (MnasNet), ``hard`` is accuracy min(r^beta, 1), ``none``
    is accuracy. ``accuracy`` and ``cost`` are numbers or arrays of one shape, which is the
    result's; ``cost`` and ``target`` have the same unit.
    """
    ratio = np.asarray(cost, dtype=float) / target
    match kind:
        case "absolute":
            return accuracy + beta * np.abs(ratio - 1)
        case "soft":
            return accuracy * ratio**beta
        case "hard":
            return accuracy * np.minimum(ratio**beta, 1)
        case "none":
            return accuracy
