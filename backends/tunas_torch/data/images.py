"""Images with labels: what a source of them gives, a split, and a data set of three splits."""

from typing import Protocol

import attrs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tunas_torch.data.augment import Augmentation, Images, augment


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
    """Grey images in memory, ``(N, H, W)``, fitted to ``shape`` (C, H, W) as they are read."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    shape: tuple[int, int, int]

    @property
    def fitted(self) -> str:
        """What is done to the images so that they have the shape; empty where that is nothing."""
        (height, width), (channels, *size) = self.images.shape[1:], self.shape
        resized = f"images of {height} x {width} are resized to {size[0]} x {size[1]}"
        done = [resized] if [height, width] != size else []
        return ", ".join([*done, f"grey is repeated in {channels} channels"] if channels > 1 else done)

    def read(self, indices: NDArray[np.int64], area: np.random.Generator | None) -> Images:
        """The images of ``indices``, whole, resized bilinearly where the shape is another."""
        channels, height, width = self.shape
        images = self.images[indices]
        if images.shape[1:] != (height, width):
            images = np.stack([_resized(image, (width, height)) for image in images])
        return np.repeat(images[:, None], channels, axis=1)


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
        normalised = (images.astype(np.float32, order="C") - self.mean) / self.std
        return normalised, self.source.labels[members]


@attrs.frozen(eq=False)
class ImageData:
    """A data set: class names, its three splits, and how its training images are augmented.

    ``skipped`` counts the files in its place that are no images in a class folder; ``fitted`` says in words
    what is done to images so that they fit the input, if anything.
    """

    name: str
    class_names: tuple[str, ...]
    train: Split
    validation: Split
    test: Split
    augmentation: Augmentation
    skipped: int = 0
    fitted: str = ""

    @property
    def num_classes(self) -> int:
        """How many classes a classifier of these images needs."""
        return len(self.class_names)
