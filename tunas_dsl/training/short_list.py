"""The end of a search in phases: the best rated architectures are trained alone, and compared."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from tunas_dsl.ir import space as ir
from tunas_dsl.runs.events import EvaluationEvent, EventLog, samples, step_history
from tunas_dsl.search.phases import SHORT_LIST, Phase, rungs
from tunas_dsl.search.progress import Listed, Progress, Remaining
from tunas_dsl.training.quality import Train, TrainedQuality, Trainings


class ShortList:
    """Successive halving among architectures of ``space``, in trainings as ``shared`` says for the last.

    Each round lies in a folder of its own. What has been trained is used again, so that an interrupted one
    goes on; each training is a step of the ``phase`` in the ``log``.
    """

    def __init__(self, space: ir.Space, shared: Trainings, train: Train, phase: Phase, log: EventLog) -> None:
        self._space, self._shared, self._train = space, shared, train
        self._phase, self._log = phase, log
        self._remaining = Remaining(phase.steps)
        self._done = 0
        self._best = (-np.inf, np.nan)

    def choose(self, listed: Sequence[Listed], report: Callable[[Progress], None]) -> tuple[Listed, ...]:
        """The architectures with their accuracies: the longest trained first, of these the best.

        Raises:
            InterruptedStep: an interruption ended a training, which can go on.
            SearchError, DataError: a training failed, or the images cannot be used.
        """
        logged = self._resume()
        left = list(listed)
        out: list[Listed] = []
        for number, rung in enumerate(rungs(len(listed)), 1):
            recipe = shortened(self._shared.recipe, rung.share)
            folder = self._shared.folder / f"round-{number}"
            quality = TrainedQuality(
                self._space, attrs.evolve(self._shared, folder=folder, recipe=recipe), self._train
            )
            out = left[rung.count :] + out
            self._best = (-np.inf, np.nan)
            left = [self._rated(one, rung.share, quality, logged, report) for one in left[: rung.count]]
            left.sort(key=lambda one: -one.accuracies[-1])  # the better rated first where two are equal
        return (*left, *out)

    @property
    def step(self) -> int:
        """The steps of the search that are done."""
        return self._phase.first + self._done

    def _resume(self) -> int:
        """How many trainings the log has."""
        path = self._log.path
        history = step_history(path) if path.exists() else []
        logged = len([event for event in history if event.get("phase") == SHORT_LIST])
        if logged < self._phase.steps:
            self._log.resumed(self._phase.first + logged)
        return logged

    def _rated(
        self,
        one: Listed,
        share: float,
        quality: TrainedQuality,
        logged: int,
        report: Callable[[Progress], None],
    ) -> Listed:
        """``one`` with another accuracy."""
        (accuracy,) = quality(np.array([one.indices]))
        self._best = max(self._best, (accuracy, one.cost), key=lambda best: best[0])
        self._done += 1
        if self._done > logged:
            event = self._event(one, accuracy)
            self._log.step(event)
            self._log.saved(self.step)
            left = self._remaining.seconds(self._phase.steps - self._done)
            report(Progress.after(event, self._phase.total, left))
        return attrs.evolve(one, shares=(*one.shares, share), accuracies=(*one.accuracies, accuracy))

    def _event(self, one: Listed, accuracy: float) -> EvaluationEvent:
        best, cost = self._best
        return EvaluationEvent(
            step=self.step - 1,
            phase=SHORT_LIST,
            evaluations=self._done,
            accuracy=accuracy,
            cost=one.cost,
            argmax_cost=cost,
            best=best,
            samples=samples([one.indices], [accuracy], [one.cost]),
        )


def shortened(recipe: Mapping[str, Any], share: float) -> dict[str, Any]:
    """The settings of trainings for a ``share`` of the length that ``recipe`` says."""
    lengths: dict[str, Any] = {}
    if "steps" in recipe:
        lengths["steps"] = max(1, round(share * recipe["steps"]))
    if "epochs" in recipe:
        lengths["epochs"] = share * recipe["epochs"]
    return {**recipe, **lengths}
