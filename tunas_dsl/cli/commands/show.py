"""``tunas show``: what a space holds and how large it is, or the layers of an architecture."""

from collections.abc import Sequence
from typing import Any

import attrs
import click

from tunas_dsl.api.subjects import Subject, load_indices, load_subject
from tunas_dsl.cli.display.blocks import Share, block_table, shares_are, title
from tunas_dsl.cli.display.decisions import decision_table, shared_decisions
from tunas_dsl.cli.display.network import network_lines, network_table
from tunas_dsl.cli.display.statistics import statistics_fields
from tunas_dsl.cli.display.text import show, terminal
from tunas_dsl.cli.display.totals import Latency, network_totals, totals
from tunas_dsl.cli.display.tree import space_tree
from tunas_dsl.cli.estimates import Estimates
from tunas_dsl.cli.options import latency as latency_option
from tunas_dsl.cli.options import output_format
from tunas_dsl.cli.options import resolution as resolution_option
from tunas_dsl.cli.options.completion import complete_space
from tunas_dsl.cli.options.statistics import Asked, space_statistics, statistics_options, statistics_sections
from tunas_dsl.cost.lookup import Missing
from tunas_dsl.cost.named import MACS
from tunas_dsl.ir.selection import prune
from tunas_dsl.storage import documents
from tunas_dsl.views.layer_rows import Listed, layer_rows
from tunas_dsl.views.summary import cost_range, space_fields, summarise


@click.command("show")
@click.argument("space", shell_complete=complete_space)
@click.argument("architecture", required=False, metavar="[ARCH]")
@click.option("--tree", is_flag=True, help="Show layers inside layers, too.")
@click.option("--decisions", is_flag=True, help="Show every decision, too.")
@click.option(
    "--share",
    type=click.Choice(["mean", "largest"]),
    default="mean",
    show_default=True,
    help="Of what the shares of the blocks are: the mean or the largest architecture.",
)
@latency_option
@statistics_options
@resolution_option
@output_format
def command(
    space: str,
    architecture: str | None,
    tree: bool,
    decisions: bool,
    share: Share,
    latency: str | None,
    missing: Missing,
    resolution: int | None,
    format: str,
    **asked: Any,
) -> None:
    """Show the blocks of a space, its decisions and its size; of an architecture, its layers.

    With --latency, exact statistics of what the architectures of a space cost, too.

    ARCH is an index vector such as 0:2:1, an architecture as JSON, or a .space file without
    decisions: a point of SPACE. SPACE alone may be an architecture, too, or the folder of a
    search, which is what it found.
    """
    subject = load_subject(space, resolution=resolution, missing=missing, notice=Estimates(missing))
    table = None if latency == MACS else latency
    single = architecture is not None or subject.space.is_architecture
    Asked(**asked).check(latency, architecture=single)
    if single:
        _show_architecture(
            subject, load_indices(subject.space, architecture, resolution), table, tree, format
        )
    else:
        _show_space(subject, latency, share, tree, decisions, format, Asked(**asked))


def _show_space(
    subject: Subject,
    latency: str | None,
    share: Share,
    tree: bool,
    decisions: bool,
    format: str,
    asked: Asked,
) -> None:
    summary = summarise(subject.space)
    model = None if latency is None else subject.model(latency)
    times = {latency: cost_range(model)} if latency and model and latency != MACS else {}
    statistics = None if model is None else space_statistics(subject.space, model, asked)
    if format == "json":
        document = space_fields(summary)
        document["latency_ms"] = {name: attrs.asdict(range) for name, range in times.items()}.get(
            latency or ""
        )
        document["statistics"] = statistics and statistics_fields(statistics)
        click.echo(documents.dump(document), nl=False)
        return
    console = terminal()
    show(
        console,
        title(summary),
        block_table(summary, share, console.width),
        shares_are(share),
        shared_decisions(summary),
        totals(summary, times),
        *statistics_sections(statistics, asked),
        space_tree(subject.space) if tree else None,
        decision_table(summary, console.width) if decisions else None,
    )


def _show_architecture(
    subject: Subject, indices: tuple[int, ...], latency: str | None, tree: bool, format: str
) -> None:
    network = prune(subject.space, indices)
    summary, listed = summarise(network), list(layer_rows(network))
    times = _latency(subject, indices, latency)
    if format == "json":
        document = {**space_fields(summary), **_network_fields(indices, listed, times)}
        click.echo(documents.dump(document), nl=False)
        return
    console = terminal()
    lines = list(network_lines(listed, times.parts if times else None))
    show(
        console,
        title(summary),
        network_table(lines, console.width),
        network_totals(summary, times),
        space_tree(network) if tree else None,
    )


def _latency(subject: Subject, indices: tuple[int, ...], latency: str | None) -> Latency | None:
    if latency is None:
        return None
    return Latency(latency, *subject.cost_in_parts(latency, indices))


def _network_fields(
    indices: tuple[int, ...], listed: Sequence[Listed], times: Latency | None
) -> dict[str, Any]:
    return {
        "indices": list(indices),
        "layers": [{"site": entry.site, **attrs.asdict(entry.row)} for entry in listed],
        "latency_ms": times and times.ms,
        "latency_by_site": times and {site: sum(costs) for site, costs in times.parts.items()},
    }
