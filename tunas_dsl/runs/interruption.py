"""Ctrl-C, SIGTERM and a closed terminal as a question that a loop asks between two steps."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class InterruptedStep(Exception):
    """An interruption ended a step before it was done; what it saved, it goes on from."""


_open: list[Callable[[], bool]] = []
"""What the outermost block that is open was given, if there is one."""


def _signals() -> Iterator[signal.Signals]:
    """The signals that ask for an end; that of a closed terminal not where it is to be ignored (nohup)."""
    yield from (signal.SIGINT, signal.SIGTERM)
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN:
        yield hangup


@contextmanager
def interruption() -> Iterator[Callable[[], bool]]:
    """Gives a function that says whether Ctrl-C, SIGTERM or SIGHUP came.

    A second Ctrl-C ends the program at once. A block inside another one is given the same, so that what
    came ends both.
    Outside the main thread, where Python delivers no signals, it never says so.
    """
    received: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        received.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    if _open:
        yield _open[0]
        return
    before = {number: signal.signal(number, note) for number in _signals()}
    _open.append(lambda: bool(received))
    try:
        yield _open[0]
    finally:
        _open.clear()
        for number, handler in before.items():
            signal.signal(number, handler)
