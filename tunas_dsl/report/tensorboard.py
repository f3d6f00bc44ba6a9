"""A run's log passed on to TensorBoard, also while the run goes on; needs the package tensorboard."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tunas_dsl.errors import SearchError

_SECONDS = 2.0


def require_tensorboard() -> None:
    """Make sure that the package is there, before anything is begun. Raises :class:`SearchError` if not."""
    if find_spec("tensorboard") is None:
        raise SearchError("TensorBoard is not installed: pip install 'tunas-dsl[tensorboard]'")


@contextmanager
def mirrored(events: Path, folder: Path) -> Iterator[None]:
    """Pass on the log at ``events`` as it grows, from its present end on, until the block is left.

    Raises:
        SearchError: TensorBoard is not installed.
    """
    mirror, ended = (
        Mirror(events, folder, read=events.stat().st_size if events.exists() else 0),
        threading.Event(),
    )

    def follow() -> None:
        while not ended.wait(_SECONDS):
            mirror.update()

    thread = threading.Thread(target=follow, daemon=True)
    with mirror:
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            mirror.update()


class Mirror:
    """Writes what the log at ``events`` says into ``folder``, but for the first ``read`` bytes.

    Every figure of a step becomes a scalar. After a resumption TensorBoard drops the steps that are void.

    Raises:
        SearchError: TensorBoard is not installed.
    """

    def __init__(self, events: Path, folder: Path, read: int = 0) -> None:
        require_tensorboard()
        from tensorboard.compat.proto import event_pb2, summary_pb2
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        self._event, self._summary = event_pb2.Event, summary_pb2.Summary
        self._session = event_pb2.SessionLog
        self._events, self._read = events, read
        self._writer = EventFileWriter(str(folder))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

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
            self._pass_on(json.loads(line))

    def _pass_on(self, entry: dict[str, Any]) -> None:
        step, time = int(entry["step"]), float(entry["time"])
        if entry["event"] == "resumed":
            start = self._session(status=self._session.START)
            self._writer.add_event(self._event(wall_time=time, step=step, session_log=start))
            return
        scalars = {
            name: float(number)
            for name, number in entry.items()
            if isinstance(number, int | float) and name not in ("step", "time")
        }
        values = [self._summary.Value(tag=name, simple_value=number) for name, number in scalars.items()]
        event = self._event(wall_time=time, step=step, summary=self._summary(value=values))
        self._writer.add_event(event)
