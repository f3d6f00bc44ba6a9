"""A cost as a sum, line by line."""

from collections.abc import Mapping

from rich.table import Table

from tunas_dsl.cli.display.text import plain_table
from tunas_dsl.cost.lines import Line, layer_name
from tunas_dsl.cost.model import COUNTED
from tunas_dsl.cost.named import Explanation
from tunas_dsl.ir import space as ir


def explanation_table(space: ir.Space, explanation: Explanation) -> Table:
    """A row for each line of the sum, the intercept first and the total last."""
    table = plain_table()
    table.add_column("layer", style="bold", no_wrap=True)
    table.add_column("by", overflow="fold")
    table.add_column(explanation.unit, justify="right", no_wrap=True)
    table.add_column("decisions", style="dim", overflow="fold")
    if explanation.intercept:
        table.add_row("", "intercept", _number(explanation.intercept, explanation), "")
    for line in explanation.lines:
        name = layer_name(space, line.site)
        key = f"{line.key} (estimated)" if line.estimated else line.key
        table.add_row(name, key, _number(line.cost, explanation), _taken(name, line))
    table.add_row("", "total", _number(explanation.total, explanation), "")
    return table


def _taken(layer: str, line: Line) -> str:
    """The options taken, the decisions by their names within the layer."""
    return ", ".join(f"{id.removeprefix(f'{layer}.')}={option}" for id, option in line.taken.items())


def _number(cost: float, explanation: Explanation) -> str:
    return f"{cost:,.0f}" if explanation.unit in COUNTED else f"{cost:.4f}"


def explanation_fields(space: ir.Space, explanation: Explanation) -> Mapping[str, object]:
    """The sum as data."""
    return {
        "cost": explanation.name,
        "unit": explanation.unit,
        "total": explanation.total,
        "intercept": explanation.intercept,
        "lines": [
            {
                "site": line.site,
                "layer": layer_name(space, line.site),
                "key": line.key,
                "cost": line.cost,
                "decisions": dict(line.taken),
                "estimated": line.estimated,
            }
            for line in explanation.lines
        ],
    }
