"""The decisions of a space, one by one, and those that several places share."""

from collections.abc import Mapping

from rich.table import Table
from rich.text import Text

from tunas_dsl.cli.display.text import plain_table, wrapped, wrapped_options
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.words import options
from tunas_dsl.views.summary import DecisionSummary, SpaceSummary

_SHOWN = 4
_ALWAYS = "always"


def shared_decisions(summary: SpaceSummary) -> Table | None:
    """What each ``@name`` in the table of blocks is about; None where nothing is shared."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column()
    for decision in summary.decisions:
        if len(decision.places) > 1:
            about = ", ".join(decision.places[:_SHOWN])
            more = len(decision.places) - _SHOWN
            about += f" and {more} more" if more > 0 else ""
            table.add_row(f"@{decision.id}", Text(f"one decision for {about}"))
    return table if table.row_count else None


def decision_table(summary: SpaceSummary, width: int) -> Table:
    """Position in the index vector, id, options, when the decision counts."""
    by_id = {decision.id: decision for decision in summary.decisions}
    names = max((len(id) for id in by_id), default=0)
    room = max(36, width - names - 23)
    table = plain_table()
    table.add_column("#", justify="right", style="dim", no_wrap=True)
    for name in ("decision", "kind", "options", "counts"):
        table.add_column(name, no_wrap=True)
    for number, decision in enumerate(summary.decisions):
        counts = _counts(decision, by_id) + _places(decision)
        table.add_row(
            str(number),
            decision.id,
            decision.kind.replace("_", "-"),
            Text(_options(decision, room * 5 // 8)),
            Text(wrapped(counts, room * 3 // 8), style="dim" if counts == _ALWAYS else ""),
        )
    return table


def _options(decision: DecisionSummary, width: int) -> str:
    """The options; of an expansion also the filters that these are, of whole layers one a line."""
    if decision.kind == "layer":
        whole = [f"{number} {' '.join(str(o).split())}" for number, o in enumerate(decision.options)]
        return "\n".join(text if len(text) <= width else text[: width - 3] + "..." for text in whole)
    text = options(decision.options)
    widths = "|".join(str(low) if low == high else f"{low}-{high}" for low, high in decision.widths)
    return wrapped_options(text if widths in ("", text) else f"{text} = {widths}", width)


def _places(decision: DecisionSummary) -> str:
    return f", at {len(decision.places)} places" if len(decision.places) > 1 else ""


def _counts(decision: DecisionSummary, by_id: Mapping[str, DecisionSummary]) -> str:
    if not decision.active:
        return _ALWAYS
    return " or ".join(dict.fromkeys("if " + _condition(condition, by_id) for condition in decision.active))


def _condition(condition: ir.Condition, by_id: Mapping[str, DecisionSummary]) -> str:
    return " and ".join(f"{id} is {_taken(by_id[id], numbers)}" for id, numbers in condition)


def _taken(decision: DecisionSummary, numbers: tuple[int, ...]) -> str:
    """The options of these numbers; whole layers by their numbers, which are shorter."""
    names = numbers if decision.kind == "layer" else [decision.options[number] for number in numbers]
    return options(names)
