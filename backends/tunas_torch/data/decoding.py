"""Image files to pixels with Pillow, as viewers show them; what is wrong with one is said with its name."""

import io
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from PIL import Image, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile

from tunas_dsl.errors import DataError
from tunas_torch.data.augment import Size
from tunas_torch.data.listing import Files
from tunas_torch.data.pixels import orientation, to_shown

T = TypeVar("T")

_pool: ThreadPoolExecutor | None = None

_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "AVIF", "PPM")
"""Pillow's other decoders see no file, whatever its name."""

_LYING = (5, 6, 7, 8)
"""EXIF orientations in which width and height change places."""

_JPEG = b"\xff\xd8\xff"
_LARGEST = Image.MAX_IMAGE_PIXELS
"""Pixels of a JPEG that is not decoded reduced."""
_REDUCED = 8
"""By how much a JPEG's sides can be reduced while it is decoded, in powers of 2."""


def decode(files: Files, name: str, channels: int, at_least: Size | None = None) -> Image.Image:
    """The first frame of an image file, upright, in 8 bits, grey for one channel, else in colour.

    What is transparent shows white, and deeper samples are scaled by the bits that they fill. A JPEG may come
    smaller by a factor of 2, 4 or 8, but not below the size ``at_least``, or where it is huge.

    Raises:
        DataError: the file cannot be decoded.
    """
    with opened(files, name) as (image, _):
        return to_pixels(image, channels, at_least)


def to_pixels(image: Image.Image, channels: int, at_least: Size | None = None) -> Image.Image:
    """An opened image as :func:`decode` gives it."""
    _draft(image, at_least)
    return to_shown(image, channels)


def image_size(files: Files, name: str) -> Size:
    """Width and height of an image file as it is shown, from its header.

    Raises:
        DataError: the file is no image.
    """
    with opened(files, name) as (image, _):
        return upright_size(image)


def upright_size(image: Image.Image) -> Size:
    """Width and height of an opened image as it is shown, from its header."""
    width, height = image.size
    return (height, width) if orientation(image) in _LYING else (width, height)


def use_workers(count: int | None) -> None:
    """Let :func:`for_each` have so many threads; None is one for each processor, as it is at first."""
    global _pool
    _pool = None if count is None else ThreadPoolExecutor(count, thread_name_prefix="decoding")


def for_each(work: Callable[..., T], *arguments: Iterable[object], threads: bool) -> list[T]:
    """``map(work, *arguments)``, with ``threads`` on all processors: images are decoded outside the lock.

    Threads measure faster than processes, which have to send what they decoded; and what they give does not
    depend on how many there are.
    """
    with warnings.catch_warnings():
        # Between one and two times Pillow's limit it only warns, and that much memory is there.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return list(_workers().map(work, *arguments) if threads else map(work, *arguments))


def _workers() -> ThreadPoolExecutor:
    global _pool
    if _pool is None:
        _pool = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="decoding")
    return _pool


def _draft(image: Image.Image, at_least: Size | None) -> None:
    """Let a JPEG be decoded smaller, where that is enough or it is huge."""
    if not isinstance(image, JpegImageFile):
        return
    width, height = image.size
    if at_least is None:
        at_least = width, height
    elif orientation(image) in _LYING:
        at_least = at_least[::-1]
    factor = 1
    while _LARGEST is not None and width * height > _LARGEST * factor**2:
        factor *= 2
    wanted = min(at_least[0], width // factor), min(at_least[1], height // factor)
    if wanted != (width, height):
        image.draft(image.mode, wanted)


@contextmanager
def opened(files: Files, name: str) -> Iterator[tuple[Image.Image, bytes]]:
    """An image whose pixels are not decoded yet, and the content of its file.

    Raises:
        DataError: it cannot be decoded; also what goes wrong within the context.
    """
    place = files.place
    try:
        content = files.read(name)
        with _open(content) as image:
            yield image, content
    except DataError:
        raise
    except (UnidentifiedImageError, SyntaxError):
        formats = f"{', '.join(_FORMATS[:-1])} or {_FORMATS[-1]}"
        raise DataError(f"{place} has `{name}`, whose content is no {formats} image") from None
    except Exception as error:  # decoders raise nearly anything on damaged bytes
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{place} has `{name}`, which cannot be decoded: {reason}") from None


def _open(content: bytes) -> Image.Image:
    """A JPEG is opened whatever its size, since it can be decoded reduced; others within Pillow's limits."""
    if not content.startswith(_JPEG):
        return Image.open(io.BytesIO(content), formats=_FORMATS)
    image = JpegImageFile(io.BytesIO(content))
    width, height = image.size
    if _LARGEST is not None and width * height > _LARGEST * _REDUCED**2:
        raise ValueError(f"it says that it has {width * height} pixels")
    return image
