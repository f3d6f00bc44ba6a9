"""Where a run of the library lies: in the folder that the user names, or in a temporary one."""

import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import attrs

from tunas_dsl.errors import SearchError
from tunas_dsl.storage.locking import take

T = TypeVar("T")


@attrs.frozen
class PlaceOfRun:
    """The folder ``path`` of a run; a ``temporary`` one is removed with the object that is about it."""

    path: Path
    temporary: bool

    def keep_with(self, owner: T) -> T:
        """``owner``, with which a temporary folder goes."""
        if self.temporary:
            weakref.finalize(owner, shutil.rmtree, self.path.parent, ignore_errors=True)
        return owner

    def check_finished(self, status: str, step: int) -> None:
        """End like any interrupted program where the run did not reach its end.

        Raises:
            KeyboardInterrupt: ``status`` says so; the message says how to go on.
        """
        if status == "interrupted":
            how = "nothing is kept: name a folder with out" if self.temporary else "go on with resume=True"
            raise KeyboardInterrupt(f"interrupted after {step} steps; {how}")


@contextmanager
def holding() -> Iterator[Callable[[Path], None]]:
    """A function by which this process becomes the one that writes to a folder, until the end of the block.

    Raises:
        SearchError: it is a file.
        LockedError: another process writes to it.
    """
    with ExitStack() as locks:

        def hold(folder: Path) -> None:
            if folder.exists() and not folder.is_dir():
                raise SearchError(f"{folder} is no folder: name another one")
            locks.callback(take(folder, inside=True).release)

        yield hold


def run_folder(out: str | Path | None) -> PlaceOfRun:
    """The folder ``out``, or a name for one in the system's temporary folder."""
    if out is not None:
        return PlaceOfRun(Path(out), temporary=False)
    return PlaceOfRun(Path(tempfile.mkdtemp(prefix="tunas-")) / "run", temporary=True)
