"""Any number of things measured batch by batch, with progress, and each batch kept as soon as it is done."""

import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

import attrs

from tunas_dsl.cost.table import Measurement
from tunas_dsl.profiling.bench import Task
from tunas_dsl.profiling.rounds import EVERY, Rounds

T = TypeVar("T")


@attrs.frozen
class Measured:
    """The state after ``step`` of ``steps`` things; ``drift`` is the last batch's, as a share."""

    step: int
    steps: int
    seconds_left: float
    drift: float


@attrs.frozen
class Noise:
    """How restless the device was: the largest drift that was left, and the batches measured anew."""

    drift: float = 0.0
    again: int = 0


@attrs.frozen(eq=False)
class Job(Generic[T]):
    """What there is to measure: ``prepare`` makes a task of a thing, ``weight`` says about how long it runs.

    At most ``size`` tasks are in memory at a time. The fewer tasks take turns, the faster each is; so batches
    are of about equal size, and a small one is filled up with ``others``, whose times are not kept.
    """

    things: Sequence[T]
    prepare: Callable[[T], Task]
    weight: Callable[[T], float]
    size: int
    others: Sequence[T] = ()

    def batches(self) -> Iterator[tuple[Sequence[T], Sequence[T]]]:
        """The things of each batch, and what it is filled up with."""
        number = -(-len(self.things) // self.size)
        bounds = [round(len(self.things) * place / number) for place in range(number + 1)]
        for start, end in itertools.pairwise(bounds):
            yield self.things[start:end], self.others[: max(0, self.size // 2 - (end - start))]

    def seconds(self, rounds: Rounds, unit_s: float, prepare_s: float) -> float:
        """About how long it takes, where weight 1 runs ``unit_s`` and a task is made in ``prepare_s``.

        The first batch is measured twice, and the reference comes on top.
        """
        runs = rounds.rules.repeats + rounds.rules.warmup
        run_s = sum(self.weight(thing) for thing in self.things) * unit_s
        number = -(-len(self.things) // self.size)
        reference = runs * unit_s * len(self.things) / EVERY
        return (run_s * runs + reference) * (number + 1) / max(number, 1) + prepare_s * len(self.things)


def measure(
    job: Job[T],
    rounds: Rounds,
    *,
    keep: Callable[[Mapping[T, Measurement]], None],
    report: Callable[[Measured], None],
    clock: Callable[[], float] = time.monotonic,
) -> Noise:
    """Measure all things of ``job`` in order; ``keep`` is given each batch, ``report`` called after it.

    Raises:
        Stopped: it was interrupted; what ``keep`` was given is all that is done.
    """
    started, noise, done = clock(), Noise(), 0
    for things, others in job.batches():
        batch = rounds.batch([job.prepare(thing) for thing in (*things, *others)])
        keep(dict(zip(things, batch.measurements, strict=False)))
        largest = batch.drift if abs(batch.drift) > abs(noise.drift) else noise.drift
        noise = Noise(largest, noise.again + batch.attempts - 1)
        done += len(things)
        left = (clock() - started) * (len(job.things) - done) / done
        report(Measured(done, len(job.things), left, batch.drift))
    return noise
