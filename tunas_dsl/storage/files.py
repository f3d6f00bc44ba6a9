"""Files that are written whole or not at all, and stay when the power is cut."""

import ctypes
import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def named(path: Path) -> Iterator[None]:
    """An ``OSError`` is of ``path``, as its user knows it, rather than of a file beside it or of none."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from None


def write_atomically(path: Path, text: str) -> None:
    """Put ``text`` in the place of ``path``; whoever reads it sees the old or the new text, never a part.

    What was there keeps its permissions, and its owner as far as the system allows; a link stays a link. A
    file of several names stays that, and is written in place. Raises ``OSError`` where it cannot be written.
    """
    with named(path):
        path = path.resolve() if path.is_symlink() else path
        if path.exists() and not path.is_file():
            raise OSError(errno.EINVAL, "it is no regular file")
        if path.exists() and path.stat().st_nlink > 1:
            _write_through(path, text)
            return
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as opened:
                opened.write(text)
                opened.flush()
                os.fsync(opened.fileno())
            _look_like(Path(name), path)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _look_like(fresh: Path, path: Path) -> None:
    """Give ``fresh`` the owner and the permissions of the file at ``path``, or those of a new one."""
    if not path.exists():
        fresh.chmod(0o666 & ~_umask())
        return
    status = path.stat()
    if hasattr(os, "chown") and (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()):
        with suppress(PermissionError):
            os.chown(fresh, status.st_uid, status.st_gid)
    fresh.chmod(stat.S_IMODE(status.st_mode))


def _write_through(path: Path, text: str) -> None:
    """Write ``text`` into the file itself, for all of its names; what was there lies beside it so long."""
    beside = path.with_name(f".{path.name}.before")
    beside.write_bytes(path.read_bytes())
    with path.open("r+", encoding="utf-8", newline="") as opened:
        opened.write(text)
        opened.truncate()
        opened.flush()
        os.fsync(opened.fileno())
    beside.unlink()


def swap(fresh: Path, path: Path) -> bool:
    """Swap two folders in one step, where the system can; whether it did."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError, TypeError):
        return False
    here, swap = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return not rename(here, os.fsencode(fresh), here, os.fsencode(path), swap)


def check_regular(path: Path) -> None:
    """Refuse what is there, but no regular file, and might never end. Raises ``OSError``."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise OSError(errno.EINVAL, "it is no regular file", str(path))


def put_in_place(fresh: Path, path: Path) -> None:
    """Rename ``fresh``, whose content is on disk, to ``path``, and get that on disk, too.

    Raises ``OSError`` where that cannot be; then ``fresh`` is gone.
    """
    try:
        with named(path):
            fresh.replace(path)
    except OSError:  # there is a folder of that name, say
        with suppress(OSError):
            fresh.unlink()
        raise
    if os.name != "posix":  # elsewhere a folder cannot be opened
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
