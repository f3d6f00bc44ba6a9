"""Image files to pixels with Pillow; whatever is wrong with one is said with its name."""

import io
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import numpy as np
from PIL import Image, UnidentifiedImageError

from tunas_dsl.errors import DataError
from tunas_torch.data.augment import Size
from tunas_torch.data.files import Files

T = TypeVar("T")

_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
"""Pillow's other decoders see no file, whatever its name."""


def decode(files: Files, name: str, channels: int) -> Image.Image:
    """The first frame of an image file, in 8 bits, grey for one channel, else in colour.

    Raises:
        DataError: the file cannot be decoded.
    """
    with _opened(files, name) as image:
        if image.mode.startswith("I"):  # Pillow would cut 16 bits off at 255
            image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
        if "transparency" in image.info:  # Pillow warns where a palette loses it directly
            image = image.convert("RGBA")
        return image.convert("L" if channels == 1 else "RGB")


def image_size(files: Files, name: str) -> Size:
    """Width and height of an image file, from its header.

    Raises:
        DataError: the file is no image.
    """
    with _opened(files, name) as image:
        return image.size


def for_each(work: Callable[..., T], *arguments: Iterable[object], threads: bool) -> list[T]:
    """``map(work, *arguments)``, with ``threads`` on all processors: Pillow computes outside Python's lock.

    What Pillow only warns of, an image so large that it may be an attack, is an error there.
    """
    with warnings.catch_warnings(), ThreadPoolExecutor() as pool:
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        return list(pool.map(work, *arguments) if threads else map(work, *arguments))


@contextmanager
def _opened(files: Files, name: str) -> Iterator[Image.Image]:
    try:
        with Image.open(io.BytesIO(files.read(name)), formats=_FORMATS) as image:
            yield image
    except UnidentifiedImageError:
        formats = f"{', '.join(_FORMATS[:-1])} or {_FORMATS[-1]}"
        raise DataError(f"{files.place} has `{name}`, whose content is no {formats} image") from None
    except Exception as error:  # decoders raise nearly anything on damaged bytes
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{files.place} has `{name}`, which cannot be decoded: {reason}") from None
