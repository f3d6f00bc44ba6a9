"""Images of a folder or an archive, decoded when they are needed and kept in memory while they fit."""

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tunas_torch.data.augment import CENTRE, Augmentation, Box, Images, Size, random_area
from tunas_torch.data.decoding import for_each, image_size
from tunas_torch.data.files import Files, open_files
from tunas_torch.data.fitting import Pixels, exact_pixels, fast_pixels
from tunas_torch.data.images import FitRule, ImageData
from tunas_torch.data.layout import Layout, Listed, find_layout
from tunas_torch.data.pixels import central_area
from tunas_torch.data.splitting import SAMPLE, make_data

_CACHE_BYTES = 1 << 30
_LOOKED_AT = 64
"""Training images whose sizes are looked at."""
_WORTH_A_THREAD = 1 << 15
"""Pixels; smaller images take longer in threads, which wait for each other."""


class FolderSource:
    """Images of a folder or archive, in the size of the space's input, ``shape`` (C, H, W).

    An image of exactly that size is used as it is, of others the central area, of which ``centre``
    is the share of the limiting side; resized bicubically. With ``cached`` they stay in memory;
    with ``threads`` they are decoded on all processors.
    """

    def __init__(
        self,
        files: Files,
        images: Listed,
        shape: tuple[int, int, int],
        *,
        centre: Fraction,
        cached: bool,
        threads: bool,
    ) -> None:
        self.labels = images.labels
        self.keys = images.keys
        self._files = files
        self._names = images.names
        self._shape = shape
        self._centre = centre
        self._threads = threads
        self._cache = np.empty((len(images), *shape), np.uint8) if cached else None
        self._is_cached = np.zeros(len(images), bool)

    @cached_property
    def stamps(self) -> Sequence[int]:
        """The sizes of the files, in bytes."""
        return [self._files.sizes.get(name, 0) for name in self._names]

    def read(self, indices: NDArray[np.int64], area: np.random.Generator | None) -> Images:
        """The images of ``indices``; with ``area``, of a random part of each larger image.

        Raises:
            DataError: an image cannot be decoded; the message names it.
        """
        if area is not None or self._cache is None:
            return self._decoded(indices, area)
        missing = np.unique(indices[~self._is_cached[indices]])
        if len(missing):
            self._cache[missing] = self._decoded(missing, None)
            self._is_cached[missing] = True
        return self._cache[indices]

    def _decoded(self, indices: NDArray[np.int64], area: np.random.Generator | None) -> Images:
        # A seed for each image: threads finish in any order.
        seeds = [None] * len(indices) if area is None else area.integers(1 << 63, size=len(indices))
        pixels = for_each(self._pixels, indices, seeds, threads=self._threads)
        return np.stack(pixels).transpose(0, 3, 1, 2) if pixels else np.empty((0, *self._shape), np.uint8)

    def _pixels(self, index: int, seed: int | None) -> Pixels:
        target = self._shape[2], self._shape[1]

        def centre(size: Size) -> Box:
            return central_area(size, target, self._centre)

        if seed is None:
            return exact_pixels(self._files, self._names[index], self._shape, centre)
        random = np.random.default_rng(seed)

        def anywhere(size: Size) -> Box | None:
            if size == target:
                return None
            return random_area(size, random) or centre(size)

        return fast_pixels(self._files, self._names[index], self._shape, anywhere)


def open_folder(path: Path, image_shape: tuple[int, int, int], *, seed: int, holdout: float) -> ImageData:
    """The data set at ``path``, a folder or an archive; ``image_shape`` is (C, H, W).

    Where most images are so much larger than the input that their central 7/8 fill it, training
    looks at random areas and evaluation at the central 7/8; else images are used whole, and training
    moves and mirrors them.

    Raises:
        DataError: the layout of the folders is another, or a file cannot be used.
    """
    files = open_files(path)
    layout = find_layout(files)
    _, height, width = image_shape
    sizes = _sizes(files, layout)
    median: NDArray[np.float64] = np.median(sizes, axis=0)
    large = bool((median * float(CENTRE) >= (width, height)).all())
    augmentation = Augmentation(area=True, flip=True) if large else Augmentation(height // 8, flip=True)
    cached = sum(map(len, layout.splits.values())) * math.prod(image_shape) <= _CACHE_BYTES
    sources = {
        split: FolderSource(
            files,
            images,
            image_shape,
            centre=CENTRE if large else Fraction(1),
            cached=cached,
            threads=bool(median.prod() >= _WORTH_A_THREAD),
        )
        for split, images in layout.splits.items()
    }
    return make_data(
        path.stem,
        layout.classes,
        augmentation,
        sources["train"],
        sources.get("validation"),
        sources.get("test"),
        seed=seed,
        holdout=holdout,
        measured=SAMPLE,
        skipped=layout.skipped,
        notes=layout.notes,
        fitted=_fitted(sizes, (width, height), large),
        rule=FitRule(float(CENTRE) if large else 1.0, "bicubic"),
    )


def _fitted(sizes: NDArray[np.int64], size: tuple[int, int], large: bool) -> str:
    """What is done to images of these ``sizes`` so that they have one, in words; widths come first."""
    if (sizes == size).all():
        return ""
    width, height = np.median(sizes, axis=0).round().astype(int)
    typical = "" if (sizes == sizes[0]).all() else " in the median"
    cropped = large or (sizes[:, 0] * size[1] != sizes[:, 1] * size[0]).any()
    done = "cropped and resized" if cropped else "resized"
    return f"images of {height} x {width}{typical} are {done} to {size[1]} x {size[0]}"


def _sizes(files: Files, layout: Layout) -> NDArray[np.int64]:
    """Width and height of evenly spread training images, ``(N, 2)``."""
    images = layout.splits["train"].names
    names = images[:: -(-len(images) // _LOOKED_AT)]
    return np.array(for_each(image_size, [files] * len(names), names, threads=False))
