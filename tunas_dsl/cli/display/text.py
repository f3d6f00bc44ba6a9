"""Numbers and options as tables show them."""

import re
import textwrap
from collections.abc import Sequence

import click
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

_GAP = 2
_LEAST = 24
"""The narrowest column of words."""
_NARROWEST = 80
_UNITS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def terminal() -> Console:
    """Where tables are printed: as wide as the terminal or ``COLUMNS``, but never below 80 columns."""
    console = Console(highlight=False)
    console.width = max(console.width, _NARROWEST)
    return console


def show(console: Console, *sections: RenderableType | None) -> None:
    """Print what is there of ``sections``, an empty line between them and no blanks at the ends of lines."""
    for number, section in enumerate(section for section in sections if section is not None):
        with console.capture() as captured:
            console.print(section)
        lines = [line.rstrip(" ") for line in captured.get().splitlines()]
        click.echo("\n".join([*([""] if number else []), *lines]), color=True)


def marked(text: str, style: str = "") -> Text:
    """``text`` in which decisions are seen at once: options, bars, and the names of shared ones."""
    told = Text(text, style)
    told.highlight_regex(r"[^\s()|@]+(\|[^\s()|@]+)+|\|", "cyan")
    told.highlight_regex(r"@[\w.]+", "magenta")
    return told


def plain_table() -> Table:
    """A table without lines."""
    return Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="dim", show_edge=False)


def remaining(width: int, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """What the cells of ``rows`` under ``heads`` leave of ``width`` for one column more."""
    columns = zip(heads, *rows, strict=True)
    taken = sum(_GAP + max(len(line) for cell in column for line in cell.split("\n")) for column in columns)
    return max(_LEAST, width - taken)


def count(number: int) -> str:
    """An exact integer; where it is too long to read, its size first: ``6.6e17 = 665,...``."""
    exact = f"{number:,}"
    return exact if number < 10**12 else f"{scientific(number)} = {exact}"


def scientific(number: int) -> str:
    """``2.2e21``, for integers of any length."""
    digits = str(number)
    exponent = len(digits) - 1
    leading = round(int(digits[:4]) / 10 ** (min(len(digits), 4) - 1), 1)
    if leading >= 10:
        leading, exponent = 1.0, exponent + 1
    return f"{leading:.1f}e{exponent}"


def short(number: float) -> str:
    """Three digits and a unit: ``320 M``, ``1.29 M``, ``864``."""
    for unit, name in _UNITS:
        if abs(number) >= 0.9995 * unit:
            scaled = number / unit
            digits = 0 if abs(scaled) >= 99.95 else 1 if abs(scaled) >= 9.995 else 2
            return f"{scaled:.{digits}f} {name}"
    return f"{number:.0f}"


def percent(share: float) -> str:
    """``12.3 %``; what is not nothing is not shown as 0."""
    if share == 0:
        return "-"
    return "<0.1 %" if share < 0.0005 else f"{100 * share:.1f} %"


def wrapped(text: str, width: int) -> str:
    """Words broken into lines, of which all but the first are indented."""
    lines = textwrap.wrap(text, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines)


def wrapped_options(options: str, width: int, name: str | None = None) -> str:
    """Options such as ``3|5|7`` broken into lines after a bar, then the ``@name`` of their decision."""
    lines = [""]
    for part in re.findall(r"[^|]+\|?", options) + ([f"@{name}"] if name else []):
        if lines[-1] and len(lines[-1]) + len(part) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)
