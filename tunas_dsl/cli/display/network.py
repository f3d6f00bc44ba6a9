"""An architecture layer by layer: shapes, parameters, multiply-adds, latency."""

from collections.abc import Iterator, Mapping, Sequence

import attrs
from rich.table import Table
from rich.text import Text

from tunas_dsl.cli.display.text import plain_table, remaining, short, wrapped
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.words import Words
from tunas_dsl.views.layer_rows import Listed, Row

_LIGHT = (ir.Activation, ir.GlobalPool, ir.Endpoint)
_SKIPPED = "skipped"
_DOUBLED = "doubled"
"""A residual over no layers: its input plus its input."""
_INDENT = len("+ (")
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
    texts = iter(_texts(listed))
    for group in groups:
        site = group[0].site
        latency = None if parts is None else _latency(parts, group, numbers[site], heads.count(site))
        numbers[site] += 1
        row = group[0].row
        yield Line(
            row.block or "classifier", _line([next(texts) for _ in group]), row, group[-1].row.output, latency
        )


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
    """Layers without weights go with the one before them, unless a residual begins with them."""
    groups: list[list[Listed]] = []
    for entry in listed:
        before = groups[-1][-1].row if groups else None
        follows = before is not None and before.block == entry.row.block
        if follows and isinstance(entry.layer, _LIGHT) and not _opened(entry.row, before):
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


@attrs.frozen
class _Told:
    """A layer in words with the marks of residuals that begin or end at it; ``inside`` so many others."""

    text: str
    inside: int


def _texts(listed: Sequence[Listed]) -> Iterator[_Told]:
    """``+ conv 3`` is a residual over one layer; one over several is ``+ (conv 3`` to ``conv 3)``."""
    rows = [entry.row for entry in listed]
    for entry, before, after in zip(listed, [None, *rows[:-1]], [*rows[1:], None], strict=True):
        opened, closed = _opened(entry.row, before), _opened(entry.row, after)
        begin = "".join("+ " if number in closed else "+ (" for number in opened)
        end = ")" * len(set(closed) - set(opened))
        inside = len(entry.row.residuals) - len(opened)
        if isinstance(entry.layer, ir.Skip | ir.Residual) and begin.endswith("+ "):
            word = _SKIPPED if isinstance(entry.layer, ir.Skip) else _DOUBLED
            yield _Told(f"{begin.removesuffix('+ ')}{word}{end}", inside)
        else:
            yield _Told(f"{begin}{_name(entry.layer)}{end}", inside)


def _opened(row: Row, beside: Row | None) -> list[int]:
    """The residuals of ``row`` that its neighbour ``beside`` is not in."""
    others = () if beside is None else beside.residuals
    return [number for number in row.residuals if number not in others]


def _name(layer: ir.Layer | None) -> str:
    return "linear" if layer is None else Words().layer(layer)


def _line(group: Sequence[_Told]) -> str:
    """The layers of a line, as far to the right as residuals are open before it."""
    return " " * (_INDENT * group[0].inside) + ", ".join(told.text for told in group)


def _shape(output: tuple[int, ...]) -> str:
    channels, *size = output
    return "x".join(map(str, [*size, channels]))
