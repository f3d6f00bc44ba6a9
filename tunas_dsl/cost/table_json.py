"""Latency tables as JSON text (``grammars/latency_table.schema.json``), read strictly."""

import json
import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any, Literal

import attrs
import cattrs
import numpy as np
from cattrs.gen import make_dict_structure_fn, override

from tunas_dsl.cost.signature import LARGEST, MOST_RUNS, OPERATIONS, Signature, kind_order
from tunas_dsl.cost.table import LatencyTable, Measurement, SpreadKind, TableSite
from tunas_dsl.errors import DocumentError
from tunas_dsl.ir import space as ir
from tunas_dsl.kinds import find_kind
from tunas_dsl.storage.documents import MisfitError, check_schema, finite, parse, strict_converter, structure

SCHEMA = "tunas.latency-table/1"

Axis = Literal["out", "in", "filters", "option"]
"""Output filters, input filters, filters where both are one decision, and the layer's own options."""

_SIGNATURE = ("kernel", "stride", "expanded", "squeezed", "act", "residual")
_LINE = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SITE = re.compile(r"[0-9]+\.[0-9]+", re.ASCII)
_LABEL = re.compile(r"[a-z0-9_=/]+( [a-z0-9_=/]+)*")


def read_table(text: str) -> LatencyTable:
    """The table that ``text`` writes.

    Raises:
        DocumentError: it is not JSON or not of the form of a table; the message names the place.
    """
    document = parse(text)
    check_schema(document, SCHEMA)
    body = {key: value for key, value in document.items() if key != "schema"}
    written = structure(_converter(), body, _Table)
    if (written.sites is None) == (written.operations is None):
        raise DocumentError("$ has to have either sites or operations")
    if (written.sites is None) != (written.space is None):
        raise DocumentError("$.space belongs to sites: a table of operations is for any space")
    _check_head(written)
    return LatencyTable(
        name=written.name,
        space=written.space,
        device=written.device,
        source=written.source,
        intercept=written.intercept or 0.0,
        sites=tuple(_sites(written.sites or (), may_be_negative=bool(written.intercept))),
        operations=dict(_operations(written.operations or ())),
        runtime=written.runtime,
        threads=written.threads,
        date=written.date,
        spread_kind=written.spread_kind,
    )


def write_table(table: LatencyTable) -> str:
    """``table`` as JSON, one operation a line, sorted, so that two versions can be compared line by line.

    Only for tables of operations: those of sites are written by hand or by their publishers.
    """
    head: dict[str, Any] = {
        "schema": SCHEMA,
        "name": table.name,
        "device": table.device,
        "runtime": table.runtime,
        "threads": table.threads,
        "date": table.date,
        "unit": "ms",
        "spread_kind": table.spread_kind,
        "source": table.source,
        "intercept": table.intercept or None,
    }
    lines = [f" {json.dumps(key)}: {_line(value)}," for key, value in head.items() if value is not None]
    entries = [
        "  " + _line(_entry(signature, table.operations[signature]))
        for signature in sorted(table.operations, key=order)
    ]
    return "\n".join(["{", *lines, ' "operations": [', ",\n".join(entries), " ]", "}", ""])


def order(signature: Signature) -> tuple[Any, ...]:
    """A key to sort signatures by: from the input of the network to its output, as far as shapes tell."""
    fields = attrs.astuple(signature, recurse=False)[1:]
    sizes = (-signature.input[0] * signature.input[1], kind_order(signature.op))
    return (*sizes, *(("" if field is None else str(field)).rjust(24) for field in fields))


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _entry(signature: Signature, measured: Measurement) -> dict[str, Any]:
    said = {**attrs.asdict(signature), **attrs.asdict(measured)}
    defaults = {"kernel": 1, "stride": 1, "residual": False}
    return {key: value for key, value in said.items() if value is not None and defaults.get(key) != value}


@attrs.frozen(eq=False)
class _Site:
    """A site as it is written, before lists and axes are held against each other."""

    site: str
    axes: tuple[Axis, ...]
    ms: Any
    out: tuple[int, ...] | None = None
    into: tuple[int, ...] | None = None  # `in` is a word of Python
    filters: tuple[int, ...] | None = None
    option: tuple[str, ...] | None = None

    def listed(self) -> dict[str, tuple[int, ...] | tuple[str, ...]]:
        """The options of each axis that has a list."""
        lists = {"out": self.out, "in": self.into, "filters": self.filters, "option": self.option}
        return {axis: options for axis, options in lists.items() if options is not None}


@attrs.frozen(eq=False)
class _Operation:
    """An operation as it is written: its signature and its latency side by side."""

    op: str
    input: tuple[int, ...]
    output: tuple[int, ...]
    ms: float
    kernel: int = 1
    stride: int = 1
    expanded: int | None = None
    squeezed: int | None = None
    act: ir.ActivationFunction | None = None
    residual: bool = False
    spread: float | None = None
    count: int | None = None


@attrs.frozen(eq=False)
class _Table:
    name: str
    device: str
    unit: Literal["ms"]
    source: str
    space: str | None = None
    intercept: float | None = None
    sites: tuple[_Site, ...] | None = None
    operations: tuple[_Operation, ...] | None = None
    runtime: str | None = None
    threads: int | None = None
    date: str | None = None
    spread_kind: SpreadKind | None = None


