"""Files that are written whole or not at all, and stay when the power is cut."""

import os
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

    An existing file's permissions are kept. Raises ``OSError`` where it cannot be written.
    """
    with named(path):
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as opened:
                opened.write(text)
                opened.flush()
                os.fsync(opened.fileno())
            Path(name).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


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
