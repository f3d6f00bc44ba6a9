"""``tunas show``: what a space holds."""

import json
from typing import Any

import click

from tunas_dsl.cli.options import output_format
from tunas_dsl.cli.subjects import load_subject
from tunas_dsl.ir import space as ir


@click.command("show")
@click.argument("space")
@output_format
@click.option("--decisions", is_flag=True, help="List every decision with its options.")
def command(space: str, format: str, decisions: bool) -> None:
    """Show SPACE: its blocks and decisions, how many architectures it holds, and their sizes."""
    opened = load_subject(space).space
    facts = describe(opened)
    if format == "json":
        click.echo(json.dumps(facts, indent=2))
        return
    _print_blocks(opened)
    if decisions:
        for position, decision in enumerate(opened.decisions):
            click.echo(f"{position:4}  {decision.id:24} {' | '.join(map(str, decision.options))}")
    parameters, macs = facts["parameters"], facts["macs"]
    click.echo(
        f"{len(opened.decisions)} decisions, {facts['logits']} options in all\n"
        f"{int(facts['combinations']):,} combinations, {int(facts['architectures']):,} architectures\n"
        f"parameters     supernet {parameters['supernet']:,}; "
        f"architectures {parameters['smallest']:,} to {parameters['largest']:,}\n"
        f"multiply-adds  {macs['smallest']:,} to {macs['largest']:,}"
    )


def describe(space: ir.Space) -> dict[str, Any]:
    """The facts that ``show --format json`` prints; exact integers beyond 2^53 are strings."""
    from tunas_dsl.cost.counting import architectures, combinations, logits
    from tunas_dsl.cost.extremes import maximum, minimum
    from tunas_dsl.cost.layers import macs_model, parameters_model, supernet_parameters

    ranges = {
        name: {"smallest": int(minimum(model).cost), "largest": int(maximum(model).cost)}
        for name, model in (("parameters", parameters_model(space)), ("macs", macs_model(space)))
    }
    return {
        "name": space.name,
        "decisions": [
            {"id": decision.id, "kind": decision.kind, "options": list(decision.options)}
            for decision in space.decisions
        ],
        "combinations": str(combinations(space)),
        "architectures": str(architectures(space)),
        "logits": logits(space),
        "parameters": {"supernet": supernet_parameters(space), **ranges["parameters"]},
        "macs": ranges["macs"],
    }


def _print_blocks(space: ir.Space) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=space.name, title_justify="left")
    for column in ("block", "layers", "filters", "output"):
        table.add_column(column)
    for block in space.blocks:
        outputs = block.layers[-1].outputs if block.layers else space.inputs
        size = " or ".join(f"{height} x {width}" for height, width in outputs.size.options)
        filters = " | ".join(map(str, block.filters.options))
        table.add_row(block.name, "\n".join(map(_name, block.layers)), filters, size)
    Console().print(table)


def _name(layer: ir.Layer) -> str:
    match layer:
        case ir.Residual(body=body):
            return f"residual({_name(body)})"
        case ir.Alternatives(layers=layers):
            return " | ".join(map(_name, layers))
        case ir.Sequence(layers=layers):
            return "{ " + " ".join(map(_name, layers)) + " }"
        case ir.Conv(kernel=kernel, stride=stride) | ir.SeparableConv(kernel=kernel, stride=stride):
            kind = "conv" if isinstance(layer, ir.Conv) else "sepconv"
            return f"{kind} {_options(kernel)}{_stride(stride)}"
        case ir.Bottleneck(kernel=kernel, expansion=expansion, squeeze_excite=se, stride=stride):
            switch = {(False,): "", (True,): " se"}.get(se.options, " se: off | on")
            return f"bottleneck {_options(kernel)}, {_options(expansion)}{switch}{_stride(stride)}"
        case ir.Activation(function=function):
            return function
        case ir.GlobalPool():
            return "global_pool"
        case _:
            return type(layer).__name__.lower()


def _options(choice: ir.Choice[Any]) -> str:
    return " | ".join(map(str, choice.options))


def _stride(stride: int) -> str:
    return f", stride {stride}" if stride > 1 else ""
