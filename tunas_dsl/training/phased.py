"""A search in phases from its run folder to its result: the weights, the policy, and the short list."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Literal

import attrs
import numpy as np

from tunas_dsl.cost.band import band_ends
from tunas_dsl.cost.distribution import independent
from tunas_dsl.cost.model import CostModel
from tunas_dsl.cost.sampling import sample
from tunas_dsl.errors import SearchError
from tunas_dsl.ir import space as ir
from tunas_dsl.runs.checkpoint import NEWEST
from tunas_dsl.runs.events import EventLog
from tunas_dsl.runs.generations import Generations
from tunas_dsl.runs.interruption import InterruptedStep, interruption
from tunas_dsl.search.algorithms.registry import start_algorithm
from tunas_dsl.search.driver import Driver
from tunas_dsl.search.on_target import on_target
from tunas_dsl.search.phases import ON_TARGET, phases
from tunas_dsl.search.progress import Listed, Outcome, Progress
from tunas_dsl.search.quality import Evaluator, Quality
from tunas_dsl.search.ratings import Ratings
from tunas_dsl.search.run import RunFolder
from tunas_dsl.training.quality import Train, Trainings
from tunas_dsl.training.short_list import ShortList

DRAWS = 4
"""After the policy has learnt, so many for each of the short list are drawn from it on target, and rated."""

OPEN = 0.2
"""With this probability each of their decisions is uniform: a policy may have settled off its target."""

RATED_BY = "the shared weights"


@attrs.frozen
class Means:
    """What a backend does for a search in phases.

    ``weights`` trains the shared weights, from their checkpoint on where there is one; ``quality`` rates with
    them, and ``train`` trains one architecture.
    """

    weights: Callable[[], Outcome]
    quality: Callable[[], Quality]
    train: Train


class PhasedSearch:
    """A search of ``space`` in the folder of ``run``; trainings of its short list are as ``shared`` says."""

    def __init__(
        self, space: ir.Space, model: CostModel, run: RunFolder, shared: Trainings, means: Means
    ) -> None:
        self.space, self.model, self.run = space, model, run
        self.settings, _ = run.over_images()
        self._shared, self._means = shared, means

    def search(self, report: Callable[[Progress], None], tell: Callable[[str], None]) -> Outcome:
        """Run to the end, or to an interruption (Ctrl-C or SIGTERM), from wherever the folder is.

        Raises:
            SearchError, DataError: what a phase says; what was saved last stays.
        """
        with interruption() as interrupted:
            outcome = self._means.weights()
            if outcome.status == "interrupted":
                return outcome
            ratings = Ratings(
                self._means.quality(), self.model.total, self.settings.target, self.settings.short_list
            )
            evaluator = Evaluator(RATED_BY, ratings, self.space)
            outcome = self._driver(evaluator).search(resume=self._has_policy(), report=report, tell=tell)
            if outcome.status == "interrupted":
                return outcome
            self._rate_on_target(evaluator)
            return self._conclude(ratings.listed(), evaluator, interrupted, report)

    def _driver(self, evaluator: Evaluator) -> Driver:
        _, phase, _ = phases(self.settings)
        algorithm = start_algorithm(self.space, self.model, self.settings.of_policy())
        return Driver(self.space, self.model, self.run, algorithm, evaluator, phase)

    def _has_policy(self) -> bool:
        """Whether the policy's phase has begun."""
        return Generations(self.run.path / NEWEST).exist()

    def _rate_on_target(self, evaluator: Evaluator) -> None:
        """Rate what the policy would take on target, of which it may never have drawn any."""
        with suppress(SearchError):  # there is none on target
            point = on_target(self.run, self.space, self.model).on_target
            rows = self.run.probabilities(self.space)
            policy = independent(self.space, [(1 - OPEN) * row + OPEN / len(row) for row in rows])
            ends = band_ends(self.settings.target, ON_TARGET * self.settings.target)
            count, seed = DRAWS * max(1, self.settings.short_list), self.settings.seed
            drawn = sample(self.space, count, seed, self.model, ends, policy)
            evaluator(np.array([point.indices, *drawn.tolist()]))

    def _conclude(
        self,
        listed: list[Listed],
        evaluator: Evaluator,
        interrupted: Callable[[], bool],
        report: Callable[[Progress], None],
    ) -> Outcome:
        """Choose among the ``listed``, and write the result."""
        *_, phase = phases(self.settings, len(listed))
        short_list = ShortList(self.space, self._shared, self._means.train, phase, EventLog(self.run.events))
        try:
            if interrupted():
                raise InterruptedStep
            chosen = short_list.choose(listed, report)
        except InterruptedStep:
            return self._outcome("interrupted", short_list.step, listed[:1], evaluator)
        outcome = self._outcome("finished", phase.total, chosen, evaluator)
        self.run.write_result(outcome)
        return outcome

    def _outcome(
        self,
        status: Literal["finished", "interrupted"],
        step: int,
        chosen: Sequence[Listed],
        evaluator: Evaluator,
    ) -> Outcome:
        """How it ended, with the first of the ``chosen``."""
        found = chosen[0]
        return Outcome(
            status=status,
            step=step,
            indices=found.indices,
            cost=found.cost,
            unit=self.model.unit,
            quality=found.accuracies[-1] if found.accuracies else found.rating,
            evaluations=evaluator.evaluations,
            trainings=sum(len(one.accuracies) for one in chosen),
            short_list=tuple(chosen),
        )
