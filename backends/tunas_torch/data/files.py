"""The files below a folder or inside an archive, by name, read one at a time; nothing is unpacked."""

import os
from pathlib import Path

from tunas_dsl.errors import DataError
from tunas_torch.data.archives import SUFFIXES, files_in_archive
from tunas_torch.data.listing import Files, joined_files

__all__ = ["Files", "open_files"]

_TRAINING = "train"
_OTHERS = ("val", "validation", "test")


def open_files(place: Path) -> Files:
    """The files of a folder or of a zip or tar file, in alphabetical order.

    A folder with a ``train.zip`` (or .tar, .tgz) stands for what is in it and in ``val.zip`` and ``test.zip``
    beside it, each below a folder of its name.

    Raises:
        DataError: there is neither, it cannot be listed, or an archive holds names that lead out of it.
    """
    try:
        if parts := _split_archives(place):
            return joined_files(place, {name: files_in_archive(path) for name, path in parts.items()})
        if place.is_dir():
            return _in_folder(place)
        if place.is_file():
            return files_in_archive(place)
    except OSError as error:
        raise DataError(f"{place} cannot be listed: {error}") from None
    raise DataError(
        f"there is no folder or zip file {place}, nor a tar; if the images have moved, name their new place"
    )


def _split_archives(place: Path) -> dict[str, Path]:
    """The archives of the splits in a folder; none where there is none to train on."""
    found = {
        name: place / f"{name}{suffix}"
        for name in (_TRAINING, *_OTHERS)
        for suffix in reversed(SUFFIXES)
        if (place / f"{name}{suffix}").is_file()
    }
    return found if _TRAINING in found else {}


def _in_folder(place: Path) -> Files:
    """The files of a folder, in alphabetical order, through links that do not lead back.

    Raises:
        OSError: it cannot be listed.
    """
    sizes: dict[str, int] = {}
    folders: set[str] = set()
    pending = [("", str(place))]
    while pending:
        prefix, folder = pending.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                name = prefix + entry.name
                if not entry.is_dir():
                    sizes[name] = _size(entry)
                elif not _leads_back(entry):
                    folders.add(name)
                    pending.append((f"{name}/", entry.path))
    root = str(place)

    def read(name: str) -> bytes:
        with open(f"{root}/{name}", "rb") as file:  # noqa: PTH123 (a Path for each of a million is slow)
            return file.read()

    return Files(place, tuple(sorted(sizes)), frozenset(folders), read, sizes)


def _size(entry: "os.DirEntry[str]") -> int:
    try:
        return entry.stat().st_size
    except OSError:  # a link to nowhere, which is an error where it is read
        return 0


def _leads_back(entry: "os.DirEntry[str]") -> bool:
    """Whether a folder is a link to one that it lies in, so that walking through it would not end."""
    if not entry.is_symlink():
        return False
    folder = Path(entry.path)
    return folder.parent.resolve().is_relative_to(folder.resolve())
