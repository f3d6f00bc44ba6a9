"""A pair of PyTorch data sets as images: one to train on, one to validate on."""

from collections.abc import Sequence
from typing import Any, cast

import attrs
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from tunas_dsl.errors import DataError
from tunas_torch.data.augment import Augmentation, Images
from tunas_torch.data.images import ImageData
from tunas_torch.data.splitting import SAMPLE, make_data

HOLDOUT = 0.1
"""The share of the training images that are kept as test images, which a pair has none of."""


def open_pair(pair: object, shape: tuple[int, int, int], *, seed: int) -> ImageData:
    """The images of ``pair``, two data sets whose items are an image and the number of its class.

    An image is one of PIL, or an array or tensor, ``(H, W)`` or ``(C, H, W)``, of bytes, or of floats from
    0 to 1. Each is resized to ``shape`` (C, H, W) where it has another size. Augmentation is the data set's
    own: nothing is added to it. Class names are its attribute ``classes``, or numbers.

    Raises:
        DataError: it is no pair of data sets, or an item is something else.
    """
    if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
        raise DataError("the data are neither a name nor a pair of data sets, to train and to validate on")
    train, validation = (_ItemSource(name, one, shape) for name, one in zip(_PARTS, pair, strict=True))
    names = tuple(map(str, getattr(pair[0], "classes", None) or range(int(train.labels.max()) + 1)))
    for part in (train, validation):
        if part.labels.max() >= len(names):
            raise DataError(f"{part.name} has an item of class {part.labels.max()}, of {len(names)} classes")
    name = type(pair[0]).__name__
    return make_data(
        name, names, Augmentation(), train, validation, seed=seed, holdout=HOLDOUT, measured=SAMPLE
    )


_PARTS = ("the training data", "the validation data")


@attrs.define(eq=False)
class _ItemSource:
    """A data set's items; their labels are read once, at the start."""

    name: str
    items: Any
    shape: tuple[int, int, int]
    labels: NDArray[np.int64] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.labels = self._read_labels()

    @property
    def keys(self) -> Sequence[str]:
        """The numbers of the items."""
        return [f"{self.name}:{number}" for number in range(len(self.labels))]

    @property
    def stamps(self) -> Sequence[int]:
        """The classes: pixels may be others each time, where the data set augments them."""
        return [int(label) for label in self.labels]

    def read(self, indices: NDArray[np.int64], area: np.random.Generator | None) -> Images:
        """The images of ``indices``; a data set's own transforms cut its areas, so that none is cut here."""
        return np.stack([self._image(int(index)) for index in indices])

    def _read_labels(self) -> NDArray[np.int64]:
        try:
            count = len(self.items)
        except TypeError:
            raise DataError(f"{self.name} have no length: an iterable data set cannot be split") from None
        targets = getattr(self.items, "targets", None)  # as torchvision's data sets have them, without images
        if targets is None or len(targets) != count:
            targets = [self._item(index)[1] for index in range(count)]
        labels = np.asarray(targets, dtype=np.int64).reshape(-1)
        if not count or labels.min() < 0:
            raise DataError(f"{self.name} are empty" if not count else f"{self.name} have a class below 0")
        return labels

    def _item(self, index: int) -> tuple[Any, int]:
        try:
            image, label = self.items[index]
            return image, int(label)
        except (TypeError, ValueError) as error:
            raise DataError(f"{self.name}: item {index} is no image with the number of its class") from error

    def _image(self, index: int) -> NDArray[np.uint8]:
        where = f"{self.name}: item {index}"
        array = _pixels(self._item(index)[0], self.shape[0])
        if array.ndim != 3 or array.shape[2] not in (1, self.shape[0]):
            shape = " x ".join(map(str, np.moveaxis(array, -1, 0).shape if array.ndim else ()))
            raise DataError(f"{where} is {shape or 'a number'}, but the space takes {self.shape[0]} x H x W")
        return self._fitted(_as_bytes(array, where))

    def _fitted(self, array: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """``(H, W, C)`` of any size as ``(C, H, W)`` of the shape; grey is repeated in all channels."""
        _, height, width = self.shape
        planes = list(np.ascontiguousarray(array.transpose(2, 0, 1)))
        if array.shape[:2] != (height, width):
            resample = Image.Resampling.BILINEAR
            planes = [np.asarray(Image.fromarray(one).resize((width, height), resample)) for one in planes]
        fitted: NDArray[np.uint8] = np.broadcast_to(np.stack(planes), self.shape)
        return fitted


def _pixels(image: object, channels: int) -> NDArray[Any]:
    """An image as ``(H, W, C)``; of a picture, as many channels as are wanted."""
    if isinstance(image, Image.Image):
        array = np.asarray(image.convert("RGB" if channels == 3 else "L"))
    else:
        array = image.detach().cpu().numpy() if isinstance(image, torch.Tensor) else np.asarray(image)
        array = np.moveaxis(array, 0, -1) if array.ndim == 3 else array
    return array[..., None] if array.ndim == 2 else array


def _as_bytes(array: NDArray[Any], where: str) -> NDArray[np.uint8]:
    """Pixels from 0 to 255; floats are from 0 to 1."""
    if array.dtype == np.uint8:
        return cast(NDArray[np.uint8], array)
    if not np.issubdtype(array.dtype, np.floating):
        raise DataError(f"{where} has {array.dtype} pixels: give bytes, or floats from 0 to 1")
    if not np.isfinite(array).all() or array.min() < 0 or array.max() > 1:
        raise DataError(f"{where} has pixels outside of 0 to 1: leave normalising to the search")
    pixels: NDArray[np.uint8] = np.rint(array * 255).astype(np.uint8)
    return pixels
