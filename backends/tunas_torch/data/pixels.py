"""From an opened image to the pixels that a network is shown when it is judged.

Exported modules contain this one, so it needs Pillow alone, and NumPy for deep samples.
"""

from fractions import Fraction

from PIL import Image, ImageOps

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_FILTERS = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}
_CLEAR = ("RGBA", "LA", "PA", "La", "RGBa")
_DEPTHS = (8, 10, 12, 14, 16)
_ORIENTATION = 0x0112


def fit_image(
    image: Image.Image, channels: int, size: tuple[int, int], share: float | None, resize: str
) -> Image.Image:
    """``image`` as it is shown, in ``size`` (width and height in pixels).

    Of another size, its central area with ``share`` of the limiting side is resized; without one, all of it.
    """
    image = to_shown(image, channels)
    if image.size == size:
        return image
    if share is not None:
        image = image.crop(central_area(image.size, size, Fraction(share)))
    return image.resize(size, _FILTERS[resize])


def to_shown(image: Image.Image, channels: int) -> Image.Image:
    """``image`` upright, in 8 bits, white where it is transparent; grey for one channel, else in colour."""
    image = _upright(image)
    if image.mode.startswith(("I", "F")):
        image = _in_eight_bits(image)
    if channels < 4 and (image.mode in _CLEAR or "transparency" in image.info):
        clear = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear).convert("RGB")
    return image.convert(_MODES.get(channels, "RGB"))


def central_area(
    size: tuple[int, int], target: tuple[int, int], share: Fraction
) -> tuple[int, int, int, int]:
    """The central part of an image of ``size`` in the proportions of ``target``.

    It takes ``share`` of the side that limits it, rounded down.
    """
    scale = share * min(Fraction(side, wanted) for side, wanted in zip(size, target, strict=True))
    width, height = (max(1, int(scale * wanted)) for wanted in target)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return left, top, left + width, top + height


def orientation(image: Image.Image) -> int:
    """The EXIF orientation of an opened image, 1 to 8, of which 1 is upright."""
    if image.format == "TIFF" or ("exif" not in image.info and image.format != "PNG"):  # Pillow turns TIFF
        return 1
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # what else is in EXIF may be damaged, and is of no interest
        return 1


def _upright(image: Image.Image) -> Image.Image:
    if orientation(image) == 1:
        return image
    try:
        return ImageOps.exif_transpose(image)
    except (ValueError, TypeError, KeyError):  # its other EXIF cannot be written again
        return image


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """Integers of more bits are scaled by the bits that the largest one fills; fractions by their range."""
    import numpy as np

    values = np.asarray(image)
    if values.dtype.kind == "f":
        low, high = (0.0, 1.0) if values.min() >= 0 and values.max() <= 1 else (values.min(), values.max())
        scaled = (values - low) * (255 / max(high - low, 1e-12))
        return Image.fromarray(np.nan_to_num(scaled).round().astype(np.uint8))
    values = np.clip(values, 0, 65535)
    top = int(values.max())
    depth = next(bits for bits in _DEPTHS if top < 1 << bits)
    return Image.fromarray((values >> (depth - 8)).astype(np.uint8))
