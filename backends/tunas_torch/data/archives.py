"""What is in zip and tar files, without unpacking them; limits keep hostile ones from filling the memory."""

import gzip
import mmap
import shutil
import tarfile
import tempfile
import threading
import zipfile
import zlib
from pathlib import Path
from typing import IO, BinaryIO, cast

from tunas_dsl.errors import DataError
from tunas_torch.data.listing import Files, check_entry, parents

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz")

_LARGEST_GROWTH = 20
"""How many times its size a compressed tar file may hold: images hardly shrink."""
_LEAST_GROWN = 1 << 26


def files_in_archive(place: Path) -> Files:
    """The files in a zip or tar file, in alphabetical order.

    Raises:
        DataError: it is none, is damaged, or holds names that lead out of it or too much.
        OSError: it cannot be read.
    """
    with place.open("rb") as file:
        head = file.read(4)
    if head[:2] == b"\x1f\x8b":
        with tempfile.TemporaryFile() as plain:
            _unpack(place, plain)
            return _in_tar(place, plain)
    if head != b"PK\x03\x04" and tarfile.is_tarfile(place):
        with place.open("rb") as file:
            return _in_tar(place, file)
    return _in_zip(place)


def _in_zip(place: Path) -> Files:
    try:
        archive = zipfile.ZipFile(place)
    except Exception as error:  # damaged bytes raise nearly anything here
        raise DataError(f"{place} is no zip file that can be read, and no tar file: {error}") from None
    # Some programs on Windows write backslashes, against the standard.
    entries = {entry.filename.replace("\\", "/"): entry for entry in archive.infolist()}
    for name, entry in entries.items():
        check_entry(place, name, entry.file_size)
    sizes = {name: entry.file_size for name, entry in entries.items() if not name.endswith("/")}
    folders = {name.rstrip("/") for name in entries if name.endswith("/")} | set(parents(entries))
    lock = threading.Lock()  # zipfile counts its readers without one

    def read(name: str) -> bytes:
        with lock:
            return archive.read(entries[name])

    return Files(place, tuple(sorted(sizes)), frozenset(folders), read, sizes)


def _in_tar(place: Path, file: IO[bytes]) -> Files:
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            members = {member.name.removeprefix("./"): member for member in archive}
    except Exception as error:
        raise DataError(f"{place} is no tar file that can be read: {error}") from None
    for name, member in members.items():
        check_entry(place, name, member.size)
    found = {name: (member.offset_data, member.size) for name, member in members.items() if member.isreg()}
    folders = {name for name, member in members.items() if member.isdir() and name != "."}
    # Threads read it at once, and it is there until nobody reads it any more.
    mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def read(name: str) -> bytes:
        start, size = found[name]
        content = mapped[start : start + size]
        if len(content) < size:
            raise DataError(f"{place} ends within `{name}`")
        return content

    sizes = {name: size for name, (_, size) in found.items()}
    return Files(place, tuple(sorted(found)), frozenset(folders | set(parents(found))), read, sizes)


def _unpack(place: Path, plain: IO[bytes]) -> None:
    """Write a compressed tar file without its compression to ``plain``, which can be read in any order."""
    most = max(_LEAST_GROWN, _LARGEST_GROWTH * place.stat().st_size)
    try:
        with gzip.open(place) as packed:
            shutil.copyfileobj(cast(BinaryIO, _Limited(cast(BinaryIO, packed), most)), plain, 1 << 20)
    except _TooLarge:
        raise DataError(
            f"{place} holds more than {_LARGEST_GROWTH} times its own size: unpack it, if you trust it"
        ) from None
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{place} is no tar file that can be read: {error}") from None
    plain.flush()
    plain.seek(0)


class _TooLarge(Exception):
    pass


class _Limited:
    """A file that gives no more than so many bytes."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self._file, self._left = file, most

    def read(self, size: int) -> bytes:
        content = self._file.read(size)
        self._left -= len(content)
        if self._left < 0:
            raise _TooLarge
        return content
