"""Who writes to a folder or a file: one process at a time, which says who it is.

The system gives the lock of a process that died free, however it died; readers need none.
"""

import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import attrs

from tunas_dsl.errors import LockedError

if os.name == "posix":
    import fcntl

LOCK = ".lock"
"""The file in a folder, or the end of the name of the one beside a file, that its writer holds."""


@attrs.frozen
class Holder:
    """The process that holds a lock: where it runs, since when (seconds since 1970), and what it does."""

    pid: int
    host: str
    since: float
    command: str
    started: str = ""

    @classmethod
    def myself(cls) -> "Holder":
        """The process that asks."""
        words = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])[:200]
        pid, since = os.getpid(), round(time.time(), 3)
        return cls(pid, socket.gethostname(), since, words, _started(pid))

    @property
    def is_alive(self) -> bool:
        """Whether it still runs; of another machine's, that is believed."""
        if self.host != socket.gethostname():
            return True
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except OSError:  # another user's
            return True
        return _started(self.pid) == self.started

    def __str__(self) -> str:
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.since))
        return f"process {self.pid} on {self.host} since {since}: {self.command}"


@attrs.define(eq=False)
class Lock:
    """A lock that this process holds until it releases it, or ends."""

    path: Path
    _descriptor: int | None

    def release(self) -> None:
        """Let others write; the file goes first, while it is still held."""
        if self._descriptor is None:
            return
        with suppress(OSError):
            self.path.unlink()
        os.close(self._descriptor)
        self._descriptor = None
        _held.remove(self)

    def forget(self) -> None:
        """Close the file in a child that was forked, so that the lock ends with the process that took it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


_held: list[Lock] = []


def _forget_all() -> None:
    for lock in _held:
        lock.forget()
    _held.clear()


if os.name == "posix":
    os.register_at_fork(after_in_child=_forget_all)


def lock_path(path: Path, *, inside: bool) -> Path:
    """The file that whoever writes to ``path`` holds: in a folder, or beside what is replaced as a whole."""
    return path / LOCK if inside else path.absolute().with_name(f".{path.name}{LOCK}")


def take(path: Path, *, inside: bool = False) -> Lock:
    """The lock of ``path``: beside it, or, of a folder that is written to bit by bit, ``inside``.

    Raises:
        LockedError: another process holds it; the message says which.
        OSError: there can be no file.
    """
    file = lock_path(path, inside=inside)
    file.parent.mkdir(parents=True, exist_ok=True)
    while True:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
        try:
            if not _is_mine(descriptor, path, file):
                os.close(descriptor)
                continue  # its holder removed it just now
            _write(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        lock = Lock(file, descriptor)
        _held.append(lock)
        return lock


@contextmanager
def locked(path: Path, *, inside: bool = False) -> Iterator[None]:
    """Holds the lock of ``path`` for what is done here. Raises as :func:`take`."""
    lock = take(path, inside=inside)
    try:
        yield
    finally:
        lock.release()


def holder(path: Path) -> Holder | None:
    """The process that writes to the folder ``path``, if one does; asking disturbs nobody."""
    found = _read(lock_path(path, inside=True))
    return found if found is not None and found.is_alive else None


def was_killed(path: Path) -> bool:
    """Whether a process that wrote to the folder ``path`` ended without a chance to say so."""
    found = _read(lock_path(path, inside=True))
    return found is not None and not found.is_alive


def _is_mine(descriptor: int, path: Path, file: Path) -> bool:
    """Whether the open file is locked for this process, and is still the one of that name."""
    if os.name == "posix":
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            who = _read(file)
            raise LockedError(f"{path} is in use by {who or 'another process'}") from None
        except OSError:  # a file system without locks
            return True
    try:
        named, opened = file.stat(), os.fstat(descriptor)
    except FileNotFoundError:
        return False
    return (named.st_ino, named.st_dev) == (opened.st_ino, opened.st_dev)


def _write(descriptor: int) -> None:
    text = json.dumps(attrs.asdict(Holder.myself())).encode(errors="replace")
    os.ftruncate(descriptor, 0)
    os.write(descriptor, text)


def _read(file: Path) -> Holder | None:
    try:
        return Holder(**json.loads(file.read_bytes()[:10_000]))
    except (OSError, ValueError, TypeError):
        return None


def _started(pid: int) -> str:
    """When a process started, as its system counts; nothing where it does not say."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError, ValueError):
        return ""
