"""A part of a JPEG, decoded no further and no larger than it has to be."""

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from tunas_torch.data.augment import Box, Size

_SEQUENTIAL = (0xC0, 0xC1)
"""Markers of frames that come in one scan, from the top down."""

_BLOCK = 16
"""Rows that are decoded together, at most; those below a row have a part in its colour."""

_END = b"\xff\xd9"
_TAIL = 1 << 10

_COLOURS = {1: "GRAY", 3: "RGB"}


def jpeg_part(content: bytes, size: Size, box: Box, target: Size, channels: int) -> NDArray[np.uint8] | None:
    """The part ``box`` of a JPEG of ``size``, ``(H, W, C)``, perhaps reduced, but not below ``target``.

    None where the file is not whole, or of a kind that is left to Pillow. Rows below the box are not decoded:
    a copy of the file's header says that the image ends there.
    """
    place = _height_place(content)
    if place is None or channels not in _COLOURS or _END not in content[-_TAIL:]:
        return None
    left, top, right, bottom = box
    rows = min(size[1], -(-(bottom + 1) // _BLOCK) * _BLOCK + _BLOCK)
    if rows < size[1]:
        content = content[:place] + rows.to_bytes(2, "big") + content[place + 2 :]
    factor = _reduction((right - left, bottom - top), target)
    try:
        found = simplejpeg.decode_jpeg(
            content,
            _COLOURS[channels],
            min_width=size[0] // factor if factor > 1 else 0,
            min_height=rows // factor if factor > 1 else 0,
            min_factor=factor,
            strict=False,
        )
    except ValueError:
        return None
    if factor > 1:
        left, top, right, bottom = (round(edge / factor) for edge in box)
    part: NDArray[np.uint8] = found[top:bottom, left:right]
    return np.ascontiguousarray(part)


def _reduction(size: Size, target: Size) -> int:
    """The largest of 1, 2, 4 and 8 by which ``size`` can be divided without falling below ``target``."""
    least = min(size[0] // target[0], size[1] // target[1])
    return next(factor for factor in (8, 4, 2, 1) if factor <= max(least, 1))


def _height_place(content: bytes) -> int | None:
    """Where the header of a sequential JPEG has its height, in two bytes."""
    place = 2
    while place + 9 < len(content) and content[place] == 0xFF:
        marker = content[place + 1]
        if marker in _SEQUENTIAL:
            return place + 5
        if marker in (0xC2, 0xDA):
            return None
        place += 2 + int.from_bytes(content[place + 2 : place + 4], "big")
    return None
