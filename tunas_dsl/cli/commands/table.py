"""``tunas table``: latency tables looked at, checked, imported and put together."""

from pathlib import Path
from typing import Any

import attrs
import click

from tunas_dsl.api.subjects import load_subject
from tunas_dsl.cli.options import output_format
from tunas_dsl.cli.options.completion import complete_space
from tunas_dsl.cost.binding import latency_model
from tunas_dsl.cost.importing import import_table
from tunas_dsl.cost.lookup import operation_model
from tunas_dsl.cost.merging import Prefer, changes, merge_tables
from tunas_dsl.cost.table import LatencyTable
from tunas_dsl.cost.table_files import load_table, open_table, shipped_tables
from tunas_dsl.cost.table_json import read_table, write_table
from tunas_dsl.storage import documents
from tunas_dsl.storage.files import write_atomically

_EXISTING = click.Path(path_type=Path)
_OUTPUT = click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write.",
)


@click.group("table")
def command() -> None:
    """Latency tables: show, check, import, merge and compare them."""


@command.command("list")
def list_tables() -> None:
    """List the tables that come with the program."""
    for name, spaces in shipped_tables().items():
        click.echo(f"{name}: {', '.join(spaces) if spaces else 'any space made of its operations'}")


@command.command("show")
@click.argument("table")
@output_format
def show(table: str, format: str) -> None:
    """Show what TABLE is of, and its entries."""
    opened = open_table(table)
    if format == "json":
        click.echo(documents.dump(_head(opened)), nl=False)
        return
    for key, value in _head(opened).items():
        if value is not None:
            click.echo(f"{key:<11} {value}")
    for signature, measured in opened.operations.items():
        click.echo(f"{measured.ms:>10.4f} ms  {signature}")
    for site in opened.sites:
        axes = " x ".join(f"{len(options)} {axis}" for axis, options in site.options.items())
        low, high = site.ms.min(), site.ms.max()
        click.echo(f"{low:>10.4f} to {high:.4f} ms  site {site.site}{': ' if axes else ''}{axes}")


@command.command("check")
@click.argument("table")
@click.argument("spaces", nargs=-1, metavar="[SPACE]...", shell_complete=complete_space)
def check(table: str, spaces: tuple[str, ...]) -> None:
    """Say whether TABLE is well formed, and covers every architecture of each SPACE."""
    if not spaces:
        opened = open_table(table)
        click.echo(
            f"{opened.name}: {len(opened.operations)} operations, {len(opened.sites)} sites, well formed"
        )
    for name in spaces:
        space = load_subject(name).space
        opened = load_table(table, space)
        bind = latency_model if opened.space is not None else operation_model
        click.echo(f"{opened.name} covers {space.name}: {len(bind(space, opened).sites)} parts")


@command.command("import")
@click.argument("file", type=_EXISTING)
@_OUTPUT
@click.option("--name", help="What the table is called; the file's name without it.")
@click.option("--device", help="The device that was measured.")
@click.option("--source", help="Where the figures are from.")
@click.option("--runtime", help="The runtime that was measured.")
@click.option("--threads", type=click.IntRange(min=1), help="The threads that it ran on.")
@click.option("--date", help="The date of the measurement, as 2026-11-24.")
def import_(file: Path, output: Path, **given: Any) -> None:
    """Turn FILE into a table of operations.

    FILE is a look-up table of ProxylessNAS or once-for-all (YAML), or CSV with the columns op, input,
    output and ms, and if need be kernel, stride, expanded, squeezed, act, residual, spread and count.
    """
    table = import_table(file)
    table = attrs.evolve(table, **{key: value for key, value in given.items() if value is not None})
    _write(table, output)


@command.command("merge")
@click.argument("tables", nargs=-1, required=True, metavar="TABLE TABLE...")
@_OUTPUT
@click.option("--name", help="What the result is called; as the first table without it.")
@click.option(
    "--prefer",
    type=click.Choice(["first", "last"]),
    help="Which entry counts where two tables differ; without it, that is an error.",
)
def merge(tables: tuple[str, ...], output: Path, name: str | None, prefer: Prefer | None) -> None:
    """Put tables of operations of one device together."""
    result = merge_tables([open_table(table) for table in tables], prefer)
    _write(attrs.evolve(result, name=name or result.name), output)


@command.command("diff")
@click.argument("one")
@click.argument("other")
@click.pass_context
def diff(context: click.Context, one: str, other: str) -> None:
    """Say in which entries two tables differ; the exit status is 1 where they do."""
    lines = list(changes(open_table(one), open_table(other)))
    for line in lines:
        click.echo(line)
    context.exit(1 if lines else 0)


def _write(table: LatencyTable, output: Path) -> None:
    text = write_table(table)
    read_table(text)  # what the options say of the table may be nothing that a table can say
    write_atomically(output, text)
    click.echo(f"{output}: {len(table.operations)} operations", err=True)


def _head(table: LatencyTable) -> dict[str, Any]:
    fields = ("name", "space", "device", "runtime", "threads", "date", "spread_kind", "source", "intercept")
    head = {field: getattr(table, field) for field in fields}
    return {**head, "sites": len(table.sites), "operations": len(table.operations)}
