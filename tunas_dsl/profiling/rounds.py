"""Measuring in rounds: every task once, again and again, with a reference among them that tells drift.

In a round each task comes after others, its input just written: as in a network, where the weights were last
used an inference ago; and a disturbance meets all tasks alike. What disturbs a run only ever adds to its
time: a latency is the median of the faster half of the runs.
"""

from collections.abc import Callable, Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from tunas_dsl.cost.table import Measurement
from tunas_dsl.profiling.bench import Task

EVERY = 8
"""The reference is run before every so many tasks."""


class Stopped(Exception):
    """Measuring was interrupted; what was finished before has been kept."""


@attrs.frozen
class Rules:
    """How often tasks are run: ``repeats`` times after ``warmup`` times that do not count.

    The first batch is measured twice: the reference's time in the quieter attempt is the level. Where it is
    above that by more than the share ``tolerance``, a batch is measured again, at most ``attempts`` times.
    """

    repeats: int = 60
    warmup: int = 3
    tolerance: float = 0.05
    attempts: int = 3


@attrs.frozen(eq=False)
class Batch:
    """The measurements of some tasks, in order, with the drift divided out.

    ``drift`` is by how much longer the reference took than in the first batch, as a share.
    """

    measurements: tuple[Measurement, ...]
    drift: float
    attempts: int


@attrs.frozen(eq=False)
class _Attempt:
    """The runs of some tasks ``(repeats, n)`` in ms, and what the reference took among them."""

    runs: NDArray[np.float64]
    reference: float


class Rounds:
    """Measures tasks beside a ``reference``; ``level`` is what that takes in the first batch, in ms."""

    def __init__(self, reference: Task, rules: Rules, stopped: Callable[[], bool] = lambda: False) -> None:
        self.rules = rules
        self.level: float | None = None
        self._reference = reference
        self._stopped = stopped

    def glance(self) -> int:
        """Run the reference a few times, to see how long that takes; how many is the result."""
        runs = self.rules.warmup + 5
        for _ in range(runs):
            self._reference()
        return runs

    def batch(self, tasks: Sequence[Task]) -> Batch:
        """Measure ``tasks``, again where the reference drifts.

        Raises:
            Stopped: it was interrupted, which is asked between two rounds.
        """
        best, attempts = self._attempt(tasks), 1
        while self._is_restless(best, attempts):
            best = min(best, self._attempt(tasks), key=lambda attempt: attempt.reference)
            attempts += 1
        if self.level is None:
            self.level, attempts = best.reference, 1  # the second was no sign of noise
        factor = best.reference / self.level
        return Batch(tuple(summary(column / factor) for column in best.runs.T), factor - 1, attempts)

    def _is_restless(self, best: _Attempt, attempts: int) -> bool:
        if self.level is None:
            return attempts < 2
        return best.reference > self.level * (1 + self.rules.tolerance) and attempts < self.rules.attempts

    def _attempt(self, tasks: Sequence[Task]) -> _Attempt:
        for task in tasks:
            for _ in range(self.rules.warmup):
                task()
        runs = np.empty((self.rules.repeats, len(tasks)))
        references: list[float] = []
        for row in runs:
            if self._stopped():
                raise Stopped
            for place, task in enumerate(tasks):
                if place % EVERY == 0:
                    references.append(self._reference())
                row[place] = task()
        return _Attempt(runs, summary(np.array(references)).ms)


def summary(runs: NDArray[np.float64]) -> Measurement:
    """The median of the faster half of ``runs`` ``(n,)``, in ms, and that half's interquartile range."""
    faster = np.sort(runs)[: (len(runs) + 1) // 2]
    low, middle, high = np.quantile(faster, [0.25, 0.5, 0.75]).tolist()
    return Measurement(middle, high - low, len(runs))
