"""Ratings by weights that stay as they are: given once each, and the best on target are kept."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tunas_dsl.cost.band import Band
from tunas_dsl.search.algorithms.algorithm import Floats, Indices
from tunas_dsl.search.phases import ON_TARGET
from tunas_dsl.search.progress import Listed
from tunas_dsl.search.quality import Quality

_Rated = tuple[float, float, tuple[int, ...]]
"""A rating, a cost, and the index vector that they are of."""


class Ratings:
    """A :class:`~tunas_dsl.search.quality.Quality` that says what ``quality`` said, and remembers it.

    ``count`` architectures are kept: of those on ``target`` the best rated, and of all the nearest to it.
    ``cost`` gives ``(N, D)`` index vectors their costs, ``(N,)``.
    """

    def __init__(
        self, quality: Quality, cost: Callable[[Indices], Floats], target: float, count: int
    ) -> None:
        self._quality, self._cost, self._target, self._count = quality, cost, target, count
        self._band = Band.around(target, ON_TARGET * target)
        self._known: dict[tuple[int, ...], float] = {}
        self._best: list[_Rated] = []
        self._nearest: list[_Rated] = []

    def __call__(self, architectures: Indices) -> Floats:
        """The rating of each of ``architectures``, ``(n, D)``: ``(n,)``."""
        rows = [tuple(row) for row in architectures.tolist()]
        fresh = [row for row in dict.fromkeys(rows) if row not in self._known]
        if fresh:
            indices = np.array(fresh)
            ratings = np.asarray(self._quality(indices), dtype=float)
            self._known.update(zip(fresh, ratings.tolist(), strict=True))
            self._keep(zip(ratings.tolist(), self._cost(indices).tolist(), fresh, strict=True))
        return np.array([self._known[row] for row in rows])

    def listed(self) -> list[Listed]:
        """The best rated on target, best first; where none is on target, the nearest to it."""
        return [
            Listed(indices=row, cost=cost, rating=rating) for rating, cost, row in self._best or self._nearest
        ]

    def _keep(self, rated: Any) -> None:
        rated = list(rated)
        inside = [one for one in rated if self._band.low <= one[1] <= self._band.high]
        self._best = _first({*self._best, *inside}, self._count, lambda one: (-one[0], one[2]))
        self._nearest = _first(
            {*self._nearest, *rated}, self._count, lambda one: (abs(one[1] - self._target), -one[0], one[2])
        )

    def state(self) -> dict[str, Any]:
        """The architectures that are kept; what was said of others is said again."""
        return {"best": self._best, "nearest": self._nearest}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state` gave."""
        self._best, self._nearest = (_read(state[name]) for name in ("best", "nearest"))


def _first(rated: set[_Rated], count: int, key: Callable[[_Rated], Any]) -> list[_Rated]:
    return sorted(rated, key=key)[: max(1, count)]


def _read(rated: Sequence[Any]) -> list[_Rated]:
    return [(float(rating), float(cost), tuple(map(int, row))) for rating, cost, row in rated]
