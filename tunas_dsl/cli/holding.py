"""What a command writes to is its own until it ends."""

from pathlib import Path

import click

from tunas_dsl.errors import SearchError
from tunas_dsl.storage.locking import take


def hold_folder(folder: Path) -> None:
    """Be the one process that writes to ``folder``, which is made if need be, until the command ends.

    Raises:
        SearchError: it is a file.
        LockedError: another process writes to it.
    """
    if folder.exists() and not folder.is_dir():
        raise SearchError(f"{folder} is no folder: name another one")
    _until_the_end(folder, inside=True)


def hold(path: Path) -> None:
    """Be the one process that writes the file or the folder at ``path``, as a whole, until the command ends.

    Raises:
        LockedError: another process writes it.
    """
    _until_the_end(path, inside=False)


def _until_the_end(path: Path, *, inside: bool) -> None:
    lock = take(path, inside=inside)
    click.get_current_context().call_on_close(lock.release)
