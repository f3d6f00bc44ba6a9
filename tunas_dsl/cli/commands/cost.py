"""``tunas cost``: what an architecture costs, or what those of a space range between."""

from typing import Any

import click
import numpy as np

from tunas_dsl.api.subjects import load_indices, load_subject
from tunas_dsl.cli.display.explanation import explanation_fields, explanation_table
from tunas_dsl.cli.display.text import show, terminal
from tunas_dsl.cli.estimates import Estimates
from tunas_dsl.cli.options import latency as latency_option
from tunas_dsl.cli.options import output_format
from tunas_dsl.cli.options import resolution as resolution_option
from tunas_dsl.cli.options.completion import complete_space
from tunas_dsl.cost.extremes import maximum, minimum
from tunas_dsl.cost.installed import installed_costs
from tunas_dsl.cost.layers import macs_model, parameters_model
from tunas_dsl.cost.lookup import Missing
from tunas_dsl.cost.model import COUNTED, CostModel
from tunas_dsl.cost.named import MACS
from tunas_dsl.cost.table_files import is_table
from tunas_dsl.storage import documents


@click.command("cost")
@click.argument("space", shell_complete=complete_space)
@click.argument("architecture", required=False, metavar="[ARCH]")
@latency_option
@resolution_option
@click.option("--explain", is_flag=True, help="Show the sum line by line.")
@output_format
def command(
    space: str,
    architecture: str | None,
    latency: str | None,
    missing: Missing,
    resolution: int | None,
    explain: bool,
    format: str,
) -> None:
    """Multiply-adds and parameters, and latency by a table, of ARCH in SPACE.

    ARCH is an index vector such as 0:2:1, an architecture as JSON, or a .space file without
    decisions; or a net.config of once-for-all or ProxylessNAS (which may stand for SPACE, too), or JSON
    with once-for-all's ks, e, d and r. Without it, a space with decisions shows the smallest and largest.

    --explain shows what adds up to the latency, or without a table to the multiply-adds: of which layer,
    by which key of the table, because of which decisions.
    """
    estimates = Estimates(missing)
    subject = load_subject(space, resolution=resolution, missing=missing, notice=estimates)
    counts = {"parameters": parameters_model(subject.space), "macs": macs_model(subject.space)}
    times = latency not in (None, MACS)
    explanation = None
    own = latency is not None and not is_table(latency) and latency in installed_costs()
    named = str(latency) if own else "latency_ms"
    if architecture is None and not subject.space.is_architecture:
        if explain:
            raise click.UsageError("--explain explains the cost of an architecture: name one")
        costs: dict[str, Any] = {named: _range(subject.model(latency)) if times else None}
        costs |= {name: _range(model) for name, model in counts.items()}
    else:
        indices = load_indices(subject.space, architecture, resolution)
        costs = {named: subject.cost(latency, indices) if times else None}
        costs |= {name: round(model.total(np.array([indices]))[0]) for name, model in counts.items()}
        explanation = subject.explained(latency, indices) if explain else None
    if explanation is not None and format == "json":
        costs["explanation"] = explanation_fields(subject.space, explanation)
    if format == "json":
        costs |= {"estimated_operations": estimates.operations} if estimates.operations else {}
        click.echo(documents.dump(costs), nl=False)
        return
    for name, cost in costs.items():
        if cost is not None:
            click.echo(f"{name:<11} {_text(cost)}")
    if explanation is not None:
        click.echo()
        show(terminal(), explanation_table(subject.space, explanation))


def _range(model: CostModel) -> dict[str, Any]:
    return {
        "smallest": _number(model, minimum(model).cost),
        "largest": _number(model, maximum(model).cost),
    }


def _number(model: CostModel, cost: float) -> int | float:
    return round(cost) if model.unit in COUNTED else float(cost)


def _text(cost: Any) -> str:
    if isinstance(cost, dict):
        return f"{_text(cost['smallest'])} to {_text(cost['largest'])}"
    return f"{cost:,}" if isinstance(cost, int) else f"{cost:.4f}"
