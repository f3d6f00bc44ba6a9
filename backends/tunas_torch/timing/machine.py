"""What a table says of the machine, and the clock for it."""

import platform
import time
from collections.abc import Callable
from pathlib import Path

Clock = Callable[[], int]
"""Nanoseconds since some moment."""


def processor() -> str:
    """The name of the processor, as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model"))]
    return " ".join((names[0] if names else platform.processor() or platform.machine() or "CPU").split())


def clock_for(threads: int) -> tuple[Clock, str]:
    """The clock by which work on ``threads`` threads is timed, and what it is called.

    One thread is timed by the processor's time that it takes, which other programs hardly touch; several
    threads can only be timed by the wall clock.
    """
    if threads == 1:
        return time.thread_time_ns, "processor time"
    return time.perf_counter_ns, "wall-clock time"
