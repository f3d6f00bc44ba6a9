"""The best of what was evaluated."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tunas_dsl.search.algorithms.algorithm import Floats, Indices


class Found:
    """The best of all architectures that were offered."""

    def __init__(self) -> None:
        self.indices: tuple[int, ...] = ()
        self.quality = -np.inf

    def offer(self, indices: Indices, qualities: Floats) -> None:
        """Keep the best of ``indices``, ``(K, D)``, if it is better than all before."""
        first = int(qualities.argmax())
        if qualities[first] > self.quality:
            self.indices, self.quality = tuple(indices[first].tolist()), float(qualities[first])

    def state(self) -> dict[str, Any]:
        """The best and its quality."""
        return {"indices": list(self.indices), "quality": self.quality if self.indices else None}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state` gave."""
        self.indices = tuple(state["indices"])
        self.quality = -np.inf if state["quality"] is None else float(state["quality"])
