"""The costs around a target that count as on it."""

import math
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

_ROUNDING = 1e-12
"""What adding up a few dozen costs may change, relative to them."""


def band_ends(target: float, within: float | None) -> tuple[float, float]:
    """The lowest and the highest cost on target: ``within`` of it, or 1 % of it where that is None."""
    give = 0.01 * abs(target) if within is None else within
    return target - give, target + give


@attrs.frozen
class Band:
    """Costs from ``low`` to ``high``, in the unit of the cost model, both ends included.

    The ends are given way by so little that no cost is left out because its sum was rounded.
    """

    low: float
    high: float

    @classmethod
    def between(cls, low: float, high: float) -> "Band":
        """The costs from ``low`` to ``high``.

        Raises:
            ValueError: ``high`` is less, or one of them is no number.
        """
        if not low <= high:
            raise ValueError(f"the band from {low:g} to {high:g} is empty: give the lower end first")
        give = _ROUNDING * max([1.0, *(abs(end) for end in (low, high) if math.isfinite(end))])
        return cls(low - give, high + give)

    @classmethod
    def around(cls, target: float, within: float) -> "Band":
        """The costs from ``target - within`` to ``target + within``. Raises ValueError."""
        return cls.between(target - within, target + within)

    def contains(self, costs: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which of ``costs`` lie in it."""
        inside: NDArray[Any] = (self.low <= costs) & (costs <= self.high)
        return inside
