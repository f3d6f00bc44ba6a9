"""A run's log passed on to TensorBoard, also while the run goes on; needs the package tensorboard."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tunas_dsl.errors import SearchError
from tunas_dsl.report.loggers import Follower, followed


def require_tensorboard() -> None:
    """Make sure that the package is there, before anything is begun. Raises :class:`SearchError` if not."""
    if find_spec("tensorboard") is None:
        raise SearchError("TensorBoard is not installed: pip install 'tunas-dsl[tensorboard]'")


@contextmanager
def mirrored(run: Path, tell: Callable[[str], None]) -> Iterator[None]:
    """Pass on the log of the run in the folder ``run`` as it grows, until the block is left.

    Raises:
        SearchError: TensorBoard is not installed.
    """
    with followed(run, TensorBoard(run / "tensorboard"), "tensorboard", tell):
        yield


def write_log(events: Path, folder: Path) -> None:
    """Write all that the log at ``events`` says into ``folder``.

    Raises:
        SearchError: TensorBoard is not installed.
    """
    writer = TensorBoard(folder)
    Follower(events, writer).update()
    writer.end(None)


class TensorBoard:
    """A :class:`~tunas_dsl.report.loggers.Logger` that writes into ``folder``.

    Every figure of a step becomes a scalar. After a resumption TensorBoard drops the steps that are void.

    Raises:
        SearchError: TensorBoard is not installed.
    """

    def __init__(self, folder: Path) -> None:
        require_tensorboard()
        from tensorboard.compat.proto import event_pb2, summary_pb2
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        self._event, self._summary = event_pb2.Event, summary_pb2.Summary
        self._session = event_pb2.SessionLog
        self._writer = EventFileWriter(str(folder))

    def begin(self, run: Mapping[str, Any]) -> None:
        """Nothing is said of a run itself."""

    def end(self, result: Mapping[str, Any] | None) -> None:
        """Close the file."""
        self._writer.close()

    def log(self, entry: Mapping[str, Any]) -> None:
        """Write an entry of the log."""
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
