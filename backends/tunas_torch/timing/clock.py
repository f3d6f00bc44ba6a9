"""The clock by which operations are timed."""

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Nanoseconds since some moment."""


def clock_for(threads: int) -> tuple[Clock, str]:
    """The clock by which work on ``threads`` threads is timed, and what it is called.

    One thread is timed by the processor's time that it takes, which other programs hardly touch; several
    threads can only be timed by the wall clock.
    """
    if threads == 1:
        return time.thread_time_ns, "processor time"
    return time.perf_counter_ns, "wall-clock time"
