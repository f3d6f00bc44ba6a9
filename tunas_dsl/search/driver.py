"""A search that needs no supernet, from its run folder to its result: any algorithm, any quality."""

import hashlib
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from tunas_dsl.cost.model import CostModel
from tunas_dsl.errors import DataError, NotInSpace, SearchError
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.exchange import space_document
from tunas_dsl.ir.selection import check_indices
from tunas_dsl.runs.checkpoint import NEWEST, load_state, save_state
from tunas_dsl.runs.events import EvaluationEvent, EventLog, is_snapshot, samples
from tunas_dsl.runs.interruption import InterruptedStep, interruption
from tunas_dsl.runs.saving import Saver
from tunas_dsl.search.algorithms.algorithm import Algorithm, Floats, Indices, LearnsPolicy, MayEndWithBest
from tunas_dsl.search.algorithms.found import Found
from tunas_dsl.search.choice import choose
from tunas_dsl.search.phases import Phase
from tunas_dsl.search.progress import Argmax, Evaluated, Outcome, Progress, Remaining
from tunas_dsl.search.quality import Evaluator
from tunas_dsl.search.run import RunFolder
from tunas_dsl.search.settings import PolicySettings
from tunas_dsl.storage import documents

_EVENTS = 1000
"""How many events a long search logs; of a shorter one, every step."""


