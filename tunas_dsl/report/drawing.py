"""An architecture drawn block by block, each layer a box that is coloured by its kernel."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from xml.etree.ElementTree import Element

from tunas_dsl.report.svg import tag
from tunas_dsl.views.layer_rows import Row

_LEFT, _BOX, _GAP, _HEIGHT, _LINE = 130, 128, 10, 40, 56
_QUIET = ("activation", "endpoint", "global_pool", "skip")
"""Kinds of layers that are drawn as a thin line."""


def drawing(rows: Sequence[Row]) -> Element:
    """The layers of an architecture, a line of boxes for each block."""
    blocks = [(name, list(layers)) for name, layers in groupby(rows, key=lambda row: row.block)]
    longest = max(sum(_width(row) + _GAP for row in layers) for _, layers in blocks)
    chart = tag(
        "svg",
        class_="network",
        viewBox=f"0 0 {_LEFT + longest + 10} {len(blocks) * _LINE}",
        style=f"max-width:{_LEFT + longest + 10}px",
        role="img",
        aria_label="the architecture, block by block",
    )
    for number, (name, layers) in enumerate(blocks):
        chart.extend(_block(name or "classifier", layers, number * _LINE + 6))
    return chart


def _block(name: str, layers: Sequence[Row], top: float) -> Iterator[Element]:
    shape = layers[-1].output
    size = "x".join(map(str, (*shape[1:], shape[0])))
    yield tag("text", name, class_="block", x=4, y=top + 17)
    yield tag("text", size, class_="tick", x=4, y=top + 32)
    left = float(_LEFT)
    for row in layers:
        yield from _layer(row, left, top)
        left += _width(row) + _GAP


def _layer(row: Row, left: float, top: float) -> Iterator[Element]:
    title = tag("title", _details(row))
    if row.kind in _QUIET:
        yield tag("rect", title, class_="quiet", x=left, y=top, width=_width(row), height=_HEIGHT, rx=3)
        return
    style = f"layer k{row.kernel or 0}" + (" residual" if row.residual else "")
    yield tag("rect", title, class_=style, x=left, y=top, width=_width(row), height=_HEIGHT, rx=5)
    middle = left + _width(row) / 2
    yield tag("text", _first_line(row), class_="in middle", x=middle, y=top + 17)
    yield tag("text", _second_line(row), class_="in small middle", x=middle, y=top + 32)


def _width(row: Row) -> float:
    return 12.0 if row.kind in _QUIET else float(_BOX)


def _first_line(row: Row) -> str:
    kernel = "" if row.kernel is None else f" {row.kernel}x{row.kernel}"
    return f"{row.kind}{kernel}"


def _second_line(row: Row) -> str:
    words = [f"{row.input[0]}"]
    if row.expanded:
        words.append(f"{row.expanded}")
    words.append(f"{row.output[0]}")
    text = " > ".join(words)
    marks = [f"/{row.stride}"] if row.stride and row.stride > 1 else []
    marks += ["se"] if row.squeezed else []
    return " ".join([text, *marks])


def _details(row: Row) -> str:
    size_in, size_out = ("x".join(map(str, (*shape[1:], shape[0]))) for shape in (row.input, row.output))
    words = [f"{row.kind}: {size_in} to {size_out}"]
    words += [f"kernel {row.kernel}"] if row.kernel else []
    words += [f"{row.expanded} filters inside"] if row.expanded else []
    words += [f"squeeze-and-excite {row.squeezed}"] if row.squeezed else []
    words += [str(row.act)] if row.act else []
    words += [f"in residual {row.residual_of}"] if row.residual_of is not None else []
    return ", ".join([*words, f"{row.parameters:,} parameters", f"{row.macs / 1e6:.2f} M MAdds"])
