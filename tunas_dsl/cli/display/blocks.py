"""A space block by block: layers, output, filters, shares of the cost."""

import textwrap
from collections.abc import Sequence
from typing import Literal

from rich.table import Table
from rich.text import Text

from tunas_dsl.cli.display.text import marked, percent, plain_table, remaining, wrapped, wrapped_options
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.words import options, sizes
from tunas_dsl.views.summary import BlockSummary, Part, SpaceSummary

Share = Literal["mean", "largest"]

_NAME = 20
_SIZES = 16
_NARROW = 110
"""Below so many columns, long lists of filters are broken."""


def title(summary: SpaceSummary) -> Text:
    """The name, the images, and what filters are rounded to."""
    images = f"images of {images_of(summary.sizes)} x {summary.channels}"
    return Text.assemble((summary.name, "bold"), f"  {images}, filters in multiples of {summary.divisor}")


def images_of(of: Sequence[ir.Size]) -> str:
    """The size of images: ``224 x 224``, ``(160|192)``, which are both sides, or ``(160x120|320x240)``."""
    if len(of) > 1:
        square = all(height == width for height, width in of)
        return f"({options([height for height, _ in of]) if square else sizes(of)})"
    return sizes(of).replace("x", " x ")


def block_table(summary: SpaceSummary, share: Share, width: int) -> Table:
    """A row for each block, ``width`` columns wide at most if the layers can be broken so far."""
    rows = [_cells(block, share, 12 if width < _NARROW else 32) for block in summary.blocks]
    room = remaining(width, ["block", "output", "filters", "params", "MAdds"], rows)
    table = plain_table()
    table.add_column("block", style="bold", no_wrap=True)
    for name in ("layers", "output", "filters"):
        table.add_column(name, no_wrap=True)
    for name in ("params", "MAdds"):
        table.add_column(name, justify="right", no_wrap=True)
    for block, (name, *others) in zip(summary.blocks, rows, strict=True):
        layers = "\n".join(wrapped(layer, room) for layer in block.layers)
        table.add_row(name, *map(marked, [layers, *others]))
    return table


def shares_are(share: Share) -> Text:
    """What the columns of shares are about."""
    if share == "largest":
        return Text("params, MAdds: shares in the architecture that has the most of them", "dim")
    return Text("params, MAdds: shares in the mean, every option of every decision equally likely", "dim")


def _cells(block: BlockSummary, share: Share, filters_width: int) -> list[str]:
    """All but the layers."""
    return [
        "\n".join(textwrap.wrap(block.name, _NAME)),
        _output(block),
        wrapped_options(options(block.filters), filters_width, block.tied),
        percent(_share(block.parameters, share)),
        percent(_share(block.macs, share)),
    ]


def _output(block: BlockSummary) -> str:
    """The sizes that the block gives; before a global pool at its end, too: ``7x7 > 1x1``."""
    output = wrapped_options(sizes(block.sizes), _SIZES)
    if not block.pooled:
        return output
    before = wrapped_options(sizes(block.pooled), _SIZES)
    line = f"{before} > {output}"
    return line if len(line) <= _SIZES else f"{before}\n> {output}"


def _share(part: Part, share: Share) -> float:
    return part.mean_share if share == "mean" else part.largest_share
