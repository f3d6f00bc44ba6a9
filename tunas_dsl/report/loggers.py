"""A run's log passed on to other programs, also while the run goes on: what a logger is, who follows the log.

A logger has three methods. One that fails is told of, and the run goes on without it.
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol

from tunas_dsl.errors import SearchError

GROUP = "tunas_dsl.loggers"
"""The entry points by which an installed distribution names its loggers."""

METHODS = ("begin", "log", "end")

_SECONDS = 2.0


class Logger(Protocol):
    """What is told of a run as it goes."""

    def begin(self, run: Mapping[str, Any], /) -> None:
        """The run begins or goes on: its ``path`` and what ``settings.json`` says of it."""

    def log(self, entry: Mapping[str, Any], /) -> None:
        """An entry of the log: ``event``, ``step``, ``time``, and with a step its figures by name."""

    def end(self, result: Mapping[str, Any] | None, /) -> None:
        """What ``result.json`` says, or None where the run was interrupted."""


def named_logger(name: str, load: Callable[[str], Any]) -> Logger:
    """A logger of the class ``module:Class``, or of the one that an installed distribution calls ``name``.

    ``load`` imports the former.

    Raises:
        SearchError: there is none, it cannot be made, or it lacks a method.
    """
    installed = {point.name: point for point in entry_points(group=GROUP)}
    if ":" not in name and name not in installed:
        known = f"these have one: {', '.join(sorted(installed))}" if installed else "none has any"
        raise SearchError(
            f"there is no logger `{name}`: write module:Class, or what an installed distribution calls it "
            f"({known})"
        )
    found = load(name) if ":" in name else installed[name].load()
    missing = [method for method in METHODS if not callable(getattr(found, method, None))]
    if missing or not callable(found):
        raise SearchError(f"`{name}` is no class of a logger: it has no {(*missing, 'constructor')[0]}()")
    try:
        logger: Logger = found()
    except Exception as error:
        raise SearchError(f"the logger `{name}` cannot be made: {type(error).__name__}: {error}") from error
    return logger


@contextmanager
def followed(run: Path, logger: Logger, name: str, tell: Callable[[str], None]) -> Iterator[None]:
    """Pass what the run in the folder ``run`` logs on to ``logger``, from now on, until the block is left."""
    follower = Follower(run / "events.jsonl", _Guarded(logger, name, tell), at_end=True)
    follower.logger.begin({"path": str(run), **_document(run / "settings.json")})
    ended = threading.Event()

    def follow() -> None:
        while not ended.wait(_SECONDS):
            follower.update()

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        follower.update()
        follower.logger.end(_document(run / "result.json") or None)


class Follower:
    """Passes on what the log at ``events`` says, but for what is there already where it begins ``at_end``."""

    def __init__(self, events: Path, logger: Logger, *, at_end: bool = False) -> None:
        self.logger = logger
        self._events = events
        self._read = events.stat().st_size if at_end and events.exists() else 0

    def update(self) -> None:
        """Pass on the lines that are new; a line that is still being written waits for the next time."""
        if not self._events.exists():
            return
        with self._events.open("rb") as file:
            file.seek(self._read)
            text = file.read()
        whole = text.rfind(b"\n") + 1
        self._read += whole
        for line in text[:whole].splitlines():
            self.logger.log(json.loads(line))


class _Guarded:
    """A logger of which the run does not depend: after its first failure it is left alone."""

    def __init__(self, logger: Logger, name: str, tell: Callable[[str], None]) -> None:
        self._logger: Logger | None = logger
        self._name, self._tell = name, tell

    def begin(self, run: Mapping[str, Any]) -> None:
        """Pass it on."""
        self._pass_on("begin", run)

    def log(self, entry: Mapping[str, Any]) -> None:
        """Pass it on."""
        self._pass_on("log", entry)

    def end(self, result: Mapping[str, Any] | None) -> None:
        """Pass it on."""
        self._pass_on("end", result)

    def _pass_on(self, method: str, said: Mapping[str, Any] | None) -> None:
        if self._logger is None:
            return
        try:
            getattr(self._logger, method)(said)
        except Exception as error:
            self._logger = None
            what = " ".join(f"{type(error).__name__}: {error}".split())
            self._tell(f"the logger `{self._name}` failed in {method}(), the run goes on without it: {what}")


def _document(path: Path) -> dict[str, Any]:
    """What a JSON file of the run says, as far as there is one."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}
