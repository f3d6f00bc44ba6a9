"""Latency tables as CSV: one operation a line, the columns named in the first."""

import csv
import io
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_args

from tunas_dsl.cost.signature import OPERATIONS, Shape, Signature
from tunas_dsl.cost.table import LatencyTable, Measurement
from tunas_dsl.errors import TableError
from tunas_dsl.ir import space as ir

REQUIRED = ("op", "input", "output", "ms")
OPTIONAL = ("kernel", "stride", "expanded", "squeezed", "act", "residual", "spread", "count")


def read_csv(text: str, file: Path) -> LatencyTable:
    """The table in the CSV ``text`` of ``file``.

    The columns ``op``, ``input``, ``output`` (both ``HxWxC``) and ``ms`` are required; there may be
    ``kernel``, ``stride``, ``expanded``, ``squeezed``, ``act``, ``residual`` (0 or 1), ``spread``, ``count``.

    Raises:
        TableError: it is no such table; the message names file and line.
    """
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    found: dict[Signature, Measurement] = {}
    lines: dict[Signature, int] = {}
    try:
        columns = _columns(next(rows, []), file)
        for row in rows:
            if not row:
                continue
            if len(row) != len(columns):
                wanted = f"{len(columns)} columns are named, but {len(row)} given"
                raise TableError(f"{file}:{rows.line_num}: {wanted}")
            cells = {name: cell.strip() for name, cell in zip(columns, row, strict=True) if cell.strip()}
            signature, measured = _operation(cells, f"{file}:{rows.line_num}")
            if signature in found:
                first = lines[signature]
                raise TableError(f"{file}:{rows.line_num}: the same operation as in line {first}")
            found[signature], lines[signature] = measured, rows.line_num
    except csv.Error as error:
        raise TableError(f"{file}:{rows.line_num}: it is no CSV: {error}") from None
    if not found:
        raise TableError(f"{file}: it has no operations")
    return LatencyTable(name=file.stem, device="unknown", source=f"CSV table {file.name}", operations=found)


def _columns(header: list[str], file: Path) -> list[str]:
    columns = [name.strip() for name in header]
    for name in REQUIRED:
        if name not in columns:
            raise TableError(f"{file}:1: there is no column `{name}`; required are {', '.join(REQUIRED)}")
    for number, name in enumerate(columns):
        if name not in (*REQUIRED, *OPTIONAL) or name in columns[:number]:
            what = "is there twice" if name in columns[:number] else "is unknown"
            raise TableError(f"{file}:1: the column `{name}` {what}")
    return columns


def _operation(cells: Mapping[str, str], place: str) -> tuple[Signature, Measurement]:
    def read(name: str, how: Callable[[str], Any], wanted: str, default: Any = None) -> Any:
        if name not in cells:
            if name in REQUIRED:
                raise TableError(f"{place}: `{name}` is empty")
            return default
        try:
            return how(cells[name])
        except (ValueError, KeyError):
            raise TableError(f"{place}: `{name}` is `{cells[name][:100]}`, not {wanted}") from None

    acts = get_args(ir.ActivationFunction)
    signature = Signature(
        op=read("op", _one_of(OPERATIONS), f"one of {', '.join(OPERATIONS)}"),
        input=read("input", _shape, "a shape HxWxC"),
        output=read("output", _shape, "a shape HxWxC"),
        kernel=read("kernel", _size, "a whole number from 1", 1),
        stride=read("stride", _size, "a whole number from 1", 1),
        expanded=read("expanded", _size, "a whole number from 1"),
        squeezed=read("squeezed", _size, "a whole number from 1"),
        act=read("act", _one_of(acts), f"one of {', '.join(acts)}"),
        residual=read("residual", {"0": False, "1": True}.__getitem__, "0 or 1", False),
    )
    if signature.flaw is not None:
        raise TableError(f"{place}: {signature.flaw}")
    ms = read("ms", _milliseconds, "a finite number from 0 on")
    spread = read("spread", _milliseconds, "a finite number from 0 on")
    return signature, Measurement(ms, spread, read("count", _size, "a whole number from 1"))


def _one_of(words: tuple[str, ...]) -> Callable[[str], str]:
    return {word: word for word in words}.__getitem__


def _size(written: str) -> int:
    if (
        not (written.isascii() and written.isdecimal())
        or not 1 <= int(written[:9]) <= 1_000_000
        or len(written) > 9
    ):
        raise ValueError(written)
    return int(written)


def _shape(written: str) -> Shape:
    height, width, channels = map(_size, written.split("x"))
    return height, width, channels


def _milliseconds(written: str) -> float:
    number = float(written)
    if "_" in written or not math.isfinite(number) or number < 0:
        raise ValueError(written)
    return number
