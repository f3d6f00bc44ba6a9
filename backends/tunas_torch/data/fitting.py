"""Image files to arrays of the input's size: exactly, for what is judged; and fast, for what trains."""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image

from tunas_torch.data.augment import Box, Size
from tunas_torch.data.decoding import opened, to_pixels, upright_size
from tunas_torch.data.jpeg import jpeg_part
from tunas_torch.data.listing import Files
from tunas_torch.data.pixels import orientation

Pixels = NDArray[np.uint8]
"""``(H, W, C)``."""

Choose = Callable[[Size], Box | None]
"""Which part of an image of some size is looked at; None is all of it."""


def exact_pixels(files: Files, name: str, shape: tuple[int, int, int], choose: Choose) -> Pixels:
    """The part of an image file that ``choose`` says, resized bicubically by Pillow, in ``shape`` (C, H, W).

    Raises:
        DataError: it cannot be decoded.
    """
    channels, height, width = shape
    with opened(files, name) as (image, _):
        size = upright_size(image)
        pixels = to_pixels(image, channels)
        if size != (width, height):
            box = choose(size)
            if box is not None:
                pixels = pixels.crop(_scaled(box, pixels.size, size))
            pixels = pixels.resize((width, height), Image.Resampling.BICUBIC)
        return _array(pixels)


def fast_pixels(files: Files, name: str, shape: tuple[int, int, int], choose: Choose) -> Pixels:
    """The same, up to rounding: decoded reduced where enough is left, and resized by PyTorch, the faster.

    Raises:
        DataError: it cannot be decoded.
    """
    channels, height, width = shape
    target = width, height
    with opened(files, name) as (image, content):
        size = upright_size(image)
        box = choose(size) or (0, 0, *size)
        if image.format == "JPEG" and image.mode in ("RGB", "L") and orientation(image) == 1:
            part = jpeg_part(content, size, box, target, channels)
            if part is not None:
                return resize_pixels(part, target)
        wanted = [side * wide // max(1, end - start) for side, wide, start, end in _sides(size, target, box)]
        pixels = to_pixels(image, channels, (wanted[0], wanted[1]))
        return resize_pixels(_array(pixels.crop(_scaled(box, pixels.size, size))).copy(), target)


def resize_pixels(pixels: Pixels, size: Size) -> Pixels:
    """``pixels`` in the width and height ``size``, bicubically, averaging where they get fewer."""
    if pixels.shape[1::-1] == size:
        return pixels
    images = torch.from_numpy(pixels).permute(2, 0, 1)[None]
    found = F.interpolate(images, size=size[::-1], mode="bicubic", antialias=True, align_corners=False)
    array: Pixels = found[0].permute(1, 2, 0).numpy()
    return array


def _sides(size: Size, target: Size, box: Box) -> list[tuple[int, int, int, int]]:
    return [(size[0], target[0], box[0], box[2]), (size[1], target[1], box[1], box[3])]


def _scaled(box: Box, found: Size, size: Size) -> Box:
    """``box`` of an image of ``size`` in one that was decoded as large as ``found``."""
    if found == size:
        return box
    across, down = found[0] / size[0], found[1] / size[1]
    left, top = round(box[0] * across), round(box[1] * down)
    return left, top, max(left + 1, round(box[2] * across)), max(top + 1, round(box[3] * down))


def _array(image: Image.Image) -> Pixels:
    pixels = np.asarray(image)
    return pixels[..., None] if pixels.ndim == 2 else pixels
