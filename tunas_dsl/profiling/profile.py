"""The profile of a space: a table of all of its operations, measured on a bench."""

import time
from collections.abc import Callable, Mapping
from datetime import date

import attrs

from tunas_dsl.cost.signature import Signature
from tunas_dsl.cost.table import LatencyTable, Measurement
from tunas_dsl.profiling.bench import Bench
from tunas_dsl.profiling.driver import Job, Measured, Noise, measure
from tunas_dsl.profiling.plan import BATCH, Plan
from tunas_dsl.profiling.rounds import Rounds, Rules

_DECIMALS = 4


def empty_table(name: str, space: str, bench: Bench, rules: Rules) -> LatencyTable:
    """The head of a table of today, without operations yet."""
    return LatencyTable(
        name=name,
        device=bench.device,
        source=source(space, bench, rules),
        runtime=bench.runtime,
        threads=bench.threads,
        date=date.today().isoformat(),
        spread_kind="iqr",
    )


def source(space: str, bench: Bench, rules: Rules) -> str:
    """What a table says of how it was measured."""
    return f"tunas profile {space}: {bench.clock}, median of the faster half of {rules.repeats} runs"


@attrs.frozen(eq=False)
class Profile:
    """The operations of ``plan`` on their way into a table, ``begun`` before with those that are known."""

    plan: Plan
    begun: LatencyTable
    bench: Bench
    rounds: Rounds

    @classmethod
    def begin(
        cls, plan: Plan, begun: LatencyTable, bench: Bench, rules: Rules, stopped: Callable[[], bool]
    ) -> "Profile":
        """Make the reference ready, to which everything else is related. Raises SearchError as the bench."""
        return cls(plan, begun, bench, Rounds(bench.operation(plan.reference), rules, stopped))

    @property
    def shift(self) -> float:
        """By how much longer the reference takes now than when the known operations were measured."""
        if self.plan.level is None or self.rounds.level is None:
            return 0.0
        return self.rounds.level / self.plan.level - 1

    def seconds(self, clock: Callable[[], float] = time.monotonic) -> float:
        """About how long the rest will take on this machine, as busy as it is: the reference is tried."""
        started = clock()
        self.bench.operation(self.plan.reference)()
        prepare_s = clock() - started
        started = clock()
        runs = self.rounds.glance()
        return self._job().seconds(self.rounds, (clock() - started) / runs, prepare_s)

    def run(self, keep: Callable[[LatencyTable], None], report: Callable[[Measured], None]) -> Noise:
        """Measure what is left; ``keep`` is given the table so far after each batch.

        Times are related to the reference, so that a table finished later is of one piece.

        Raises:
            Stopped: it was interrupted.
        """
        found = dict(self.begun.operations)

        def add(batch: Mapping[Signature, Measurement]) -> None:
            found.update({signature: self._related(measured) for signature, measured in batch.items()})
            keep(attrs.evolve(self.begun, operations=dict(found)))

        return measure(self._job(), self.rounds, keep=add, report=report)

    def _related(self, measured: Measurement) -> Measurement:
        return scale(measured, 1 / (1 + self.shift))

    def _job(self) -> Job[Signature]:
        return Job(self.plan.signatures, self.bench.operation, self.plan.weight, BATCH, list(self.plan.known))


def scale(measured: Measurement, factor: float) -> Measurement:
    """``measured`` times ``factor``, its spread, too, both in whole ticks."""
    spread = None if measured.spread is None else in_ticks(measured.spread * factor)
    return attrs.evolve(measured, ms=in_ticks(measured.ms * factor), spread=spread)


def in_ticks(ms: float) -> float:
    """``ms`` as a multiple of a ten-thousandth.

    That is finer than any noise, and makes the statistics of a space exact, which count in multiples.
    """
    return round(ms, _DECIMALS)
