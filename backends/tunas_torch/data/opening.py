"""What ``--data`` names: digits, Fashion-MNIST, or a folder of images."""

import difflib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tunas_dsl.errors import DataError
from tunas_torch.data.augment import Augmentation
from tunas_torch.data.folder import open_folder
from tunas_torch.data.idx import read_idx
from tunas_torch.data.images import ArraySource, ImageData
from tunas_torch.data.splitting import SAMPLE, make_data

FASHION_MNIST = "/usr/share/datasets/fashion-mnist"
"""Where Debian's package dataset-fashion-mnist puts its files."""

_FASHION_CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip

_KINDS = ("digits", "fashion-mnist", "folder")


def open_data(
    spec: str, *, image_shape: tuple[int, int, int], seed: int = 0, holdout: float | None = None
) -> ImageData:
    """The data set that ``spec`` names, its images fitted to ``image_shape`` (C, H, W).

    ``digits``, ``fashion-mnist[:DIR]`` or ``folder:PATH``, of which the path is enough.
    ``holdout`` is the share of the training images that validates, or their count, and the same for
    test images where there are none; a tenth if it is left out, and a fifth of digits, which are few. With
    ``seed`` the images are drawn by which mean and deviation are measured, and nothing else.

    Raises:
        DataError: there is no such data set, or one of its files cannot be used.
    """
    kind, _, path = spec.partition(":")
    if image_shape[0] not in (1, 3):
        raise DataError(f"images have 1 or 3 channels, but the space's input has {image_shape[0]}")
    if holdout is None:
        holdout = 0.2 if kind == "digits" else 0.1
    place = Path(path or FASHION_MNIST).expanduser()
    match kind:
        case "digits" if not path:
            return _digits(image_shape, seed, holdout)
        case "fashion-mnist":
            return _fashion_mnist(place, image_shape, seed, holdout)
        case "folder" if path:
            return open_folder(place, image_shape, seed=seed, holdout=holdout)
        case _ if spec and Path(spec).expanduser().exists():
            return open_folder(Path(spec).expanduser(), image_shape, seed=seed, holdout=holdout)
        case _ if "/" in spec or "." in spec:
            raise DataError(
                f"there is no folder or file {spec}; if the images have moved, name their new place"
            )
        case _:
            close = difflib.get_close_matches(kind, _KINDS, n=1)
            hint = f"; did you mean `{close[0]}`?" if close and close[0] != kind else ""
            raise DataError(
                f"there is no data set `{spec}`: use digits, fashion-mnist[:DIR] or folder:PATH{hint}"
            )


def _digits(shape: tuple[int, int, int], seed: int, holdout: float) -> ImageData:
    from sklearn.datasets import load_digits  # a second to import, and only needed here

    found = load_digits()
    images = np.round(found.images * (255 / 16)).astype(np.uint8)
    source = ArraySource(images, found.target.astype(np.int64), shape)
    augmentation = Augmentation(shift=_scaled(1, 8, shape))
    names = tuple(map(str, found.target_names))
    return make_data("digits", names, augmentation, source, seed=seed, holdout=holdout, fitted=source.fitted)


def _fashion_mnist(folder: Path, shape: tuple[int, int, int], seed: int, holdout: float) -> ImageData:
    if not folder.is_dir():
        raise DataError(
            f"there is no folder {folder}: install Debian's package dataset-fashion-mnist, "
            "or name the folder of the four IDX files as `fashion-mnist:DIR`"
        )
    train, test = (ArraySource(*_idx_pair(folder, part), shape) for part in ("train", "t10k"))
    return make_data(
        "fashion-mnist",
        _FASHION_CLASSES,
        Augmentation(shift=_scaled(2, 28, shape), flip=True),
        train,
        test=test,
        seed=seed,
        holdout=holdout,
        measured=None if shape[1:] == train.images.shape[1:] else SAMPLE,
        fitted=train.fitted,
    )


def _scaled(pixels: int, side: int, shape: tuple[int, int, int]) -> int:
    """``pixels`` of images that are ``side`` pixels high, in pixels of the input."""
    return max(1, round(pixels * shape[1] / side))


def _idx_pair(folder: Path, part: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    images = read_idx(folder, f"{part}-images-idx3-ubyte", 3)
    labels = read_idx(folder, f"{part}-labels-idx1-ubyte", 1)
    if len(images) != len(labels):
        raise DataError(f"{folder} has {len(images)} images, but {len(labels)} labels in its {part} files")
    if images.size == 0:
        raise DataError(f"{folder} has no images in its {part} files")
    if labels.max() >= len(_FASHION_CLASSES):
        raise DataError(f"{folder} has the label {labels.max()} in its {part} files: classes are 0 to 9")
    return images, labels.astype(np.int64)
