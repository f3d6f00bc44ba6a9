"""The files below a folder or inside zip files, by name, read one at a time; nothing is unpacked."""

import os
import threading
import zipfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import attrs

from tunas_dsl.errors import DataError

_LARGEST = 1 << 28
"""Bytes; an entry of a zip that claims more is no image, but may exhaust the memory."""


_TRAINING_ZIP = "train.zip"
_OTHER_ZIPS = ("val.zip", "validation.zip", "test.zip")


@attrs.frozen
class Files:
    """Files below ``place`` by their names relative to it, which have ``/`` between folders."""

    place: Path
    names: tuple[str, ...]
    folders: frozenset[str]
    read: Callable[[str], bytes]


def open_files(place: Path) -> Files:
    """The files of a folder or a zip file, in alphabetical order.

    A folder with a ``train.zip`` stands for what is in it and in ``val.zip`` and ``test.zip`` beside it, each
    below a folder of its name.

    Raises:
        DataError: there is neither, it cannot be listed, or a zip holds names that lead out of it.
    """
    try:
        if (place / _TRAINING_ZIP).is_file():
            return _in_zips(place)
        if place.is_dir():
            return _in_folder(place)
        if place.is_file():
            return _in_zip(place)
    except OSError as error:
        raise DataError(f"{place} cannot be listed: {error}") from None
    raise DataError(f"there is no folder or zip file {place}")


def _in_folder(place: Path) -> Files:
    names: list[str] = []
    folders: set[str] = set()
    for walked, inner, files in os.walk(place, onerror=_raise, followlinks=True):
        folder = Path(walked)
        inner[:] = [name for name in inner if not _leads_back(folder / name)]
        relative = folder.relative_to(place)
        folders.update((relative / name).as_posix() for name in inner)
        names.extend((relative / name).as_posix() for name in files)
    return Files(place, tuple(sorted(names)), frozenset(folders), lambda name: (place / name).read_bytes())


def _raise(error: OSError) -> None:
    raise error


def _leads_back(folder: Path) -> bool:
    """Whether a folder is a link to one that it lies in, so that walking through it would not end."""
    return folder.is_symlink() and folder.parent.resolve().is_relative_to(folder.resolve())


def _in_zip(place: Path) -> Files:
    try:
        archive = zipfile.ZipFile(place)
    except Exception as error:  # damaged bytes raise nearly anything here
        raise DataError(f"{place} is no zip file that can be read: {error}") from None
    # Some programs on Windows write backslashes, against the standard.
    entries = {entry.filename.replace("\\", "/"): entry for entry in archive.infolist()}
    for name, entry in entries.items():
        if name.startswith("/") or ".." in name.split("/"):
            raise DataError(f"{place} holds `{name}`, which leads out of it")
        if entry.file_size > _LARGEST:
            raise DataError(f"{place} holds `{name}` of {entry.file_size} bytes, too many for an image")
    names = sorted(name for name in entries if not name.endswith("/"))
    folders = {name.rstrip("/") for name in entries if name.endswith("/")} | set(_parents(entries))
    lock = threading.Lock()  # zipfile counts its readers without one

    def read(name: str) -> bytes:
        with lock:
            return archive.read(entries[name])

    return Files(place, tuple(names), frozenset(folders), read)


def _in_zips(place: Path) -> Files:
    names: list[str] = []
    folders: set[str] = set()
    readers: dict[str, Callable[[], bytes]] = {}
    for part in map(place.joinpath, (_TRAINING_ZIP, *_OTHER_ZIPS)):
        if part.is_file():
            inside = _in_zip(part)
            top = f"{part.stem}/"
            added = "" if all(name.startswith(top) for name in inside.names) else top
            names.extend(added + name for name in inside.names)
            folders.update({part.stem, *(added + name for name in inside.folders)})
            readers.update({added + name: partial(inside.read, name) for name in inside.names})
    return Files(place, tuple(sorted(names)), frozenset(folders), lambda name: readers[name]())


def _parents(names: Iterable[str]) -> Iterator[str]:
    """Every folder that one of ``names`` lies in, at any depth."""
    for name in names:
        while "/" in name:
            name = name.rpartition("/")[0]
            yield name