class Driver:
    """One search: ``algorithm`` proposes, ``evaluator`` and the cost model answer.

    The state is saved after every ``checkpoint_seconds`` and at the end. The search may be one ``phase`` of
    another one, whose log it goes on with.
    """

    def __init__(
        self,
        space: ir.Space,
        model: CostModel,
        run: RunFolder,
        algorithm: Algorithm,
        evaluator: Evaluator,
        phase: Phase | None = None,
    ) -> None:
        self.space = space
        self.model = model
        self.run = run
        self.algorithm = algorithm
        self.evaluator = evaluator
        self.phase = phase or Phase(name="", first=0, steps=algorithm.steps, total=algorithm.steps)
        self._best = Found()

    def search(
        self,
        *,
        resume: bool,
        report: Callable[[Progress], None],
        tell: Callable[[str], None],
        checkpoint_seconds: float = 5.0,
    ) -> Outcome:
        """Run to the last step, or to an interruption (Ctrl-C or SIGTERM), which ends it after a step.

        The result is written, unless this is one phase of a search.

        A quality may end a step before it is done; that step is proposed again at the resumption.

        Raises:
            SearchError, DataError: the quality failed, and what was done before is saved; or the run's state
            does not fit.
        """
        algorithm, log = self.algorithm, EventLog(self.run.events)
        if resume:
            self._restore(tell)
        saver = Saver(lambda: self._steps_done, self._save, log, seconds=checkpoint_seconds)
        if algorithm.step < algorithm.steps:
            if resume or self.phase.name:
                log.resumed(self._steps_done)
            self._run(log, saver, report, tell)
        outcome = self._outcome()
        if outcome.status == "finished" and not self.phase.name:
            self.run.write_result(outcome)
        return outcome

    def _run(
        self, log: EventLog, saver: Saver, report: Callable[[Progress], None], tell: Callable[[str], None]
    ) -> None:
        """The steps that are left, or those until an interruption."""
        algorithm = self.algorithm
        remaining = Remaining(algorithm.steps - algorithm.step)
        with interruption() as interrupted:
            while algorithm.step < algorithm.steps and not interrupted():
                try:
                    with self._rescuing(saver):
                        indices, qualities, costs = self._step()
                except InterruptedStep:
                    break
                with saver.rescue():
                    if algorithm.step == 1:
                        self._warn_of_percent(qualities, tell)
                    if self._is_logged():
                        event = self._event(indices, qualities, costs)
                        log.step(event)
                        left = remaining.seconds(algorithm.steps - algorithm.step)
                        report(Progress.after(event, self.phase.total, left))
                    saver.keep_pace()
            saver.save()

    @contextmanager
    def _rescuing(self, saver: Saver) -> Iterator[None]:
        """Save what was done before a step whose quality fails, and say so in its error."""
        try:
            yield
        except (SearchError, DataError) as error:
            if not self.algorithm.step:
                raise
            saver.catch_up()
            raise type(error)(f"{error}; saved after {self._steps_done} steps") from error

    @property
    def _steps_done(self) -> int:
        """Those of earlier phases included."""
        return self.phase.first + self.algorithm.step

    def _is_logged(self) -> bool:
        """Whether the log shows the step that was just done."""
        step, steps = self.algorithm.step - 1, self.algorithm.steps
        return step % max(1, steps // _EVENTS) == 0 or is_snapshot(step, steps)

    def _step(self) -> tuple[Indices, Floats, Floats]:
        indices = self.algorithm.propose()
        qualities, costs = self.evaluator(indices), self.model.total(indices)
        self.algorithm.feedback(indices, qualities, costs)
        self._best.offer(indices, np.where(costs <= self.run.settings.target, qualities, -np.inf))
        return indices, qualities, costs

    def _warn_of_percent(self, qualities: Floats, tell: Callable[[str], None]) -> None:
        if getattr(self.run.settings, "beta", 0) and qualities.max() > 1:
            tell(
                f"the quality `{self.evaluator.name}` gives {qualities.max():g}: the reward is made for "
                f"accuracies from 0 to 1, so divide percents by 100, or take a `beta` further from 0"
            )

    def _best_cost(self) -> float:
        best = self.algorithm.best()
        return float(self.model.total(np.array([best]))[0]) if best else math.nan

    def _best_quality(self) -> float | None:
        quality = self.algorithm.figures().get("best", math.nan)
        return quality if math.isfinite(quality) else None

    def _event(self, indices: Indices, qualities: Floats, costs: Floats) -> EvaluationEvent:
        return EvaluationEvent(
            step=self._steps_done - 1,
            phase=self.phase.name or None,
            evaluations=self.evaluator.evaluations,
            accuracy=float(qualities.mean()),
            cost=float(costs.mean()),
            argmax_cost=self._best_cost(),
            **self.algorithm.figures(),
            samples=samples(indices.tolist(), qualities, costs),
            probabilities=self._snapshot(),
        )

    def _snapshot(self) -> list[list[float]] | None:
        """The probabilities of every decision's options, where there is a policy and the log shows it now."""
        policy = self._policy()
        if policy is None or not is_snapshot(self.algorithm.step - 1, self.algorithm.steps):
            return None
        return [[round(share, 5) for share in row.tolist()] for row in policy]

    def _outcome(self) -> Outcome:
        finished = self.algorithm.step == self.algorithm.steps
        indices = self._chosen() if finished else self.algorithm.best()
        return Outcome(
            status="finished" if finished else "interrupted",
            step=self._steps_done,
            indices=indices,
            cost=self._cost(indices),
            unit=self.model.unit,
            argmax=self._argmax(),
            quality=self._best_quality(),
            evaluations=self.evaluator.evaluations,
            trainings=self.evaluator.trainings,
            best=self._best_evaluated(),
            exact=(isinstance(self.algorithm, MayEndWithBest) and self.algorithm.exact) or None,
        )

    def _chosen(self) -> tuple[int, ...]:
        """What a search ends with: the best evaluated, or what its policy prefers of what is on target."""
        algorithm, settings, policy = self.algorithm, self.run.settings, self._policy()
        if isinstance(algorithm, MayEndWithBest) and algorithm.exact and self._best.indices:
            return algorithm.best()
        if policy is None or not isinstance(settings, PolicySettings):
            return algorithm.best()
        return choose(self.space, self.model, settings, policy)

    def _argmax(self) -> Argmax | None:
        if (policy := self._policy()) is None:
            return None
        indices = tuple(int(row.argmax()) for row in policy)
        return Argmax(indices=indices, cost=self._cost(indices))

    def _policy(self) -> list[Floats] | None:
        """The probabilities of each decision's options, where there is a policy."""
        if not isinstance(self.algorithm, LearnsPolicy):
            return None
        rows = zip(self.space.decisions, self.algorithm.policy.probabilities, strict=True)
        return [row[: len(decision.options)] for decision, row in rows]

    def _cost(self, indices: tuple[int, ...]) -> float:
        return float(self.model.total(np.array([indices]))[0]) if indices else math.nan

    def _best_evaluated(self) -> Evaluated | None:
        best = self._best
        if not best.indices:
            return None
        cost = float(self.model.total(np.array([best.indices]))[0])
        return Evaluated(indices=best.indices, cost=cost, quality=best.quality)

    def _restore(self, tell: Callable[[str], None]) -> None:
        state = load_state(self.run.path, self._fingerprint(), tell)
        if state is None:
            tell(f"{self.run.path} has no state yet: starting from the first step")
            return
        algorithm = self.algorithm
        try:
            algorithm.load_state(state["algorithm"])
            self.evaluator.load_state(state["evaluator"])
            self._best.load_state(state["best"])
            if algorithm.step:
                check_indices(self.space, algorithm.best())
            fits = 0 <= algorithm.step <= algorithm.steps
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, NotInSpace):
            fits = False
        if not fits:
            raise SearchError(f"{self.run.path / NEWEST} is no state of this search: start a new run")
        self._write_policy()

    def _save(self) -> None:
        state = {
            "algorithm": self.algorithm.state(),
            "evaluator": self.evaluator.state(),
            "best": self._best.state(),
        }
        save_state(self.run.path, self._fingerprint(), state, self.run.keep)
        self._write_policy()

    def _write_policy(self) -> None:
        if isinstance(self.algorithm, LearnsPolicy):
            rows = zip(self.space.decisions, self.algorithm.policy.rows(), strict=True)
            self.run.write_policy(self._steps_done, {decision.id: row for decision, row in rows})

    def _fingerprint(self) -> str:
        space = documents.dump(space_document(self.space))
        return hashlib.sha256(f"{self.run.fingerprint} {space}".encode()).hexdigest()
