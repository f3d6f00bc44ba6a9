"""IDX files, the format of MNIST and Fashion-MNIST, plain or compressed with gzip."""

import gzip
import math
import zlib
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from tunas_dsl.errors import DataError

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
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            return _array(path, cast(BinaryIO, file), dimensions)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read: {error}") from None


def _array(path: Path, file: BinaryIO, dimensions: int) -> NDArray[np.uint8]:
    magic = file.read(4)
    if magic != bytes((0, 0, 8, dimensions)):  # 8: unsigned bytes
        raise DataError(
            f"{path} is no IDX file of bytes in {dimensions} dimensions: "
            f"it begins with {magic.hex() or 'nothing'}, not with {bytes((0, 0, 8, dimensions)).hex()}"
        )
    header = file.read(4 * dimensions)
    if len(header) < 4 * dimensions:
        raise DataError(f"{path} is truncated: it ends within its header")
    shape = tuple(map(int, np.frombuffer(header, ">u4")))
    size = math.prod(shape)
    if size > _LIMIT:
        raise DataError(f"{path} says that it holds {size} bytes, more than any image data in this format")
    pixels = file.read(size + 1)  # one more, to notice a file that goes on
    if len(pixels) != size:
        found = f"only {len(pixels)}" if len(pixels) < size else "more"
        raise DataError(f"{path} is damaged: its header says {size} bytes of data, but it holds {found}")
    return np.frombuffer(pixels, np.uint8).reshape(shape)
