"""Two spaces or architectures side by side, as ``tunas diff`` prints them."""

import difflib
from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from tunas_dsl.cli.display.text import count, plain_table, short, wrapped
from tunas_dsl.views.comparison import Change, Comparison, Figure

_LIST = ("decision", "choice")
_LONG = 10**12
_STYLES = {"-": "red", "+": "green", " ": "dim"}


def heading(names: tuple[str, str]) -> Text:
    """What is compared with what."""
    return Text.assemble((f"- {names[0]}", "red"), "\n", (f"+ {names[1]}", "green"))


def sections(comparison: Comparison, width: int) -> list[Text]:
    """A section for each thing that differs, and one for the decisions or choices."""
    if comparison.same:
        return [Text("nothing differs")]
    whole = [_section(change) for change in comparison.changes if change.what not in _LIST]
    for what, title in (("decision", "decisions"), ("choice", "choices")):
        listed = [change for change in comparison.changes if change.what == what]
        if listed:
            whole.append(_list(title, listed, width))
    return whole


def figures_table(figures: Sequence[Figure]) -> Table:
    """Each number of both sides, and how much the second is of the first."""
    table = plain_table()
    table.add_column("", style="dim", no_wrap=True)
    for name in ("before", "after", "change"):
        table.add_column(name, justify="right", no_wrap=True)
    for figure in figures:
        name = figure.name.replace("macs", "multiply-adds").replace("latency_ms", "latency, ms")
        table.add_row(name, _number(figure.before), _number(figure.after), _change(figure))
    return table


def _section(change: Change) -> Text:
    title = f"{change.what} {change.name}" if change.what == "block" else change.name
    text = Text(title, "bold")
    lines = difflib.ndiff(change.before or (), change.after or ())
    for line in lines:
        if line[0] in _STYLES:
            text.append(f"\n{line}", style=f"not bold {_STYLES[line[0]]}")
    return text


def _list(title: str, changes: Sequence[Change], width: int) -> Text:
    """Decisions with the same change told together."""
    groups: dict[str, list[str]] = {}
    for change in changes:
        before, after = (side and side[0] for side in (change.before, change.after))
        if before is None or after is None:
            told = f"{'-' if after is None else '+'} {before or after}"
        else:
            told = f"~ {before} -> {after}"
        groups.setdefault(told, []).append(change.name)
    text = Text(title, "bold")
    for told, names in groups.items():
        style = {"-": "not bold red", "+": "not bold green"}.get(told[0], "not bold yellow")
        text.append("\n" + wrapped(f"{told}: {', '.join(names)}", width), style=style)
    return text


def _number(number: float) -> str:
    if isinstance(number, int):
        return f"{number:,}" if number < _LONG else count(number).partition(" ")[0]
    return short(number) if number >= 1000 else f"{number:.2f}"


def _change(figure: Figure) -> str:
    if figure.before == figure.after:
        return "="
    if not figure.before:
        return "new"
    ratio = figure.after / figure.before
    return f"{100 * (ratio - 1):+.1f} %" if 0.1 < ratio < 10 else f"x {ratio:.2g}"
