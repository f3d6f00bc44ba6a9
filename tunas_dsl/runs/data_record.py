"""What a run's images were: their names, sizes, classes and splits, so that other images are noticed."""

import gzip
import hashlib
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import attrs

from tunas_dsl.errors import DataError, DocumentError
from tunas_dsl.runs.folder import read_sealed, write_beside, write_document
from tunas_dsl.storage import documents
from tunas_dsl.storage.files import put_in_place

SCHEMA = "tunas.data/1"
SUMMARY = "data.json"
LIST = "data.tsv.gz"

_SHOWN = 6
_LARGEST = 1 << 30
"""Bytes of a list, which may be packed."""


@attrs.frozen(order=True)
class RecordedImage:
    """An image by its class and its ``key``, its path below that class, with its split.

    ``stamp`` tells another content: a file's size in bytes, or a checksum of pixels.
    """

    label: str
    key: str
    split: str
    stamp: int

    @property
    def name(self) -> str:
        """Class and key, as in messages."""
        return f"{self.label}/{self.key}"


@attrs.frozen(eq=False, slots=False)
class DataRecord:
    """The images of a data set, wherever it lies; ``notes`` are sentences on how it was understood."""

    class_names: tuple[str, ...]
    images: Sequence[RecordedImage]
    notes: tuple[str, ...] = ()

    @cached_property
    def lines(self) -> bytes:
        """A line for each image, in an order of their own."""
        rows = sorted(f"{i.label}\t{i.key}\t{i.split}\t{i.stamp}\n" for i in self.images)
        return "".join(rows).encode("utf-8", "surrogateescape")

    @cached_property
    def digest(self) -> str:
        """A hash of classes and images."""
        return hashlib.sha256("\n".join(self.class_names).encode() + b"\n\n" + self.lines).hexdigest()

    def counts(self) -> dict[str, int]:
        """How many images each split has."""
        found = Counter(image.split for image in self.images)
        return {split: found[split] for split in ("train", "validation", "test")}


def write_record(folder: Path, record: DataRecord, place: str) -> None:
    """Write ``data.json`` and the list of images beside it; ``place`` is where they lie now.

    Raises:
        SearchError: they cannot be written.
    """
    put_in_place(write_beside(folder / LIST, gzip.compress(record.lines, 1, mtime=0)), folder / LIST)
    summary = {"schema": SCHEMA, "place": place, "classes": list(record.class_names)}
    figures = {"images": record.counts(), "digest": record.digest, "notes": list(record.notes)}
    write_document(folder / SUMMARY, documents.sealed({**summary, **figures}))


def read_summary(folder: Path) -> dict[str, Any] | None:
    """What ``data.json`` says, or None where there is none.

    Raises:
        SearchError: it is damaged.
    """
    if not (folder / SUMMARY).exists():
        return None
    return read_sealed(folder / SUMMARY, SCHEMA, "has no record of its data")


def hold_record(folder: Path, found: DataRecord, place: str, *, accept: bool, keep: bool = True) -> list[str]:
    """Hold the images that were ``found`` against those of the run in ``folder``; the first are recorded.

    Gives sentences on what differs, where the user wants to ``accept`` that. With ``keep`` the record
    becomes that of what was found.

    Raises:
        DataError: other images, and not to be accepted; the message says what differs.
        SearchError: the record cannot be read or written.
    """
    summary = read_summary(folder)
    if summary is None:
        if keep:
            write_record(folder, found, place)
        return []
    if summary.get("digest") == found.digest:
        if keep and summary.get("place") != place:
            write_record(folder, found, place)
        return []
    differences = compare_records(_read_record(folder, summary), found)
    said = "; ".join(differences)
    if not accept:
        raise DataError(
            f"{place} has not the images that {folder} was started with: {said}. Restore them, or go on with "
            f"--accept-changed-data"
        )
    if keep:
        write_record(folder, found, place)
    return [f"the images are not those that {folder} was started with: {said}"]


def compare_records(before: DataRecord, after: DataRecord) -> list[str]:
    """What differs, in phrases: 3 images fewer: dog/a.jpg, ...; class `dog` is now `aaa`."""
    renamed = _renamed(before, after)
    phrases = [f"class `{old}` is now `{new}`" for old, new in renamed.items()]
    gone = [name for name in before.class_names if name not in after.class_names and name not in renamed]
    come = set(after.class_names) - set(before.class_names) - set(renamed.values())
    phrases += [f"class `{name}` is gone" for name in gone]
    phrases += [f"class `{name}` is new" for name in sorted(come)]
    if before.class_names != after.class_names:
        phrases.append(f"classes were {_listed(before.class_names)}, and are {_listed(after.class_names)}")
    old = {(renamed.get(image.label, image.label), image.key): image for image in before.images}
    new = {(image.label, image.key): image for image in after.images}
    both = [(image, new[identity]) for identity, image in old.items() if identity in new]
    changes = (
        ("fewer", [image.name for identity, image in old.items() if identity not in new]),
        ("more", [image.name for identity, image in new.items() if identity not in old]),
        ("of another size or content", [a.name for a, b in both if a.stamp != b.stamp]),
        ("in another split", [f"{a.name} ({a.split} to {b.split})" for a, b in both if a.split != b.split]),
    )
    phrases += [
        f"{len(names):,} image{'' if len(names) == 1 else 's'} {what}: {_listed(sorted(names))}"
        for what, names in changes
        if names
    ]
    return phrases or ["their order"]


def _renamed(before: DataRecord, after: DataRecord) -> dict[str, str]:
    """Classes whose images are, most of them, those of a class that was not there."""
    gone = set(before.class_names) - set(after.class_names)
    come = set(after.class_names) - set(before.class_names)
    old, new = (_contents(record.images, names) for record, names in ((before, gone), (after, come)))
    found: dict[str, str] = {}
    for name in sorted(old):
        left = {other: keys for other, keys in new.items() if other not in found.values()}
        best = max(sorted(left), key=lambda other: len(old[name] & left[other]), default=None)
        if best is not None and 2 * len(old[name] & left[best]) > len(old[name]):
            found[name] = best
    return found


def _contents(images: Iterable[RecordedImage], labels: set[str]) -> Mapping[str, set[tuple[str, int]]]:
    found: dict[str, set[tuple[str, int]]] = {label: set() for label in labels}
    for image in images:
        if image.label in labels:
            found[image.label].add((image.key, image.stamp))
    return found


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more:,} more" if more > 0 else "")


def _read_record(folder: Path, summary: Mapping[str, Any]) -> DataRecord:
    """The record in ``folder``, as it was written.

    Raises:
        DataError: the list is damaged or gone.
    """
    path = folder / LIST
    try:
        with gzip.open(path) as file:
            text = file.read(_LARGEST).decode("utf-8", "surrogateescape")
        rows = [line.split("\t") for line in text.split("\n")[:-1]]
        images = [RecordedImage(label, key, split, int(stamp)) for label, key, split, stamp in rows]
        record = DataRecord(tuple(map(str, summary["classes"])), images)
        if record.digest != summary["digest"]:
            raise DocumentError("it is not the list that was written")
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"the images are not those that {folder} was begun with; {path} cannot tell what differs: {error}"
        ) from None
    return record
