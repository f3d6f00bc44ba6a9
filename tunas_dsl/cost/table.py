"""Latency tables: milliseconds by site, as JSON files (``grammars/latency_table.schema.json``)."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Literal

import attrs
import cattrs
import numpy as np
from cattrs.gen import make_dict_structure_fn, override
from numpy.typing import NDArray

from tunas_dsl.documents import (
    DocumentError,
    MisfitError,
    check_schema,
    finite,
    parse,
    strict_converter,
    structure,
)
from tunas_dsl.ir import space as ir
from tunas_dsl.resources import shipped

SCHEMA = "tunas.latency-table/1"

Axis = Literal["out", "in", "filters", "option"]
"""Output filters, input filters, filters where both are one decision, and the layer's own options."""


class TableError(Exception):
    """A latency table that is missing, malformed, or of another space; one line says what and where."""


@attrs.frozen(eq=False)
class TableSite:
    """The entries of one site, in ms; ``ms`` has one axis for each of ``options``, in their order."""

    site: str
    options: Mapping[str, tuple[int | str, ...]]
    ms: NDArray[np.float64]


@attrs.frozen(eq=False)
class LatencyTable:
    """What a device needs for any architecture of the space called ``space``.

    Its latency is ``intercept`` plus one entry of each site, all in ms. Sites are named
    ``block.layer``, activations, pools and endpoints counted as layers (facts 9.1).
    """

    name: str
    space: str
    device: str
    source: str
    intercept: float
    sites: tuple[TableSite, ...]


def load_table(name_or_path: str | Path, space: ir.Space) -> LatencyTable:
    """The table for ``space``: a shipped one by its name, such as ``pixel1``, or a file or folder.

    In a folder, the table of a space is the file ``<space>.json``.

    Raises:
        TableError: there is no table, it is malformed, or it is one of another space.
    """
    place = _locate(str(name_or_path))
    file = place / f"{space.name}.json" if place.is_dir() else place
    if not file.is_file():
        covered = ", ".join(f"`{name}`" for name in _covered(place)) or "no space"
        raise TableError(f"{name_or_path} has no table for the space `{space.name}`: it covers {covered}")
    try:
        table = read_table(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, DocumentError) as error:
        raise TableError(f"{file}: {error}") from None
    if table.space != space.name:
        raise TableError(f"{file} covers the space `{table.space}`: it is no table for `{space.name}`")
    return table


def read_table(text: str) -> LatencyTable:
    """The table that ``text`` writes.

    Raises:
        DocumentError: it is not JSON or not of the form of a table; the message names the place.
    """
    document = parse(text)
    check_schema(document, SCHEMA)
    body = {key: value for key, value in document.items() if key != "schema"}
    written = structure(_converter(), body, _Table)
    return LatencyTable(
        name=written.name,
        space=written.space,
        device=written.device,
        source=written.source,
        intercept=written.intercept,
        sites=tuple(_sites(written.sites)),
    )


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
class _Table:
    name: str
    space: str
    device: str
    unit: Literal["ms"]
    source: str
    intercept: float
    sites: tuple[_Site, ...]


@cache
def _converter() -> cattrs.Converter:
    converter = strict_converter()
    read = make_dict_structure_fn(
        _Site, converter, _cattrs_forbid_extra_keys=True, into=override(rename="in")
    )
    converter.register_structure_hook(_Site, read)
    return converter


def _sites(written: tuple[_Site, ...]) -> Iterator[TableSite]:
    seen: set[str] = set()
    for number, site in enumerate(written):
        place = f"$.sites[{number}]"
        if site.site in seen:
            raise DocumentError(f"{place}.site is `{site.site}` for the second time")
        seen.add(site.site)
        options = _options(site, place)
        lengths = [len(listed) for listed in options.values()]
        numbers = list(_numbers(site.ms, lengths, f"{place}.ms"))
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


def _locate(name_or_path: str) -> Traversable:
    tables = shipped("spaces") / "latency"
    names = sorted(folder.name for folder in tables.iterdir() if folder.is_dir())
    if name_or_path in names:
        return tables / name_or_path
    path = Path(name_or_path)
    if path.exists():
        return path
    raise TableError(
        f"there is no latency table `{name_or_path}`: it is neither a file or folder nor one of the shipped "
        f"tables ({', '.join(names)})"
    )


def _covered(place: Traversable) -> list[str]:
    """The spaces that the tables in a folder are for."""
    return sorted(file.name.removesuffix(".json") for file in place.iterdir() if file.name.endswith(".json"))
