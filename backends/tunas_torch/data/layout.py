"""What the files of an image data set mean: splits, classes, and files that are passed over."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import attrs
import numpy as np
from numpy.typing import NDArray

from tunas_dsl.errors import DataError
from tunas_torch.data.label_tables import LabelTable, label_tables, labels_in_names, labels_in_order
from tunas_torch.data.listing import Files
from tunas_torch.data.split_names import KNOWN, split_of

SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".avif",
    ".ppm", ".pgm",
)  # fmt: skip
_SHOWN = 6
_ANYTHING = ("images", "image", "imgs", "img", "pictures", "unknown", "unlabeled", "unlabelled")
"""Folders that are called so are no classes, unless they are in training, too."""

RIGHT = "one folder for each class, and these perhaps in `train`, `val` and `test`"
"""What a right layout looks like, for messages."""


@attrs.frozen(eq=False)
class Listed:
    """The images of a split: their files, the index of each one's class, ``(N,)``, and their keys.

    A key is the file's path below the folder of its class, or of its split where there is none.
    """

    names: tuple[str, ...]
    labels: NDArray[np.int64]
    keys: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)


@attrs.frozen(eq=False)
class Layout:
    """The images of each split: ``train``, and ``validation`` and ``test`` where there are some.

    Classes are numbered by their sorted names; ``skipped`` counts the other files, and ``notes`` are
    sentences on what was understood.
    """

    classes: tuple[str, ...]
    splits: Mapping[str, Listed]
    skipped: int
    notes: tuple[str, ...] = ()


@attrs.frozen
class _Found:
    """An image, the class that it is said to be of, and its key."""

    name: str
    label: str
    key: str


def find_layout(files: Files) -> Layout:
    """Images in folders of their classes, perhaps below those of splits; or with labels of another kind.

    Labels may also be in a table (CSV, or text in columns) or in ImageNet's devkit, or be the beginnings of
    the files' names. All of it may lie in some folders more. Hidden files, files that are no images by their
    suffix, and images outside a class folder are skipped; so are test images without labels.

    Raises:
        DataError: there are no images, or none in a folder that is meant for them; fewer than two
            classes; or a class without training images.
    """
    return _Reading(files).layout()


class _Reading:
    """One reading of the files: what it finds step by step."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.visible = [name for name in files.names if _is_visible(name)]
        self.images = [name for name in self.visible if name.lower().endswith(SUFFIXES)]
        self.notes: list[str] = []

    def layout(self) -> Layout:
        if not self.images:
            raise DataError(
                f"{self.files.place} holds no images in folders of their classes{self._suffixes()}"
            )
        groups = self._groups()
        found: dict[str, list[_Found]] = {}
        for group in sorted(groups, key=lambda group: groups[group] != "train"):
            split = groups[group]
            for part, inside in self._labelled(group, split, found.get("train", ())).items():
                found.setdefault(part, []).extend(inside)
        classes = sorted({image.label for image in found["train"]})
        if len(classes) < 2:
            raise DataError(
                f"{self.files.place} has only the class `{classes[0]}`: it needs a folder for each of two"
            )
        splits = {split: self._listed(split, inside, classes) for split, inside in found.items() if inside}
        skipped = len(self.files.names) - sum(map(len, splits.values()))
        self._note_skipped(splits.values())
        return Layout(tuple(classes), splits, skipped, tuple(self.notes))

    def _groups(self) -> dict[str, str]:
        """Where the images of splits lie, as a prefix of names, and which split each place is."""
        root = self._descended("")
        folders = self._folders(root)
        splits = {top: split for top in folders if (split := split_of(top)) is not None}
        training = [top for top, split in splits.items() if split == "train"]
        inner = (name.removeprefix(f"{root}{top}/") for top in training for name in folders[top])
        all_splits = len(splits) > 1 and len(splits) == sum(1 for inside in folders.values() if inside)
        if not training or not (all_splits or any("/" in name for name in inner)):
            self._note_lookalikes(folders, root)
            return {root: "train"}
        for top, inside in folders.items():
            if inside and top not in splits:
                raise DataError(
                    f"{self.files.place} has images in `{root}{top}`, beside its splits: move them away, or "
                    f"call it what splits are called ({KNOWN})"
                )
        return {self._descended(f"{root}{top}/"): split for top, split in splits.items()}

    def _descended(self, prefix: str) -> str:
        """``prefix`` and the folders below it that hold nothing but one folder of folders."""
        while True:
            folders = {top: inside for top, inside in self._folders(prefix).items() if inside}
            siblings = [top for top in self._folders(prefix) if split_of(top) is not None]
            if len(folders) != 1 or len(siblings) > 1:
                return prefix
            ((top, inside),) = folders.items()
            outside = sum(name.startswith(prefix) for name in self.images) - len(inside)
            if outside or not all("/" in name.removeprefix(f"{prefix}{top}/") for name in inside):
                return prefix
            prefix = f"{prefix}{top}/"

    def _labelled(self, group: str, split: str, training: Sequence[_Found]) -> dict[str, list[_Found]]:
        """The images below ``group``, with their labels, by split."""
        images = [name for name in self.images if name.startswith(group)]
        folders = {top: inside for top, inside in self._folders(group).items() if _is_visible(top)}
        classes = {image.label for image in training}
        if images and (table := self._table(images)):
            return self._from_table(table, group, split, images, classes)
        if folders and self._are_classes(folders, split, classes):
            return {split: self._in_folders(group, folders)}
        if not images:
            raise DataError(f"{self.files.place} has no class folders in `{group}`{self._suffixes()}")
        labels = labels_in_order(self.files, images) or (labels_in_names(images) if not folders else None)
        if labels is not None and (split == "train" or classes.intersection(labels.values())):
            self.notes.append(_from_where(group, "the names of the files" if not training else "other files"))
            return {split: [_Found(name, labels[name], name.removeprefix(group)) for name in images]}
        if split == "test":
            self.notes.append(f"{_count(len(images), 'image')} of `{group}` without labels: passed over")
            return {}
        raise DataError(self._without_labels(group, split))

    def _are_classes(self, folders: Mapping[str, list[str]], split: str, classes: set[str]) -> bool:
        if split == "train" or classes.intersection(folders):
            return True
        filled = [top for top, inside in folders.items() if inside]
        return not all(top.lower() in _ANYTHING or split_of(top) is not None for top in filled)

    def _in_folders(self, group: str, folders: Mapping[str, list[str]]) -> list[_Found]:
        for folder, inside in folders.items():
            if not inside:
                raise DataError(
                    f"{self.files.place} has no images in the class folder `{group}{folder}`"
                    f"{self._suffixes(f'{group}{folder}/')}"
                )
        return [
            _Found(name, folder, name[len(group) + len(folder) + 1 :])
            for folder, inside in folders.items()
            for name in inside
        ]

    def _table(self, images: Sequence[str]) -> LabelTable | None:
        return next((table for table in self._tables if table.knows(images)), None)

    @cached_property
    def _tables(self) -> list[LabelTable]:
        return list(label_tables(self.files, self.images))

    def _from_table(
        self, table: LabelTable, group: str, split: str, images: Sequence[str], classes: set[str]
    ) -> dict[str, list[_Found]]:
        found: dict[str, list[_Found]] = {}
        labels = {name: label for name in images if (label := table.label(name)) is not None}
        ordered = sorted(classes)
        if classes and not classes.intersection(labels.values()):  # numbers of the classes, as in Caffe
            labels = {name: _by_number(label, ordered) for name, label in labels.items()}
        for name, label in labels.items():
            said = split_of(table.split(name) or "") or split
            found.setdefault(said, []).append(_Found(name, label, name.removeprefix(group)))
        self.notes.append(_from_where(group, f"`{table.name}`"))
        if lacking := len(images) - len(labels):
            self.notes.append(f"{_count(lacking, 'image')} not in `{table.name}`: passed over")
        return found

    def _listed(self, split: str, found: Sequence[_Found], classes: Sequence[str]) -> Listed:
        index = {name: number for number, name in enumerate(classes)}
        for image in found:
            if image.label not in index:
                raise DataError(
                    f"{self.files.place} has `{image.name}`, but no training images of the class "
                    f"`{image.label}`"
                )
        labels = np.array([index[image.label] for image in found], np.int64)
        if split != "train" and (missing := sorted(set(classes) - {image.label for image in found})):
            self.notes.append(f"no {split} images of {shorten(missing, 'class', 'classes')}")
        return Listed(tuple(image.name for image in found), labels, tuple(image.key for image in found))

    def _folders(self, prefix: str) -> dict[str, list[str]]:
        """The visible folders directly below ``prefix``, and the images in each of them at any depth."""
        inner = (folder.removeprefix(prefix) for folder in self.files.folders if folder.startswith(prefix))
        folders: dict[str, list[str]] = {
            name: [] for name in sorted(inner) if name and "/" not in name and _is_visible(name)
        }
        start = len(prefix)
        for name in self.images:
            if name.startswith(prefix) and (end := name.find("/", start)) >= 0:
                folders[name[start:end]].append(name)
        return folders

    def _note_lookalikes(self, folders: Mapping[str, list[str]], root: str) -> None:
        """Say where all top folders hold only folders, and the same ones: these may be splits."""
        inner = [
            {
                rest.rpartition("/")[0].partition("/")[0]
                for rest in (name[len(root) + len(top) + 1 :] for name in inside)
            }
            for top, inside in folders.items()
            if inside
        ]
        if (
            len(inner) > 1
            and len(inner[0]) > 1
            and "" not in inner[0]
            and all(it == inner[0] for it in inner)
        ):
            self.notes.append(
                f"{shorten(sorted(folders), 'folder', 'folders')} hold the same folders "
                f"({shorten(sorted(inner[0]))}): they are read as classes, but look like splits; if so, "
                f"call them what splits are called ({KNOWN})"
            )

    def _note_skipped(self, splits: Iterable[Listed]) -> None:
        used = {name for listed in splits for name in listed.names} | {
            table.name for table in self._tables_read
        }
        others = Counter(_suffix(name) for name in self.visible if name not in used)
        if others:
            shown = ", ".join(f"{count} {suffix}" for suffix, count in others.most_common(_SHOWN))
            self.notes.append(f"{_count(others.total(), 'file')} passed over: {shown}")

    @property
    def _tables_read(self) -> list[LabelTable]:
        tables: list[LabelTable] = self.__dict__.get("_tables", [])
        return tables

    def _suffixes(self, prefix: str = "") -> str:
        """The end of a message where files below ``prefix`` are no images by their suffix."""
        found = Counter(_suffix(name) for name in self.visible if name.startswith(prefix))
        found = Counter({suffix: count for suffix, count in found.items() if suffix not in SUFFIXES})
        if not found:
            return f"; a right layout has {RIGHT}"
        shown = ", ".join(f"{count} {suffix}" for suffix, count in found.most_common(_SHOWN))
        return f", but {shown}; files that are read end in {', '.join(SUFFIXES)}"

    def _without_labels(self, group: str, split: str) -> str:
        where = f"no class folders in `{group}`" if group else "no images in folders of their classes"
        return (
            f"{self.files.place} has {where}, and no table of files and labels, so that its {split} images "
            f"have no labels; a right layout has {RIGHT}"
        )


def shorten(names: Sequence[str], one: str = "", many: str = "") -> str:
    """``names``, or the first of many and their count, after ``one`` word for them or ``many``."""
    word = one if len(names) == 1 else many
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    return f"{word} {shown}" if word else shown


def _from_where(group: str, source: str) -> str:
    return f"labels{f' of `{group}`' if group else ''} are from {source}"


def _by_number(label: str, classes: Sequence[str]) -> str:
    return classes[int(label)] if label.isdigit() and int(label) < len(classes) else label


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _suffix(name: str) -> str:
    last = name.rpartition("/")[2].lower()
    return f".{last.rpartition('.')[2]}" if "." in last else "without suffix"


def _is_visible(name: str) -> bool:
    return not (name.startswith((".", "__MACOSX")) or "/." in name or "/__MACOSX" in name)
