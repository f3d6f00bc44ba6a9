"""Files by name, wherever they lie, and what an archive may not hold."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

import attrs

from tunas_dsl.errors import DataError

LARGEST = 1 << 28
"""Bytes; an entry of an archive that claims more is no image, but may exhaust the memory."""


@attrs.frozen
class Files:
    """Files below ``place`` by their names relative to it, which have ``/`` between folders.

    ``sizes`` are in bytes.
    """

    place: Path
    names: tuple[str, ...]
    folders: frozenset[str]
    read: Callable[[str], bytes]
    sizes: Mapping[str, int] = attrs.field(factory=dict, repr=False)


def joined_files(place: Path, parts: Mapping[str, Files]) -> Files:
    """Several archives as one place, each below a folder of its name unless all its files lie in one."""
    sizes: dict[str, int] = {}
    folders: set[str] = set()
    readers: dict[str, Callable[[], bytes]] = {}
    for name, inside in parts.items():
        top = f"{name}/"
        added = "" if all(inner.startswith(top) for inner in inside.names) else top
        folders.update({name, *(added + inner for inner in inside.folders)})
        sizes.update({added + inner: size for inner, size in inside.sizes.items()})
        readers.update({added + inner: partial(inside.read, inner) for inner in inside.names})
    return Files(place, tuple(sorted(readers)), frozenset(folders), lambda name: readers[name](), sizes)


def check_entry(place: Path, name: str, size: int) -> None:
    """Refuse an entry of an archive that leads out of it, or claims too many bytes.

    Raises:
        DataError: it does.
    """
    if name.startswith("/") or ".." in name.split("/"):
        raise DataError(f"{place} holds `{name}`, which leads out of it")
    if size > LARGEST:
        raise DataError(f"{place} holds `{name}` of {size} bytes, too many for an image")


def parents(names: Iterable[str]) -> Iterator[str]:
    """Every folder that one of ``names`` lies in, at any depth."""
    seen: set[str] = set()
    for name in names:
        while "/" in name:
            name = name.rpartition("/")[0]
            if name in seen:
                break
            seen.add(name)
            yield name
