"""The look-up tables of ProxylessNAS and of once-for-all: YAML whose keys say the operation.

A key reads ``expanded_conv-input:56x56x24-output:28x28x40-expand:3-kernel:5-stride:2-idskip:0``. In
ProxylessNAS, ``expand`` is the ratio; in once-for-all, whose keys end in ``-se:1-hs:1``, the width inside.
"""

import math
import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import attrs
import yaml

from tunas_dsl.cost.signature import LARGEST, MOST_RUNS, Shape, Signature
from tunas_dsl.cost.table import LatencyTable, Measurement, SpreadKind
from tunas_dsl.errors import TableError
from tunas_dsl.kinds.numbers import make_divisible

MAX_CHARACTERS = 4_000_000

_KEY = re.compile(
    r"(?P<op>expanded_conv|Conv|Conv_1|Conv_2|AvgPool2D|Logits)"
    r"-input:(?P<input>[0-9x]+)-output:(?P<output>[0-9x]+)"
    r"(-expand:(?P<expand>[0-9]{1,7})-kernel:(?P<kernel>[0-9]{1,3})-stride:(?P<stride>[0-9]{1,3})-idskip:(?P<idskip>[01])"
    r"(-se:(?P<se>[01])-hs:(?P<hs>[01]))?)?"
)
_SPREADS: dict[str, SpreadKind] = {"std": "std", "var": "variance"}
_FIELDS = ("count", "mean", *_SPREADS)
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?", re.ASCII)


@attrs.frozen
class _Entry:
    """One entry of the YAML: its key, what is written below it, and the line from 1."""

    key: str
    numbers: dict[str, float]
    line: int


def read_yaml(text: str, file: Path) -> LatencyTable:
    """The table in the YAML ``text`` of ``file``. No tag is resolved, and no object made.

    Raises:
        TableError: it is no such table; the message names file and line.
    """
    if len(text) > MAX_CHARACTERS:
        raise TableError(f"{file}: it has more than {MAX_CHARACTERS:,} characters, and no look-up table has")
    entries = list(_entries(text, file))
    if not entries:
        raise TableError(f"{file}: it has no entries")
    _check_alike(entries, file)
    once_for_all = any("-hs:" in entry.key for entry in entries)
    found: dict[Signature, Measurement] = {}
    lines: dict[Signature, int] = {}
    for entry in entries:
        for signature, measured in _operations(entry, once_for_all, file):
            if signature in found:
                raise TableError(f"{file}:{entry.line}: the same operation as in line {lines[signature]}")
            found[signature], lines[signature] = measured, entry.line
    spreads = {kind for name, kind in _SPREADS.items() if name in entries[0].numbers}
    return LatencyTable(
        name=file.stem,
        device="unknown",
        source=f"{'once-for-all' if once_for_all else 'ProxylessNAS'} look-up table {file.name}",
        operations=found,
        spread_kind=spreads.pop() if len(spreads) == 1 else None,
    )


def _entries(text: str, file: Path) -> Iterator[_Entry]:
    """Parser events one by one: there is nothing to recurse into, and aliases and tags are refused."""
    events = _events(text, file)
    _expect(next(events), yaml.MappingStartEvent, "a mapping of operations", file)
    seen: dict[str, int] = {}
    for event in events:
        if isinstance(event, yaml.MappingEndEvent):
            break
        key, line = _scalar(event, file), _line(event)
        if key in seen:
            raise TableError(f"{file}:{line}: `{key}` is given twice, first in line {seen[key]}")
        seen[key] = line
        _expect(next(events), yaml.MappingStartEvent, f"`count`, `mean` and so on below `{key}`", file)
        yield _Entry(key, dict(_numbers(events, file)), line)
    last = next(events)
    if not isinstance(last, yaml.DocumentEndEvent) or not isinstance(next(events), yaml.StreamEndEvent):
        raise TableError(f"{file}:{_line(last)}: a table is one YAML document")


def _check_alike(entries: list[_Entry], file: Path) -> None:
    """Every entry has the fields of the first: one that lacks some is where a file was cut off."""
    first = entries[0]
    for entry in entries:
        for name in first.numbers.keys() ^ entry.numbers.keys():
            lacks = name in first.numbers
            what = "lacks" if lacks else "has"
            which = f"in line {first.line} has" if lacks else f"in line {first.line} lacks"
            raise TableError(f"{file}:{entry.line}: `{entry.key}` {what} `{name}`, which the entry {which}")
    if len(_SPREADS.keys() & first.numbers.keys()) > 1:
        raise TableError(f"{file}:{first.line}: `{first.key}` has both `std` and `var`")


