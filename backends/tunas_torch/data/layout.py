"""What the folders of an image data set mean: splits, classes, and files that are passed over."""

from collections.abc import Mapping, Sequence

import attrs

from tunas_dsl.errors import DataError
from tunas_torch.data.files import Files

_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
_SPLITS = {"train": "train", "val": "validation", "validation": "validation", "test": "test"}


@attrs.frozen
class Layout:
    """The images of each split: ``train``, and ``validation`` and ``test`` where they have folders.

    An image is a file's name and the index of its class, which are numbered by their sorted names;
    ``skipped`` counts the other files.
    """

    classes: tuple[str, ...]
    splits: Mapping[str, tuple[tuple[str, int], ...]]
    skipped: int


def find_layout(files: Files) -> Layout:
    """Images in folders of their classes, perhaps below ``train``, ``val`` and ``test``.

    All of it may lie in one folder more. Hidden files, files that are no images by their suffix,
    and images outside a class folder are skipped.

    Raises:
        DataError: there are no images, or none in a folder that is meant for them; fewer than two
            classes; or a class without training images.
    """
    images = [name for name in files.names if _is_visible(name) and name.lower().endswith(_SUFFIXES)]
    if not any("/" in name for name in images):
        raise DataError(f"{files.place} holds no images in folders of their classes")
    found: dict[str, list[tuple[str, str]]] = {}
    for group, split in _groups(files, images).items():
        found.setdefault(split, []).extend(_labelled(files, images, group))
    classes = sorted({folder for _, folder in found["train"]})
    if len(classes) < 2:
        raise DataError(f"{files.place} has only the class `{classes[0]}`: it needs a folder for each of two")
    index = {name: number for number, name in enumerate(classes)}
    for name, folder in (image for inside in found.values() for image in inside):
        if folder not in index:
            raise DataError(f"{files.place} has `{name}`, but no training images of the class `{folder}`")
    splits = {
        split: tuple((name, index[folder]) for name, folder in inside) for split, inside in found.items()
    }
    return Layout(tuple(classes), splits, len(files.names) - sum(map(len, splits.values())))


def _is_visible(name: str) -> bool:
    return not any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))


def _groups(files: Files, images: Sequence[str]) -> dict[str, str]:
    """Where class folders lie, as a prefix of names, and which split each place is."""
    root = ""
    (top, *more) = {name.split("/")[0] for name in images if "/" in name}
    if not more and top != "train" and any(name.count("/") > 1 for name in images):
        root = f"{top}/"
    tops = _folders(files, images, root)
    if not any("/" in name.removeprefix(f"{root}train/") for name in tops.get("train", ())):
        return {root: "train"}
    for top, inside in tops.items():
        if inside and top not in _SPLITS:
            raise DataError(f"{files.place} has images in `{root}{top}`, beside its splits: move them away")
    return {f"{root}{top}/": _SPLITS[top] for top in tops if top in _SPLITS}


def _labelled(files: Files, images: Sequence[str], group: str) -> list[tuple[str, str]]:
    """Every image below ``group``, with the name of its class folder."""
    folders = _folders(files, images, group)
    if not folders:
        raise DataError(f"{files.place} has no class folders in `{group}`")
    for folder, inside in folders.items():
        if not inside:
            raise DataError(f"{files.place} has no images in the class folder `{group}{folder}`")
    return [(name, folder) for folder, inside in folders.items() for name in inside]


def _folders(files: Files, images: Sequence[str], prefix: str) -> dict[str, list[str]]:
    """The visible folders directly below ``prefix``, and the images in each of them at any depth."""
    inner = (folder.removeprefix(prefix) for folder in files.folders if folder.startswith(prefix))
    folders: dict[str, list[str]] = {
        name: [] for name in sorted(inner) if name and "/" not in name and _is_visible(name)
    }
    for name in images:
        first, slash, _ = name.removeprefix(prefix).partition("/")
        if slash and name.startswith(prefix):
            folders[first].append(name)
    return folders
