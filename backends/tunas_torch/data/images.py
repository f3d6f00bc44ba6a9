"""Images with labels: what a reader gives, its splits, and batches of them as normalised floats."""

from typing import Protocol

import attrs
import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]
"""``(N, C, H, W)``."""

_SAMPLE = 2000
"""Training images from which the mean and standard deviation are measured."""


@attrs.frozen
class Augmentation:
    """Random changes of training images: shifts in pixels, mirroring, and a random area (facts 11)."""

    shift: int = 0
    flip: bool = False
    area: bool = False


class Source(Protocol):
    """What reads images: all of one size, that of the space's input."""

    @property
    def labels(self) -> NDArray[np.int64]:
        """The class of every image, ``(N,)``."""
        ...

    def read(self, indices: NDArray[np.int64], area: np.random.Generator | None) -> Images:
        """The images of ``indices``; with ``area``, of a random part of each larger image."""
        ...


@attrs.frozen(eq=False)
class ArraySource:
    """Images that are in memory."""

    images: Images
    labels: NDArray[np.int64]

    def read(self, indices: NDArray[np.int64], area: np.random.Generator | None) -> Images:
        """The images of ``indices``."""
        return self.images[indices]


@attrs.frozen(eq=False)
class Split:
    """Some of a source's images, normalised by what the training split's pixels are like."""

    source: Source
    members: NDArray[np.int64]
    mean: NDArray[np.float32]
    std: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.members)

    @property
    def labels(self) -> NDArray[np.int64]:
        """The class of each image, ``(N,)``."""
        return self.source.labels[self.members]

    def batch(
        self, indices: NDArray[np.int64], augmentation: Augmentation | None, random: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Images ``(N, C, H, W)``, normalised, and labels ``(N,)`` of this split's ``indices``."""
        members = self.members[indices]
        images = self.source.read(members, random if augmentation and augmentation.area else None)
        if augmentation is not None:
            images = _augment(images, augmentation, random)
        normalised = (images.astype(np.float32) - self.mean) / self.std
        return normalised, self.source.labels[members]


@attrs.frozen(eq=False)
class ImageData:
    """A data set: class names, its three splits, and how its training images are augmented."""

    name: str
    class_names: tuple[str, ...]
    train: Split
    validation: Split
    test: Split
    augmentation: Augmentation


def make_data(
    name: str,
    class_names: tuple[str, ...],
    source: Source,
    test: Source | None,
    augmentation: Augmentation,
    *,
    seed: int,
    holdout: float,
) -> ImageData:
    """Splits ``source``: validation, and without an official test source also test, are held out."""
    everything = np.arange(len(source.labels))
    rest, validation = _hold_out(everything, source.labels, holdout, seed)
    test_members = np.arange(len(test.labels)) if test is not None else None
    if test_members is None:
        rest, test_members = _hold_out(rest, source.labels, holdout / (1 - holdout), seed + 1)
    mean, std = _statistics(source, rest, seed)
    return ImageData(
        name,
        class_names,
        Split(source, rest, mean, std),
        Split(source, validation, mean, std),
        Split(test or source, test_members, mean, std),
        augmentation,
    )


def _hold_out(
    members: NDArray[np.int64], labels: NDArray[np.int64], share: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """What is left and what is held out: the same share of every class, at least one image."""
    random = np.random.default_rng([seed, 0x5B1])
    held = []
    for label in np.unique(labels[members]):
        of_class = random.permutation(members[labels[members] == label])
        held.append(of_class[: max(1, round(share * len(of_class)))])
    out = np.sort(np.concatenate(held))
    return np.setdiff1d(members, out), out


def _statistics(
    source: Source, members: NDArray[np.int64], seed: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and standard deviation of each channel, ``(C, 1, 1)``, on a sample of the training images."""
    random = np.random.default_rng([seed, 0x57A])
    sample = np.sort(random.permutation(members)[:_SAMPLE])
    pixels = source.read(sample, None).astype(np.float64)
    mean, std = pixels.mean(axis=(0, 2, 3)), pixels.std(axis=(0, 2, 3))
    shape = (-1, 1, 1)
    return mean.reshape(shape).astype(np.float32), np.maximum(std, 1).reshape(shape).astype(np.float32)


def _augment(images: Images, augmentation: Augmentation, random: np.random.Generator) -> Images:
    count, _, height, width = images.shape
    rows = np.broadcast_to(np.arange(height), (count, height))
    columns = np.broadcast_to(np.arange(width), (count, width))
    pad = augmentation.shift
    if pad:
        images = np.pad(images, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        offsets = random.integers(0, 2 * pad + 1, size=(2, count, 1))
        rows, columns = rows + offsets[0], columns + offsets[1]
    if augmentation.flip:
        mirrored = random.random((count, 1)) < 0.5
        columns = np.where(mirrored, columns[:, ::-1], columns)
    picked = images[np.arange(count)[:, None, None], :, rows[:, :, None], columns[:, None, :]]
    return np.ascontiguousarray(picked.transpose(0, 3, 1, 2))
