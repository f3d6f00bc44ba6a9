"""A file that is written again and again, and the ones that it replaced: the newest whole one is read."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import attrs

from tunas_dsl.errors import SearchError
from tunas_dsl.storage.files import put_in_place

T = TypeVar("T")

KEPT = 2
"""So many are kept: one could be damaged."""


class DamageError(Exception):
    """A file that is not whole, or not of this version; the message says in which way."""


@attrs.frozen
class Generations:
    """``newest``, such as ``state.json``, and before it ``state.1.json`` and so on: ``keep`` in all."""

    newest: Path
    keep: int = KEPT

    def put(self, fresh: Path) -> None:
        """Make the file ``fresh``, which is on disk whole, the newest; the oldest one goes.

        Whenever this is interrupted, a whole file is left that :meth:`read` finds.
        """
        for age in range(self.keep - 1, 0, -1):
            if self._path(age - 1).exists():
                self._path(age - 1).replace(self._path(age))
        put_in_place(fresh, self.newest)
        for path in self._existing():
            if path not in map(self._path, range(self.keep)):
                path.unlink()

    def read(self, read: Callable[[Path], T], tell: Callable[[str], None]) -> T | None:
        """What ``read`` makes of the newest whole one, or None where none was ever written.

        Damaged ones before it, of which ``tell`` hears, are put aside, where they take no whole one's place.

        Raises:
            SearchError: all are damaged.
        """
        faults: list[tuple[Path, str]] = []
        for path in self._existing():
            try:
                content = read(path)
            except DamageError as damage:
                faults.append((path, str(damage)))
                continue
            self._put_aside([damaged for damaged, _ in faults])
            if faults:
                tell(f"{_sentence(faults)}: going on from the one before it, {path.name}")
            return content
        if faults:
            raise SearchError(f"{_sentence(faults)}: nothing is left to go on from, so start a new run")
        return None

    def exist(self) -> bool:
        """Whether there is one."""
        return bool(self._existing())

    def delete(self) -> None:
        """Delete the files of all generations."""
        for path in self._existing():
            path.unlink()

    def _path(self, age: int) -> Path:
        if not age:
            return self.newest
        return self.newest.with_name(f"{self.newest.stem}.{age}{self.newest.suffix}")

    def _existing(self) -> list[Path]:
        """The files that there are, the newest first."""
        older = self.newest.parent.glob(f"{self.newest.stem}.*{self.newest.suffix}")
        ages = sorted(int(path.suffixes[-2][1:]) for path in older if path.suffixes[-2][1:].isdecimal())
        return [path for path in map(self._path, [0, *ages]) if path.exists()]

    def _put_aside(self, damaged: list[Path]) -> None:
        for path in damaged:
            path.replace(path.with_name(f"{self.newest.stem}.damaged{self.newest.suffix}"))


def _sentence(faults: list[tuple[Path, str]]) -> str:
    return "; ".join(f"{path} {fault}" for path, fault in faults)
