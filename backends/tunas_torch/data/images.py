"""Images with labels: what a source of them gives, a split, and a data set of three splits."""

import zlib
from collections.abc import Sequence
from functools import cached_property
from typing import Protocol

import attrs
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from tunas_dsl.runs.data_record import DataRecord, RecordedImage
from tunas_torch.data.augment import Augmentation, Images, augment

_CHUNK = 1 << 18
"""Numbers that are normalised at a time, so that they stay in a processor's cache."""


class Source(Protocol):
    """What reads images: all of one size, that of the space's input."""

    @property
    def labels(self) -> NDArray[np.int64]:
        """The class of every image, ``(N,)``."""
        ...

    @property
    def keys(self) -> Sequence[str]:
        """The name of every image, by which it is held out, and known in another place."""
        ...

    @property
    def stamps(self) -> Sequence[int]:
        """A number for every image that tells another content: a file's size, or a checksum of pixels."""
        ...

    def read(self, indices: NDArray[np.int64], area: np.random.Generator | None) -> Images:
        """The images of ``indices``; with ``area``, of a random part of each larger image."""
        ...


@attrs.frozen(eq=False, slots=False)
class ArraySource:
    """Images in memory, ``(N, H, W)`` or ``(N, H, W, C)``, fitted to ``shape`` (C, H, W) as they are read.

    They are called by ``prefix`` and their numbers.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    shape: tuple[int, int, int]
    prefix: str = ""

    @property
    def fitted(self) -> str:
        """What is done to the images so that they have the shape; empty where that is nothing."""
        (height, width), (channels, *size) = self.images.shape[1:3], self.shape
        resized = f"images of {height} x {width} are resized to {size[0]} x {size[1]}"
        done = [resized] if [height, width] != size else []
        own = self.images.shape[3] if self.images.ndim == 4 else 1
        if own == 1 and channels > 1:
            done.append(f"grey is repeated in {channels} channels")
        elif own != channels:
            done.append(f"{own} channels are averaged to grey")
        return ", ".join(done)

    @cached_property
    def keys(self) -> Sequence[str]:
        """The numbers of the images."""
        return [f"{self.prefix}{number}" for number in range(len(self.images))]

    @cached_property
    def stamps(self) -> Sequence[int]:
        """Checksums of the pixels."""
        return [zlib.crc32(image.tobytes()) for image in self.images]

    def read(self, indices: NDArray[np.int64], area: np.random.Generator | None) -> Images:
        """The images of ``indices``, whole, resized bilinearly where the shape is another."""
        channels, height, width = self.shape
        images = self.images[indices]
        if images.ndim == 4:
            return self._read_channels(images)
        if images.shape[1:] != (height, width):
            images = np.stack([_resized(image, (width, height)) for image in images])
        return np.repeat(images[:, None], channels, axis=1)

    def _read_channels(self, images: NDArray[np.uint8]) -> Images:
        channels, height, width = self.shape
        planes = images.transpose(0, 3, 1, 2)
        if planes.shape[2:] != (height, width):
            planes = np.stack([[_resized(plane, (width, height)) for plane in image] for image in planes])
        if planes.shape[1] == channels:
            return planes
        grey = planes if planes.shape[1] == 1 else planes.mean(1, keepdims=True).round().astype(np.uint8)
        return np.repeat(grey, channels, axis=1)


def _resized(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BILINEAR))


@attrs.frozen(eq=False)
class Split:
    """Some of a source's images, normalised by what the training split's pixels are like.

    ``mean`` and ``std`` are of each channel, ``(C, 1, 1)``, on the scale of 0 to 255.
    """

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

    def images(self, indices: NDArray[np.int64]) -> Images:
        """The images of this split's ``indices`` as evaluation sees them, ``(N, C, H, W)``, 0 to 255.

        Raises:
            DataError: a file cannot be decoded.
        """
        return self.source.read(self.members[indices], None)

    def batch(
        self, indices: NDArray[np.int64], augmentation: Augmentation | None, random: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Images ``(N, C, H, W)``, normalised, and labels ``(N,)`` of this split's ``indices``.

        Raises:
            DataError: a file cannot be decoded.
        """
        members = self.members[indices]
        images = self.source.read(members, random if augmentation and augmentation.area else None)
        if augmentation is not None:
            images = augment(images, augmentation, random)
        return normalise(images, self.mean, self.std), self.source.labels[members]


def normalise(images: Images, mean: NDArray[np.float32], std: NDArray[np.float32]) -> NDArray[np.float32]:
    """``images`` less ``mean``, divided by ``std``, both ``(C, 1, 1)``; a few at a time."""
    found = torch.empty(images.shape)
    shift, scale = torch.from_numpy(mean), torch.from_numpy(std)
    each = max(1, _CHUNK // max(1, images[0].size)) if len(images) else 1
    for start in range(0, len(images), each):
        part = found[start : start + each]
        part.copy_(torch.from_numpy(images[start : start + each])).sub_(shift).div_(scale)
    array: NDArray[np.float32] = found.numpy()
    return array


@attrs.frozen
class FitRule:
    """How an image of another size than the input's becomes one for evaluation.

    Its central area with ``share`` of the limiting side, or all of it where that is None, is resized by the
    filter ``resize``, bicubic or bilinear.
    """

    share: float | None
    resize: str


def _in_a_line(key: str) -> str:
    return " ".join(key.split()) if any(sign in key for sign in "\t\n\r") else key


@attrs.frozen(eq=False)
class ImageData:
    """A data set: class names, its three splits, and how its training images are augmented.

    ``skipped`` counts the files in its place that are no images of a class; ``fitted`` says in words
    what is done to images so that they fit the input, if anything, and ``notes`` what else was understood.
    """

    name: str
    class_names: tuple[str, ...]
    train: Split
    validation: Split
    test: Split
    augmentation: Augmentation
    skipped: int = 0
    fitted: str = ""
    notes: tuple[str, ...] = ()
    rule: FitRule = FitRule(None, "bilinear")

    def record(self) -> DataRecord:
        """What the images are, wherever they lie."""
        found = []
        for name in ("train", "validation", "test"):
            split: Split = getattr(self, name)
            source = split.source
            official = "" if source is self.train.source else f"{name}/"
            keys, stamps, labels = source.keys, source.stamps, source.labels.tolist()
            found += [
                RecordedImage(
                    self.class_names[labels[member]],
                    official + _in_a_line(keys[member]),
                    name,
                    stamps[member],
                )
                for member in split.members.tolist()
            ]
        return DataRecord(self.class_names, found, tuple(self.sentences()))

    def sentences(self) -> list[str]:
        """What the images were understood to be, for the first lines of a run."""
        names = self.class_names
        ends = f"{names[0]} and {names[1]}" if len(names) == 2 else f"{names[0]} to {names[-1]}"
        counts = f"{len(self.train):,} training, {len(self.validation):,} validation, {len(self.test):,} test"
        said = [f"{len(names):,} classes, {ends}; {counts} images", *([self.fitted] if self.fitted else ())]
        return [f"{self.name}: {sentence}" for sentence in (*said, *self.notes)]

    @property
    def num_classes(self) -> int:
        """How many classes a classifier of these images needs."""
        return len(self.class_names)
