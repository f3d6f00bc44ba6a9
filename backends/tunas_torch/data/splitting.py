"""Which images train, validate and test: official splits where there are some, else a held-out share."""

import numpy as np
from numpy.typing import NDArray

from tunas_dsl.errors import DataError
from tunas_torch.data.augment import Augmentation
from tunas_torch.data.images import ImageData, Source, Split

SAMPLE = 2000
"""Training images that are measured where reading all would take long."""

_TEST_SEED = 0
"""Fixed: no run with another seed may train or search on the test images of this one."""

_VALIDATION, _TEST, _STATISTICS = 101, 102, 103
"""Purposes of random numbers."""


def make_data(
    name: str,
    class_names: tuple[str, ...],
    augmentation: Augmentation,
    train: Source,
    validation: Source | None = None,
    test: Source | None = None,
    *,
    seed: int,
    holdout: float,
    measured: int | None = None,
    skipped: int = 0,
    fitted: str = "",
) -> ImageData:
    """A data set; a split without a source is held out of ``train``: the share ``holdout`` of every class.

    Validation images are drawn with ``seed``, test images always the same. Pixels are measured on
    ``measured`` training images, or on all of them.

    Raises:
        DataError: a class has too few images to be in every split.
    """
    if not 0 < holdout <= 1 / 3:
        raise ValueError(f"a holdout of {holdout} is none: it lies above 0, and up to a third")
    _check_counts(name, class_names, train.labels, 1 + (validation is None) + (test is None))
    rest = np.arange(len(train.labels))
    rest, tested = _members(test, train, rest, holdout, [_TEST_SEED, _TEST])
    rest, validated = _members(validation, train, rest, holdout, [seed, _VALIDATION])
    mean, std = _statistics(train, rest, measured, [seed, _STATISTICS])
    return ImageData(
        name,
        class_names,
        Split(train, rest, mean, std),
        Split(validation or train, validated, mean, std),
        Split(test or train, tested, mean, std),
        augmentation,
        skipped,
        fitted,
    )


def _check_counts(name: str, class_names: tuple[str, ...], labels: NDArray[np.int64], needed: int) -> None:
    for class_name, count in zip(class_names, np.bincount(labels, minlength=len(class_names)), strict=True):
        if count < needed:
            raise DataError(
                f"the class `{class_name}` of {name} has {count} training images, "
                f"but needs {needed}, one for each split that is drawn from them"
            )


def _members(
    official: Source | None, train: Source, rest: NDArray[np.int64], share: float, seed: list[int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """What is left of ``rest`` for training, and the members of a split.

    These are all images of an ``official`` source; without one the same share of every class of
    ``train``, at least one image, in ascending order.
    """
    if official is not None:
        return rest, np.arange(len(official.labels))
    random = np.random.default_rng(seed)
    held = []
    for label, count in enumerate(np.bincount(train.labels)):
        of_class = random.permutation(rest[train.labels[rest] == label])
        held.append(of_class[: max(1, round(share * count))])
    members = np.sort(np.concatenate(held))
    return np.setdiff1d(rest, members, assume_unique=True), members


def _statistics(
    source: Source, members: NDArray[np.int64], measured: int | None, seed: list[int]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and standard deviation of each channel, ``(C, 1, 1)``, in whole numbers until the end."""
    sample = members
    if measured is not None:
        sample = np.sort(np.random.default_rng(seed).permutation(members)[:measured])
    pixels, total, squares = 0, np.zeros((), np.int64), np.zeros((), np.int64)
    for part in np.array_split(sample, -(-len(sample) // 500)):
        images = source.read(part, None)
        pixels += images[:, 0].size
        total = total + images.sum((0, 2, 3), np.int64)
        squares = squares + np.square(images, dtype=np.uint16).sum((0, 2, 3), np.int64)
    mean = total / pixels
    std = np.sqrt(np.maximum(squares / pixels - mean**2, 1))  # images of one colour keep finite numbers
    return mean.astype(np.float32)[:, None, None], std.astype(np.float32)[:, None, None]
