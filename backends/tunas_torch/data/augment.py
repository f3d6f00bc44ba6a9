"""Random changes of training images, and which part of a larger image is looked at (facts 11)."""

from fractions import Fraction

import attrs
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Images = NDArray[np.uint8]
"""``(N, C, H, W)``."""

Size = tuple[int, int]
"""Width and height in pixels, in Pillow's order."""

Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels; right and bottom lie outside."""

CENTRE = Fraction(224, 224 + 32)
"""The share of the short side that evaluation looks at in images larger than the input."""

_ATTEMPTS = 10


@attrs.frozen
class Augmentation:
    """Which random changes training images undergo.

    Images move by up to ``shift`` pixels in both directions, black moving in; with ``flip``, half of
    them are mirrored left to right; with ``area``, a random part of each larger image is looked at.
    """

    shift: int = 0
    flip: bool = False
    area: bool = False


def augment(images: Images, augmentation: Augmentation, random: np.random.Generator) -> Images:
    """``images`` moved and mirrored, each differently; random areas are for what decodes them."""
    if augmentation.shift:
        images = _shifted(images, augmentation.shift, random)
    if augmentation.flip:
        mirrored = random.random(len(images)) < 0.5
        images = images.copy()
        images[mirrored] = images[mirrored, ..., ::-1]
    return images


def _shifted(images: Images, pixels: int, random: np.random.Generator) -> Images:
    padded = np.pad(images, ((0, 0), (0, 0), (pixels, pixels), (pixels, pixels)))
    windows = sliding_window_view(padded, images.shape[2:], axis=(2, 3))  # (N, C, dy, dx, H, W)
    rows, columns = random.integers(0, 2 * pixels + 1, size=(2, len(images)))
    moved: Images = windows[np.arange(len(images)), :, rows, columns]
    return moved


def random_area(size: Size, random: np.random.Generator) -> Box | None:
    """A random part of an image: 8 to 100 % of its area, aspect 3/4 to 4/3, within ten attempts.

    Parts below 10 % are drawn again, as in the reference implementation. None if every attempt
    failed or the part is the whole image: the central area is to be taken then.
    """
    width, height = size
    for _ in range(_ATTEMPTS):
        area = width * height * random.uniform(0.08, 1)
        aspect = random.uniform(3 / 4, 4 / 3)
        wide, high = round((area * aspect) ** 0.5), round((area / aspect) ** 0.5)
        if wide <= width and high <= height and 10 * wide * high >= width * height:
            left = int(random.integers(0, width - wide + 1))
            top = int(random.integers(0, height - high + 1))
            return None if (wide, high) == size else (left, top, left + wide, top + high)
    return None