def _events(text: str, file: Path) -> Iterator[Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for event in yaml.parse(text, Loader=loader):
            if getattr(event, "tag", None) is not None or getattr(event, "anchor", None) is not None:
                raise TableError(f"{file}:{_line(event)}: a look-up table has no tags, anchors or aliases")
            if not isinstance(event, yaml.StreamStartEvent | yaml.DocumentStartEvent):
                yield event
    except yaml.MarkedYAMLError as error:
        line = (error.problem_mark.line if error.problem_mark else 0) + 1
        raise TableError(f"{file}:{line}: it is no YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise TableError(f"{file}: it is no YAML: {' '.join(str(error).split())}") from None


def _line(event: Any) -> int:
    line: int = event.start_mark.line
    return line + 1


def _expect(event: Any, kind: type, what: str, file: Path) -> None:
    if not isinstance(event, kind):
        raise TableError(f"{file}:{_line(event)}: here belongs {what}")


def _scalar(event: Any, file: Path) -> str:
    _expect(event, yaml.ScalarEvent, "a name or a number", file)
    return str(event.value)


def _numbers(events: Iterator[Any], file: Path) -> Iterator[tuple[str, float]]:
    names: set[str] = set()
    for event in events:
        if isinstance(event, yaml.MappingEndEvent):
            return
        name, line = _scalar(event, file), _line(event)
        if name not in _FIELDS:
            raise TableError(f"{file}:{line}: `{_short(name)}` is none of {', '.join(_FIELDS)}")
        if name in names:
            raise TableError(f"{file}:{line}: `{name}` is given twice")
        names.add(name)
        yield name, _number(next(events), name, file)


def _number(event: Any, name: str, file: Path) -> float:
    written, line = _scalar(event, file), _line(event)
    plain = _NUMBER.fullmatch(written) is not None and event.implicit[0]
    number = float(written) if plain else math.nan
    if not math.isfinite(number) or number < 0:
        raise TableError(f"{file}:{line}: `{name}` is `{_short(written)}`, not a finite number from 0 on")
    if name == "count" and (number < 1 or number != int(number) or number > MOST_RUNS):
        raise TableError(f"{file}:{line}: `count` is `{_short(written)}`, not a whole number from 1 on")
    return number


def _short(written: str) -> str:
    shown = written if written.isprintable() else repr(written)[1:-1]
    return shown if len(shown) <= 100 else f"{shown[:100]}..."


def _operations(entry: _Entry, once_for_all: bool, file: Path) -> Iterator[tuple[Signature, Measurement]]:
    """The operations of one entry: one, but for ProxylessNAS's `Logits`, which has the pool in it."""

    def fail(what: str) -> TableError:
        return TableError(f"{file}:{entry.line}: {what}")

    for signature, measured in _parsed(entry, once_for_all, fail):
        if signature.flaw is not None:
            raise fail(f"`{entry.key}`: {signature.flaw}")
        if signature.residual and signature.input != signature.output:
            raise fail(f"`{entry.key}` adds the input to an output of another shape")
        yield signature, measured


def _parsed(
    entry: _Entry, once_for_all: bool, fail: Callable[[str], TableError]
) -> Iterator[tuple[Signature, Measurement]]:
    key = _KEY.fullmatch(entry.key)
    if key is None or (key["op"] == "expanded_conv") != (key["expand"] is not None):
        raise fail(f"`{_short(entry.key)}` is no key of a ProxylessNAS or once-for-all table")
    if "mean" not in entry.numbers:
        raise fail(f"`{entry.key}` has no `mean`")
    before, after = _shape(key["input"]), _shape(key["output"])
    if before is None or after is None:
        raise fail(f"`{_short(entry.key)}` has a shape that is neither HxWxC nor a number of channels")
    spread = next((entry.numbers[name] for name in _SPREADS if name in entry.numbers), None)
    count = entry.numbers.get("count")
    measured = Measurement(entry.numbers["mean"], spread, None if count is None else int(count))
    act = "swish6" if once_for_all else None
    match key["op"]:
        case "Conv":
            yield Signature("conv", before, after, 3, -(-before[0] // after[0]), act=act), measured
        case "Conv_1" | "Conv_2":
            yield Signature("conv", before, after, act=act), measured
        case "AvgPool2D":
            yield Signature("global_pool", before, after), measured
        case "Logits":
            pooled = (1, 1, before[2])
            yield Signature("classifier", pooled, after), measured
            if before != pooled:
                yield Signature("global_pool", before, pooled), Measurement(0.0)
        case _:
            if (key["hs"] is None) == once_for_all:
                raise fail(f"`{entry.key}` lacks `-se:` and `-hs:`, which other keys of the table have")
            yield _block(key, before, after), measured


def _block(key: re.Match[str], before: Shape, after: Shape) -> Signature:
    """An inverted bottleneck; where nothing is expanded, both tools leave the first convolution out."""
    once_for_all = key["hs"] is not None
    expanded = int(key["expand"]) * (1 if once_for_all else before[2])
    squeezed = int(make_divisible(expanded, Fraction(1, 4), 8)) if key["se"] == "1" else None
    act = {None: None, "0": "relu", "1": "swish6"}[key["hs"]]
    kernel, stride, residual = int(key["kernel"]), int(key["stride"]), key["idskip"] == "1"
    if expanded == before[2] and squeezed is None:
        return Signature("sepconv", before, after, kernel, stride, act=act, residual=residual)
    return Signature("bottleneck", before, after, kernel, stride, expanded, squeezed, act, residual)


def _shape(written: str) -> Shape | None:
    sizes = [int(size) for size in written.split("x") if 0 < len(size) < 8]
    if len(sizes) != written.count("x") + 1 or not all(0 < size <= LARGEST for size in sizes):
        return None
    if len(sizes) == 1:
        return (1, 1, sizes[0])
    return (sizes[0], sizes[1], sizes[2]) if len(sizes) == 3 else None
