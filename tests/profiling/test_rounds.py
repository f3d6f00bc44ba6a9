"""Noise, drift and order, with tasks whose times are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.profiling.fakes import Bench, Task
from tunas_dsl.profiling.driver import Job, Noise, measure
from tunas_dsl.profiling.rounds import EVERY, Rounds, Rules, Stopped, summary

RULES = Rules(repeats=20, warmup=2)


def measured(slowness, tasks=(2.0, 3.0), rules=RULES, batches=1):
    bench = Bench(slowness)
    rounds = Rounds(Task(bench, 1.0), rules)
    return [rounds.batch([Task(bench, ms) for ms in tasks]) for _ in range(batches)]


def test_a_quiet_device_gives_the_times_themselves():
    for batch in measured(lambda run: 1.0, batches=3):
        assert [m.ms for m in batch.measurements] == pytest.approx([2, 3], abs=1e-12)
        assert [m.count for m in batch.measurements] == [20, 20]
        assert [m.spread for m in batch.measurements] == pytest.approx([0, 0])
        assert (batch.drift, batch.attempts) == (0.0, 1)


@given(st.integers(0, 10**6))
def test_what_disturbs_fewer_than_half_of_the_runs_does_not_count(seed):
    random = np.random.default_rng(seed)
    disturbed = random.random(10_000) < 0.15
    (batch,) = measured(lambda run: 50.0 if disturbed[run] else 1.0)
    assert [m.ms for m in batch.measurements] == pytest.approx([2, 3], rel=1e-9)


def test_drift_is_divided_out_and_told():
    """Every run is 0.1 % slower than the one before: by the third batch, by far more than the tolerance."""
    patient = Rules(repeats=20, warmup=2, tolerance=10)
    batches = measured(lambda run: 1 + 0.001 * run, rules=patient, batches=4)
    drifts = [batch.drift for batch in batches]
    assert drifts == sorted(drifts)
    assert drifts[-1] > 0.15
    for batch in batches:
        assert [m.ms / batches[0].measurements[0].ms for m in batch.measurements] == pytest.approx(
            [1, 1.5], rel=0.01
        )


def test_a_batch_is_measured_again_until_the_device_is_quiet():
    """The first batch runs twice; then the device is slow for a while, by half."""
    first = 2 * (2 * 2 + 20 * 3)
    slow = range(first + 1, first + 50)
    batches = measured(lambda run: 1.5 if run in slow else 1.0, batches=2)
    assert [batch.attempts for batch in batches] == [1, 2]
    assert batches[1].drift == 0
    assert [m.ms for m in batches[1].measurements] == pytest.approx([2, 3])


def test_a_device_that_stays_slow_is_measured_a_few_times_and_no_more():
    first = 2 * (2 * 2 + 20 * 3)
    batches = measured(lambda run: 1.5 if run > first else 1.0, batches=2)
    assert batches[1].attempts == RULES.attempts
    assert batches[1].drift == pytest.approx(0.5)
    assert [m.ms for m in batches[1].measurements] == pytest.approx([2, 3])


def test_a_faster_device_is_no_reason_to_measure_again():
    first = 2 * (2 * 2 + 20 * 3)
    batches = measured(lambda run: 0.5 if run > first else 1.0, batches=2)
    assert (batches[1].attempts, batches[1].drift) == (1, pytest.approx(-0.5))
    assert [m.ms for m in batches[1].measurements] == pytest.approx([2, 3])


def test_the_reference_is_measured_throughout():
    ran = []

    def task(name):
        return lambda: ran.append(name) or 1.0

    names = list(range(2 * EVERY + 1))
    Rounds(task("reference"), Rules(repeats=4, warmup=1)).batch([task(name) for name in names])
    one_round = ["reference", *names[:EVERY], "reference", *names[EVERY:-1], "reference", names[-1]]
    assert ran == 2 * (names + 4 * one_round)


def test_between_rounds_it_can_be_stopped():
    asked = []
    rounds = Rounds(lambda: 1.0, RULES, lambda: len(asked) > 5 or bool(asked.append(0)))
    with pytest.raises(Stopped):
        rounds.batch([lambda: 1.0])


@given(st.lists(st.floats(0.01, 100), min_size=4, max_size=50))
def test_a_summary_lies_within_the_faster_half(runs):
    found = summary(np.array(runs))
    assert min(runs) <= found.ms <= np.median(runs) + 1e-12
    assert 0 <= found.spread <= np.median(runs) - min(runs) + 1e-12


@given(st.integers(1, 100), st.integers(1, 30), st.integers(0, 40))
def test_batches_have_everything_once_and_are_of_about_equal_size(number, size, others):
    job = Job(range(number), lambda thing: lambda: 1.0, float, size, range(1000, 1000 + others))
    batches = list(job.batches())
    assert [thing for things, _ in batches for thing in things] == list(range(number))
    lengths = [len(things) for things, _ in batches]
    assert max(lengths) - min(lengths) <= 1
    assert all(len(things) + len(fill) >= min(size // 2, len(things) + others) for things, fill in batches)
    assert max(len(things) + len(fill) for things, fill in batches) <= max(size, 1)


def test_progress_knows_what_is_left():
    now, told, kept = [0.0], [], {}

    def prepare(thing):
        now[0] += 1.0
        return lambda: float(thing)

    job = Job(range(1, 9), prepare, float, 4)
    rounds = Rounds(lambda: 1.0, RULES)
    noise = measure(job, rounds, keep=kept.update, report=told.append, clock=lambda: now[0])
    assert [(m.step, m.steps, m.seconds_left) for m in told] == [(4, 8, 4.0), (8, 8, 0.0)]
    assert {thing: found.ms for thing, found in kept.items()} == {n: float(n) for n in range(1, 9)}
    assert noise == Noise(0.0, 0)


def test_the_time_is_told_that_measuring_takes():
    """With a clock that runs as the tasks say, all the work there is, the first batch's twice."""
    passed = [0.0]

    def task(seconds):
        def run():
            passed[0] += seconds
            return seconds

        return run

    job = Job([0.01] * 48, task, lambda thing: thing / 0.02, 24)
    rounds = Rounds(task(0.02), RULES)
    told = job.seconds(rounds, 0.02, 0.0)
    measure(job, rounds, keep=lambda batch: None, report=lambda measured: None, clock=lambda: passed[0])
    assert told == pytest.approx(passed[0], rel=0.1)
