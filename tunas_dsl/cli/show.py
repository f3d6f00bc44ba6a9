"""``tunas show``: what a space holds, and how large it is."""

from typing import Any

import click
from rich.console import Console
from rich.table import Table

from tunas_dsl import documents
from tunas_dsl.cli.options import output_format
from tunas_dsl.cli.subjects import load_subject
from tunas_dsl.cost.counting import architectures, combinations, logits
from tunas_dsl.cost.extremes import maximum, minimum
from tunas_dsl.cost.layers import macs_model, parameters_model, supernet_parameters
from tunas_dsl.ir import space as ir


@click.command("show")
@click.argument("space")
@click.option("--decisions", is_flag=True, help="List every decision, too.")
@output_format
def command(space: str, decisions: bool, format: str) -> None:
    """Show the blocks of a space, its decisions and its size."""
    loaded = load_subject(space).space
    document = _document(loaded)
    if format == "json":
        click.echo(documents.dump(document), nl=False)
        return
    console = Console(highlight=False)
    console.print(_blocks(loaded))
    if decisions:
        console.print(_decisions(loaded))
    for name in ("combinations", "architectures"):
        console.print(f"{name:<13} {int(document[name]):,}")
    console.print(f"{'decisions':<13} {len(loaded.decisions)} with {document['logits']} logits")
    for name in ("parameters", "macs"):
        figures = ", ".join(f"{which} {number:,}" for which, number in document[name].items())
        console.print(f"{name:<13} {figures}")


def _document(space: ir.Space) -> dict[str, Any]:
    macs, parameters = macs_model(space), parameters_model(space)
    return {
        "name": space.name,
        "decisions": [
            {"id": decision.id, "kind": decision.kind, "options": list(decision.options)}
            for decision in space.decisions
        ],
        "combinations": str(combinations(space)),
        "architectures": str(architectures(space)),
        "logits": logits(space),
        "parameters": {
            "supernet": supernet_parameters(space),
            "smallest": round(minimum(parameters).cost),
            "largest": round(maximum(parameters).cost),
        },
        "macs": {"smallest": round(minimum(macs).cost), "largest": round(maximum(macs).cost)},
    }


def _blocks(space: ir.Space) -> Table:
    table = Table("block", "layers", "output (h x w)", "filters", title=space.name)
    for block in space.blocks:
        last = block.layers[-1].outputs if block.layers else space.inputs
        sizes = " | ".join(f"{height} x {width}" for height, width in last.size.options)
        table.add_row(block.name, str(len(block.layers)), sizes, " | ".join(map(str, block.filters.options)))
    return table


def _decisions(space: ir.Space) -> Table:
    table = Table("number", "decision", "kind", "options")
    for number, decision in enumerate(space.decisions):
        table.add_row(str(number), decision.id, decision.kind, " | ".join(map(str, decision.options)))
    return table
