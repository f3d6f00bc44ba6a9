"""Image files to pixels with Pillow, as viewers show them; what is wrong with one is said with its name."""

import io
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile

from tunas_dsl.errors import DataError
from tunas_torch.data.augment import Size
from tunas_torch.data.listing import Files

T = TypeVar("T")

_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "AVIF", "PPM")
"""Pillow's other decoders see no file, whatever its name."""

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
CHANNELS = tuple(_MODES)
"""How many channels an image file can give."""

_ORIENTATION = 0x0112
_LYING = (5, 6, 7, 8)
"""EXIF orientations in which width and height change places."""

_JPEG = b"\xff\xd8\xff"
_LARGEST = Image.MAX_IMAGE_PIXELS
"""Pixels of a JPEG that is not decoded reduced."""
_REDUCED = 8
"""By how much a JPEG's sides can be reduced while it is decoded, in powers of 2."""

_DEPTHS = (8, 10, 12, 14, 16)


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
    image = _upright(image)
    mode = _MODES.get(channels, "RGB")
    if image.mode.startswith(("I", "F")):
        image = _in_eight_bits(image)
    if channels < 4 and (image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info):
        image = _on_white(image)
    return image.convert(mode)


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


def orientation(image: Image.Image) -> int:
    """The EXIF orientation of an opened image, 1 to 8, of which 1 is upright."""
    if image.format == "TIFF" or ("exif" not in image.info and image.format != "PNG"):  # Pillow turns TIFF
        return 1
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # what else is in EXIF may be damaged, and is of no interest
        return 1


def for_each(work: Callable[..., T], *arguments: Iterable[object], threads: bool) -> list[T]:
    """``map(work, *arguments)``, with ``threads`` on all processors: Pillow computes outside the lock."""
    with warnings.catch_warnings(), ThreadPoolExecutor() as pool:
        # Between one and two times Pillow's limit it only warns, and that much memory is there.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return list(pool.map(work, *arguments) if threads else map(work, *arguments))


def _upright(image: Image.Image) -> Image.Image:
    if orientation(image) == 1:
        return image
    try:
        return ImageOps.exif_transpose(image)
    except (ValueError, TypeError, KeyError):  # turned, but its other EXIF cannot be written again
        return image


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


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """Integers of more bits are scaled by the bits that the largest one fills; fractions by their range."""
    values = np.asarray(image)
    if values.dtype.kind == "f":
        low, high = (0.0, 1.0) if values.min() >= 0 and values.max() <= 1 else (values.min(), values.max())
        scaled = (values - low) * (255 / max(high - low, 1e-12))
        return Image.fromarray(np.nan_to_num(scaled).round().astype(np.uint8))
    values = np.clip(values, 0, 65535)
    top = int(values.max())
    depth = next(bits for bits in _DEPTHS if top < 1 << bits)
    return Image.fromarray((values >> (depth - 8)).astype(np.uint8))


def _on_white(image: Image.Image) -> Image.Image:
    clear = image.convert("RGBA")
    white = Image.new("RGBA", clear.size, "white")
    return Image.alpha_composite(white, clear).convert("RGB")


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
