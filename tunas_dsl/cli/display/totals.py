"""How large a space or an architecture is."""

from collections.abc import Mapping, Sequence

import attrs
from rich.table import Table

from tunas_dsl.cli.display.text import count, short
from tunas_dsl.views.summary import Range, SpaceSummary

_SMALL = 5e-3


@attrs.frozen
class Latency:
    """The latency of an architecture by the table of that name, and by the parts of each of its sites."""

    table: str
    ms: float
    parts: Mapping[str, Sequence[float]]

    @property
    def rest(self) -> float:
        """What the table counts as no layer's: its intercept."""
        return self.ms - sum(map(sum, self.parts.values()))


def totals(summary: SpaceSummary, times: Mapping[str, Range]) -> Table:
    """Counts, parameters and multiply-adds of the whole space, and its latency in ms by each table."""
    table = _labelled()
    table.add_row("architectures", count(summary.architectures))
    table.add_row("combinations", count(summary.combinations))
    table.add_row("decisions", f"{len(summary.decisions)}, with {summary.logits} options in all")
    table.add_row("parameters", _range(summary.parameters))
    table.add_row("supernet", f"{summary.supernet_parameters:,} parameters")
    table.add_row("multiply-adds", _range(summary.macs))
    for name, times_ms in times.items():
        ends = f"{times_ms.smallest:.2f} to {times_ms.largest:.2f} ms by {name}"
        table.add_row("latency", f"{ends}, {times_ms.mean:.2f} ms in the mean")
    return table


def network_totals(summary: SpaceSummary, latency: Latency | None) -> Table:
    """Parameters, multiply-adds and latency of an architecture."""
    table = _labelled()
    table.add_row("parameters", _range(summary.parameters))
    table.add_row("multiply-adds", _range(summary.macs))
    if latency is not None:
        table.add_row("latency", f"{latency.ms:.2f} ms by {latency.table}")
        if abs(latency.rest) > _SMALL:
            table.add_row("", f"ms: what each layer adds to the table's intercept, {latency.rest:.2f} ms")
    return table


def _labelled() -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _range(counts: Range) -> str:
    if counts.smallest == counts.largest:
        return f"{counts.smallest:,}"
    return f"{counts.smallest:,} to {counts.largest:,}, {short(counts.mean)} in the mean"
