"""When the state of a run is saved: at a pace, and at its end."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from tunas_dsl.runs.events import EventLog

FIRST_SECONDS = 2.0
"""After so long the first state is saved."""


class Saver:
    """Saves a run by ``write`` and says so in its ``log``; ``done`` is how many steps are done.

    A state is due once so many ``seconds`` or ``steps`` have passed since the last; the first comes in the
    first seconds, so that there is something to go on from.
    """

    def __init__(
        self,
        done: Callable[[], int],
        write: Callable[[], None],
        log: EventLog,
        *,
        seconds: float,
        steps: int | None = None,
    ) -> None:
        self._done, self._write, self._log = done, write, log
        self._seconds, self._steps = seconds, steps
        self._step, self._time = done(), time.monotonic()
        self._due = seconds if self._step else min(seconds, FIRST_SECONDS)

    def keep_pace(self) -> None:
        """Save what is due."""
        steps = self._done() - self._step
        many = self._steps is not None and steps >= self._steps
        if many or time.monotonic() - self._time >= self._due:
            self.save()

    def save(self) -> None:
        """Save what was done."""
        self._write()
        self._log.saved(self._done())
        self._step, self._time = self._done(), time.monotonic()
        self._due = self._seconds

    def catch_up(self) -> None:
        """Save what was done if there were steps since the last time."""
        if self._step < self._done():
            self.save()

    @contextmanager
    def rescue(self) -> Iterator[None]:
        """Whatever ends what is done between two steps, even that nobody listens: the steps are saved."""
        try:
            yield
        except BaseException:
            with suppress(Exception):  # a full disk: the first error says more
                self.catch_up()
            raise