@cache
def _converter() -> cattrs.Converter:
    converter = strict_converter()
    read = make_dict_structure_fn(
        _Site, converter, _cattrs_forbid_extra_keys=True, into=override(rename="in")
    )
    converter.register_structure_hook(_Site, read)
    return converter


def _check_head(table: _Table) -> None:
    if not (table.sites or table.operations):
        raise DocumentError(f"$.{'operations' if table.sites is None else 'sites'} is empty")
    for key in ("name", "device", "source", "runtime", "date"):
        said = getattr(table, key)
        if said is not None and not _LINE.fullmatch(said):
            raise DocumentError(f"$.{key} is empty, or more than a line of text")
    if table.threads is not None and not 1 <= table.threads <= LARGEST:
        raise DocumentError(f"$.threads is not from 1 to {LARGEST:,}")
    if table.date is not None and not _is_date(table.date):
        raise DocumentError(f"$.date is {json.dumps(table.date)}, not a day such as 2026-11-25")


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _operations(written: tuple[_Operation, ...]) -> Iterator[tuple[Signature, Measurement]]:
    seen: dict[Signature, int] = {}
    for number, entry in enumerate(written):
        place = f"$.operations[{number}]"
        if entry.op not in OPERATIONS and find_kind(entry.op) is None:
            raise DocumentError(f"{place}.op is none of {', '.join(OPERATIONS)}")
        if len(entry.input) != 3 or len(entry.output) != 3:
            raise DocumentError(f"{place}: input and output are [height, width, channels]")
        shapes = {"input": tuple(entry.input), "output": tuple(entry.output)}
        fields = {name: getattr(entry, name) for name in ("op", *_SIGNATURE)}
        signature = Signature(**fields, **shapes)  # type: ignore[arg-type]
        if signature.flaw is not None:
            raise DocumentError(f"{place}: {signature.flaw}")
        for key in ("ms", "spread"):
            if (getattr(entry, key) or 0) < 0:
                raise DocumentError(
                    f"{place}.{key} is {getattr(entry, key)}: what is measured is not negative"
                )
        if entry.count is not None and not 1 <= entry.count <= MOST_RUNS:
            raise DocumentError(f"{place}.count is not from 1 to {MOST_RUNS:,}")
        if signature in seen:
            raise DocumentError(
                f"{place} is the same operation as $.operations[{seen[signature]}]: {signature}"
            )
        seen[signature] = number
        yield signature, Measurement(entry.ms, entry.spread, entry.count)


def _sites(written: tuple[_Site, ...], *, may_be_negative: bool) -> Iterator[TableSite]:
    seen: set[str] = set()
    for number, site in enumerate(written):
        place = f"$.sites[{number}]"
        if not _SITE.fullmatch(site.site):
            raise DocumentError(
                f"{place}.site is {json.dumps(site.site)}: a site is block.layer, such as 3.0"
            )
        if site.site in seen:
            raise DocumentError(f"{place}.site is `{site.site}` for the second time")
        seen.add(site.site)
        options = _options(site, place)
        lengths = [len(listed) for listed in options.values()]
        numbers = list(_numbers(site.ms, lengths, f"{place}.ms"))
        if not may_be_negative and any(ms < 0 for ms in numbers):
            raise DocumentError(
                f"{place}.ms has {min(numbers)}: without an intercept, no latency is negative"
            )
        yield TableSite(site.site, options, np.array(numbers, dtype=np.float64).reshape(lengths))


def _options(site: _Site, place: str) -> dict[str, tuple[int | str, ...]]:
    listed = site.listed()
    if len(set(site.axes)) < len(site.axes):
        raise DocumentError(f"{place}.axes has an axis twice")
    for axis in set(site.axes) ^ set(listed):
        how = (
            "is missing: it is one of the axes" if axis in site.axes else "is given, but not one of the axes"
        )
        raise DocumentError(f"{place}.{axis} {how}")
    for axis, options in listed.items():
        if not options or len(set(options)) < len(options):
            raise DocumentError(f"{place}.{axis} is empty or has an option twice")
        for number, option in enumerate(options):
            if isinstance(option, int) and not 1 <= option <= LARGEST:
                raise DocumentError(f"{place}.{axis}[{number}] is not from 1 to {LARGEST:,}")
            if isinstance(option, str) and not _LABEL.fullmatch(option):
                raise DocumentError(f"{place}.{axis}[{number}] is {json.dumps(option)}, which says no option")
    return {axis: listed[axis] for axis in site.axes}


def _numbers(entry: Any, lengths: list[int], place: str) -> Iterator[float]:
    """The numbers in nested lists of ``lengths``, first index slowest."""
    if not lengths:
        try:
            yield finite(entry)
        except MisfitError as error:
            raise DocumentError(f"{place} {error}") from None
        return
    if not isinstance(entry, list) or len(entry) != lengths[0]:
        raise DocumentError(f"{place} is no list of {lengths[0]}, one for each option of its axis")
    for number, inner in enumerate(entry):
        yield from _numbers(inner, lengths[1:], f"{place}[{number}]")
