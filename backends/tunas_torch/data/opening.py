"""``--data`` to a data set: digits, Fashion-MNIST, or a folder of images."""

import difflib
from pathlib import Path

import numpy as np
from PIL import Image

from tunas_dsl.search.errors import DataError
from tunas_torch.data.folder import open_folder
from tunas_torch.data.idx import read_idx
from tunas_torch.data.images import ArraySource, Augmentation, ImageData, make_data

FASHION_MNIST = "/usr/share/datasets/fashion-mnist"
_FASHION_CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip


def open_data(
    spec: str, *, image_shape: tuple[int, int, int], seed: int = 0, holdout: float = 0.1
) -> ImageData:
    """The data set that ``spec`` names, its images fitted to ``image_shape`` (C, H, W).

    ``digits``, ``fashion-mnist[:DIR]`` or ``folder:PATH``. ``holdout`` is the share of the training
    images of every class that become the validation split, drawn with ``seed``.

    Raises:
        DataError: there is no such data set, or one of its files cannot be used.
    """
    kind, _, path = spec.partition(":")
    match kind:
        case "digits" if not path:
            return _digits(image_shape, seed, holdout)
        case "fashion-mnist":
            return _fashion_mnist(Path(path or FASHION_MNIST), image_shape, seed, holdout)
        case "folder" if path:
            return open_folder(Path(path), image_shape, seed=seed, holdout=holdout)
        case _:
            close = difflib.get_close_matches(kind, ["digits", "fashion-mnist", "folder"], n=1)
            hint = f"; did you mean `{close[0]}`?" if close else ""
            raise DataError(
                f"there is no data set `{spec}`: use digits, fashion-mnist[:DIR] or folder:PATH{hint}"
            )


def _digits(shape: tuple[int, int, int], seed: int, holdout: float) -> ImageData:
    from sklearn.datasets import load_digits  # a second to import, and only needed here

    found = load_digits()
    images = np.round(found.images * (255 / 16)).astype(np.uint8)
    source = ArraySource(_fit(images, shape), found.target.astype(np.int64))
    names = tuple(map(str, found.target_names))
    return make_data(
        "digits", names, source, None, Augmentation(shift=1), seed=seed, holdout=max(holdout, 0.2)
    )


def _fashion_mnist(folder: Path, shape: tuple[int, int, int], seed: int, holdout: float) -> ImageData:
    if not folder.is_dir():
        raise DataError(
            f"there is no folder {folder}: install Debian's package dataset-fashion-mnist, "
            "or name the folder of the four IDX files as `fashion-mnist:DIR`"
        )
    train, test = (
        ArraySource(_fit(images, shape), labels)
        for images, labels in (_idx_pair(folder, "train"), _idx_pair(folder, "t10k"))
    )
    augmentation = Augmentation(shift=2, flip=True)
    return make_data("fashion-mnist", _FASHION_CLASSES, train, test, augmentation, seed=seed, holdout=holdout)


def _idx_pair(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    images = read_idx(folder, f"{part}-images-idx3-ubyte", 3)
    labels = read_idx(folder, f"{part}-labels-idx1-ubyte", 1)
    if len(images) != len(labels):
        raise DataError(f"{folder}: {part} has {len(images)} images, but {len(labels)} labels")
    if len(labels) == 0 or labels.max() >= len(_FASHION_CLASSES):
        raise DataError(f"{folder}: the labels of {part} are not 0 to 9")
    return images, labels.astype(np.int64)


def _fit(images: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Grey images ``(N, H, W)`` in the size and with the channels of the space's input."""
    channels, height, width = shape
    if images.shape[1:] != (height, width):
        images = np.stack(
            [
                np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR))
                for image in images
            ]
        )
    return np.repeat(images[:, None], channels, axis=1)
