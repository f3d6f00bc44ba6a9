"""An architecture layer by layer: shapes, parameters, multiply-adds, latency."""

from collections.abc import Iterator, Mapping, Sequence

import attrs
from rich.table import Table
from rich.text import Text

from tunas_dsl.cli.display.text import plain_table, remaining, short, wrapped
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.words import Words
from tunas_dsl.layer_rows import Listed, Row

_LIGHT = (ir.Activation, ir.GlobalPool, ir.Endpoint)
_SKIPPED = "skipped"
Parts = Mapping[str, Sequence[float]]
"""The latency in ms of each part of a site, by the site's name."""


@attrs.frozen
class Line:
    """One layer with those without weights that follow it; ``latency_ms`` is missing where none is known."""

    block: str
    text: str
    row: Row
    output: tuple[int, ...]
    latency_ms: float | None


def network_lines(listed: Sequence[Listed], parts: Parts | None) -> Iterator[Line]:
    """A line for each layer that has weights or was skipped.

    Where a table has one latency for several layers, the first of them shows it.
    """
    groups = _grouped(listed)
    numbers = {group[0].site: 0 for group in groups}
    heads = [group[0].site for group in groups]
    for group in groups:
        site = group[0].site
        latency = None if parts is None else _latency(parts, group, numbers[site], heads.count(site))
        numbers[site] += 1
        row = group[0].row
        yield Line(row.block or "classifier", _text(group), row, group[-1].row.output, latency)


def network_table(lines: Sequence[Line], width: int) -> Table:
    """A row for each line; the name of a block stands at its first."""
    timed = any(line.latency_ms is not None for line in lines)
    heads = ["#", "block", "output", "params", "MAdds", *(["ms"] if timed else [])]
    rows = [_cells(number, line, timed) for number, line in enumerate(lines)]
    room = remaining(width, heads, rows)
    table = plain_table()
    table.add_column("#", justify="right", style="dim", no_wrap=True)
    table.add_column("block", style="bold", no_wrap=True)
    for name in ("layer", "output"):
        table.add_column(name, no_wrap=True)
    for name in heads[3:]:
        table.add_column(name, justify="right", no_wrap=True)
    before = None
    for line, (number, block, *others) in zip(lines, rows, strict=True):
        text = Text(wrapped(line.text, room))
        skipped = line.row.kind == "skip"
        table.add_row(
            number, block if block != before else "", text, *others, style="dim" if skipped else None
        )
        before = block
    return table


def _cells(number: int, line: Line, timed: bool) -> list[str]:
    """All but the layer."""
    costs = [f"{line.row.parameters:,}", short(line.row.macs)]
    if timed:
        costs.append("" if line.latency_ms is None else f"{line.latency_ms:.3f}")
    return [str(number), line.block, _shape(line.output), *costs]


def _grouped(listed: Sequence[Listed]) -> list[list[Listed]]:
    groups: list[list[Listed]] = []
    for entry in listed:
        follows = isinstance(entry.layer, _LIGHT) and groups and groups[-1][0].row.block == entry.row.block
        if follows:
            groups[-1].append(entry)
        else:
            groups.append([entry])
    return groups


def _latency(parts: Parts, group: Sequence[Listed], number: int, groups: int) -> float | None:
    own = parts.get(group[0].site, ())
    others = {entry.site for entry in group} - {group[0].site}
    behind = sum(sum(parts.get(site, ())) for site in others)
    if len(own) == groups:
        return own[number] + behind
    return sum(own) + behind if number == 0 else None


def _text(group: Sequence[Listed]) -> str:
    if group[0].layer is None:
        return "linear"
    first, *others = (Words().layer(entry.layer) for entry in group if entry.layer is not None)
    if isinstance(group[0].layer, ir.Skip):
        first = _SKIPPED
    elif group[0].row.residual:
        first = f"+ {first}"
    return ", ".join([first, *others])


def _shape(output: tuple[int, ...]) -> str:
    channels, *size = output
    return "x".join(map(str, [*size, channels]))
