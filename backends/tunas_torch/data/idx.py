"""IDX files, the format of MNIST and Fashion-MNIST, plain or compressed with gzip."""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tunas_dsl.search.errors import DataError

_LIMIT = 1 << 31
"""Bytes that no file of this kind has."""


def read_idx(folder: Path, name: str, dimensions: int) -> NDArray[np.uint8]:
    """The array in ``folder/name`` or ``folder/name.gz``.

    Raises:
        DataError: the file is missing, truncated, or no IDX file of bytes of so many dimensions.
    """
    path = folder / name
    if not path.is_file():
        path = folder / f"{name}.gz"
    if not path.is_file():
        raise DataError(f"there is no file {folder / name} or {name}.gz")
    try:
        raw = _content(path)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    magic = bytes((0, 0, 8, dimensions))
    if raw[:4] != magic:
        raise DataError(
            f"{path} is no IDX file of {dimensions} dimensions: it begins with {raw[:4].hex() or 'nothing'}"
        )
    header = 4 + 4 * dimensions
    if len(raw) < header:
        raise DataError(f"{path} is truncated: it ends within its header")
    shape = tuple(int(n) for n in np.frombuffer(raw, ">u4", dimensions, 4))
    if len(raw) - header != math.prod(shape):
        raise DataError(
            f"{path} is damaged: {len(raw) - header} bytes of data, but its header says {math.prod(shape)}"
        )
    return np.frombuffer(raw, np.uint8, offset=header).reshape(shape)


def _content(path: Path) -> bytes:
    if path.suffix != ".gz":
        return path.read_bytes()
    with gzip.open(path) as file:
        raw = file.read(_LIMIT)
    if len(raw) >= _LIMIT:
        raise DataError(f"{path} is larger than any image data in this format")
    return raw
