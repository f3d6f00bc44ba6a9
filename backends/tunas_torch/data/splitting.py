"""Which images train, validate and test: official splits where there are some, else what a hash says.

The hash is of the image's name alone, so that an image that is added, removed or renamed moves no other, and
so that all runs on the same images validate and test on the same ones, whatever their seeds.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tunas_dsl.errors import DataError
from tunas_torch.data.augment import Augmentation
from tunas_torch.data.images import FitRule, ImageData, Source, Split

SAMPLE = 2000
"""Training images that are measured where reading all would take long."""

LARGEST_SHARE = 1 / 3

_KEY = b"tunas splits 1"
"""Of the hash. Another one would divide all data sets anew."""

_STATISTICS = 103
"""A purpose of random numbers."""

Places = NDArray[np.float64]


def make_data(
    name: str,
    class_names: tuple[str, ...],
    augmentation: Augmentation,
    train: Source,
    validation: Source | None = None,
    test: Source | None = None,
    *,
    holdout: float,
    seed: int = 0,
    measured: int | None = None,
    skipped: int = 0,
    fitted: str = "",
    notes: tuple[str, ...] = (),
    rule: FitRule | None = None,
) -> ImageData:
    """A data set; a split without a source is held out of ``train``: ``holdout``, a share or a count.

    Pixels are measured on ``measured`` training images, drawn with ``seed``, or on all of them.

    Raises:
        DataError: there are fewer images than are to be held out, or a class is left without training images.
    """
    missing = (validation is None) + (test is None)
    rest = np.arange(len(train.labels))
    validated = tested = None
    if missing:
        places = hash_places(train.keys)
        if validation is None:
            validated = held_out(places, holdout, last=True)
        if test is None:
            tested = held_out(places, holdout, last=False)
        held = [members for members in (validated, tested) if members is not None]
        rest = np.setdiff1d(rest, np.concatenate(held))
        _check_left(name, class_names, train.labels, rest)
    mean, std = _statistics(train, rest, measured, [seed, _STATISTICS])

    def split(official: Source | None, drawn: NDArray[np.int64] | None) -> Split:
        source = official or train
        return Split(source, np.arange(len(source.labels)) if drawn is None else drawn, mean, std)

    return ImageData(
        name,
        class_names,
        Split(train, rest, mean, std),
        split(validation, validated),
        split(test, tested),
        augmentation,
        skipped,
        fitted,
        notes,
        rule or FitRule(None, "bilinear"),
    )


def check_holdout(holdout: float) -> None:
    """Refuse what is neither a share above 0 and up to a third nor a count.

    Raises:
        ValueError: it is neither.
    """
    if not (0 < holdout <= LARGEST_SHARE or (holdout >= 1 and holdout == int(holdout))):
        raise ValueError(f"a holdout of {holdout} is none: it is a share up to a third, or a count of images")


def hash_places(keys: Sequence[str]) -> Places:
    """Where each of the images called ``keys`` lies between 0 and 1, ``(N,)``."""
    digests = b"".join(
        hashlib.blake2b(key.encode("utf-8", "surrogateescape"), digest_size=8, key=_KEY).digest()
        for key in keys
    )
    return np.frombuffer(digests, "<u8") / 2.0**64


def held_out(places: Places, holdout: float, *, last: bool) -> NDArray[np.int64]:
    """The members of a split, ascending: those with the ``last`` places between 0 and 1, or the first.

    A share below 1 is that of the way from 0 to 1, whoever else lies on it; where nobody does, it is just
    as long as to reach somebody. A count takes exactly so many images.

    Raises:
        ValueError: ``holdout`` is neither a share nor a count.
    """
    check_holdout(holdout)
    along = 1 - places if last else places
    if holdout < 1:
        return np.flatnonzero(along <= max(holdout, along.min(initial=1)))
    return np.sort(np.argsort(along, kind="stable")[: int(holdout)])


def _check_left(
    name: str, class_names: tuple[str, ...], labels: NDArray[np.int64], rest: NDArray[np.int64]
) -> None:
    found = np.bincount(labels, minlength=len(class_names))
    left = np.bincount(labels[rest], minlength=len(class_names))
    for class_name, count, trains in zip(class_names, found, left, strict=True):
        if not trains:
            have = "1 image" if count == 1 else f"{count} images"
            raise DataError(
                f"the class `{class_name}` of {name} has {have} to train on, validate and test, and none is "
                f"left to train: add some, hold out less (--holdout), or give splits of your own"
            )


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
