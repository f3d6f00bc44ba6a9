"""A folder of images, one sub-folder a class, as it is or in a zip file; decoded as they are needed."""

import io
import warnings
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tunas_dsl.search.errors import DataError
from tunas_torch.data.images import Augmentation, ImageData, Images, make_data

_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp"})
_SPLITS = ("train", "val", "validation", "test")
_CACHE_BYTES = 1 << 30
_CENTRE = 0.875
"""The share of the short side that evaluation looks at, where an image is larger than the input."""


class FolderSource:
    """Images of a folder or zip, in the size of the space's input; kept in memory while they fit."""

    def __init__(
        self,
        read: Callable[[str], bytes],
        paths: Sequence[str],
        labels: NDArray[np.int64],
        shape: tuple[int, int, int],
        place: str,
    ) -> None:
        self.labels = labels
        self._read = read
        self._paths = paths
        self._shape = shape
        self._place = place
        fits = len(paths) * int(np.prod(shape)) <= _CACHE_BYTES
        self._cache = np.empty((len(paths), *shape), np.uint8) if fits else None
        self._cached = np.zeros(len(paths), bool)

    def read(self, indices: NDArray[np.int64], area: np.random.Generator | None) -> Images:
        """The images of ``indices``; with ``area``, of a random part of each larger image.

        Raises:
            DataError: an image cannot be decoded; the message names it.
        """
        if area is not None:
            return np.stack([self._image(int(index), area) for index in indices])
        if self._cache is None:
            return np.stack([self._image(int(index), None) for index in indices])
        for index in indices[~self._cached[indices]]:
            self._cache[index] = self._image(int(index), None)
        self._cached[indices] = True
        return self._cache[indices]

    def _image(self, index: int, area: np.random.Generator | None) -> Images:
        path = self._paths[index]
        channels, height, width = self._shape
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                with Image.open(io.BytesIO(self._read(path))) as opened:
                    image = opened.convert("L" if channels == 1 else "RGB")
        except (OSError, ValueError, SyntaxError, zipfile.BadZipFile, Image.DecompressionBombError,
                Image.DecompressionBombWarning) as error:  # fmt: skip
            raise DataError(f"{path} in {self._place} is no image that can be read: {error}") from None
        if image.size != (width, height):
            box = _random_area(image.size, area) if area is not None else _centre(image.size)
            image = image.resize((width, height), Image.Resampling.BICUBIC, box=box)
        pixels = np.asarray(image)
        return pixels[None] if channels == 1 else pixels.transpose(2, 0, 1)


def open_folder(path: Path, image_shape: tuple[int, int, int], *, seed: int, holdout: float) -> ImageData:
    """The data set at ``path``: ``class/image.png``, perhaps below ``train/`` and ``test/``.

    Raises:
        DataError: there are no images, fewer than two classes, or a zip that cannot be read.
    """
    if image_shape[0] not in (1, 3):
        raise DataError(f"images have 1 or 3 channels, but the space's input has {image_shape[0]}")
    names, read = _open_zip(path) if path.is_file() else _open_directory(path)
    images = [name for name in names if _is_image(name)]
    if not images:
        raise DataError(f"{path} holds no images in folders of their classes")
    parts = _official_splits(_without_common_folder(images))
    classes = sorted({PurePosixPath(inner).parts[0] for inner, _ in parts["train"]})
    if len(classes) < 2:
        raise DataError(f"{path} has fewer than two classes: images belong into a folder for each class")

    def source(part: Iterable[tuple[str, str]]) -> FolderSource:
        pairs = sorted(part)
        labels = []
        for inner, name in pairs:
            folder = PurePosixPath(inner).parts[0]
            if folder not in classes:
                raise DataError(f"{name} in {path} is of the class `{folder}`, which has no training images")
            labels.append(classes.index(folder))
        return FolderSource(
            read, [name for _, name in pairs], np.array(labels, np.int64), image_shape, str(path)
        )

    train = source(parts["train"])
    test = source(parts["test"]) if parts.get("test") else None
    first = _first_size(train, read, path)
    height, width = image_shape[1:]
    larger = first[0] > width * 1.25 and first[1] > height * 1.25
    augmentation = Augmentation(area=True, flip=True) if larger else Augmentation(height // 8, flip=True)
    return make_data(path.stem, tuple(classes), train, test, augmentation, seed=seed, holdout=holdout)


def _open_directory(path: Path) -> tuple[list[str], Callable[[str], bytes]]:
    if not path.is_dir():
        raise DataError(f"there is no folder or zip file {path}")
    names = [file.relative_to(path).as_posix() for file in sorted(path.rglob("*")) if file.is_file()]
    return names, lambda name: (path / name).read_bytes()


def _open_zip(path: Path) -> tuple[list[str], Callable[[str], bytes]]:
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is no zip file that can be read: {error}") from None
    names = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
    for name in names:
        if name.startswith("/") or ".." in PurePosixPath(name).parts:
            raise DataError(f"{path} holds `{name}`, which leads out of it")
    return names, archive.read


def _is_image(name: str) -> bool:
    path = PurePosixPath(name)
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
    return len(path.parts) > 1 and not hidden and path.suffix.lower() in _SUFFIXES


def _without_common_folder(names: Sequence[str]) -> list[tuple[str, str]]:
    """Each name without the one folder that holds everything, if there is one, beside itself."""
    tops = {PurePosixPath(name).parts[0] for name in names}
    nested = all(len(PurePosixPath(name).parts) > 2 for name in names)
    if len(tops) > 1 or not nested:
        return [(name, name) for name in names]
    return [("/".join(PurePosixPath(name).parts[1:]), name) for name in names]


def _official_splits(pairs: Sequence[tuple[str, str]]) -> dict[str, list[tuple[str, str]]]:
    """The images of each top folder where these are splits, else all as training images.

    An official validation folder joins the training images: validation is held out from them.
    """
    tops = {PurePosixPath(inner).parts[0] for inner, _ in pairs}
    if not tops <= set(_SPLITS) or "train" not in tops:
        return {"train": list(pairs)}
    parts: dict[str, list[tuple[str, str]]] = {"train": [], "test": []}
    for inner, name in pairs:
        top, *rest = PurePosixPath(inner).parts
        if len(rest) > 1:
            parts["test" if top == "test" else "train"].append(("/".join(rest), name))
    return parts


def _first_size(source: FolderSource, read: Callable[[str], bytes], path: Path) -> tuple[int, int]:
    name = source._paths[0]
    try:
        with Image.open(io.BytesIO(read(name))) as image:
            return image.size
    except (OSError, ValueError, SyntaxError) as error:
        raise DataError(f"{name} in {path} is no image that can be read: {error}") from None


def _centre(size: tuple[int, int]) -> tuple[float, float, float, float]:
    side = int(min(size) * _CENTRE)
    left, top = (size[0] - side) / 2, (size[1] - side) / 2
    return left, top, left + side, top + side


def _random_area(size: tuple[int, int], random: np.random.Generator) -> tuple[float, float, float, float]:
    """10 to 100 % of the area at an aspect of 3/4 to 4/3, within ten attempts, else the centre (facts 11)."""
    width, height = size
    for _ in range(10):
        area = width * height * random.uniform(0.1, 1.0)
        aspect = random.uniform(3 / 4, 4 / 3)
        wide, high = round((area * aspect) ** 0.5), round((area / aspect) ** 0.5)
        if 0 < wide <= width and 0 < high <= height:
            left = int(random.integers(0, width - wide + 1))
            top = int(random.integers(0, height - high + 1))
            return left, top, left + wide, top + high
    return _centre(size)
