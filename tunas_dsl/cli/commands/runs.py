"""``tunas runs``: the runs in a folder, side by side."""

from pathlib import Path
from typing import Any

import attrs
import click
from rich import box
from rich.console import Console
from rich.table import Table

from tunas_dsl.cli.options import output_format
from tunas_dsl.diagnostics.printable import printable
from tunas_dsl.report.figures import Spread, figures, groups
from tunas_dsl.report.reading import SearchRecord, TrainingRecord, whole_records
from tunas_dsl.report.tables import COLUMNS, cells, spread
from tunas_dsl.storage import documents


@click.command("runs")
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path), metavar="[FOLDER]...")
@output_format
def command(folders: tuple[Path, ...], format: str) -> None:
    """List the runs in FOLDER (by default runs/): what each was to cost, found, and how good it is.

    `quality` is the mean of the architectures sampled last, `best` the best, where a run ends with it.
    Searches that differ in nothing but their seeds are also summed up, as mean and deviation.
    """
    records = whole_records(folders or (Path("runs"),), lambda line: click.echo(printable(line), err=True))
    searches = [record for record in records if isinstance(record, SearchRecord)]
    trainings = [record for record in records if isinstance(record, TrainingRecord)]
    if format == "json":
        rows = [*map(_search_row, searches), *map(_training_row, trainings)]
        click.echo(documents.dump(rows), nl=False)
        return
    console = Console(highlight=False)
    for table in (_searches(searches), _seeds(searches), _trainings(trainings)):
        if table.row_count:
            console.print(table)


def _search_row(record: SearchRecord) -> dict[str, Any]:
    some = figures(record)
    return {"path": str(record.run.path), "kind": "search", **attrs.asdict(some), "gap": some.gap}


def _training_row(record: TrainingRecord) -> dict[str, Any]:
    return {
        "path": str(record.run.path),
        "kind": "training",
        "seed": record.run.settings.seed,
        "macs": record.architecture.totals.macs,
        "parameters": record.architecture.totals.parameters,
        "result": record.result,
    }


def _searches(records: list[SearchRecord]) -> Table:
    shown = ("seed", "steps", "target", "found", "gap", "quality", "best")
    table = Table("search", "algorithm", *shown, box=box.SIMPLE, pad_edge=False, collapse_padding=True)
    for record in records:
        some = figures(record)
        row = dict(zip(COLUMNS[1:], cells(some), strict=True))
        table.add_row(record.name, some.algorithm, *(row[column] for column in shown))
    return table


def _seeds(records: list[SearchRecord]) -> Table:
    table = Table(
        "runs",
        "seeds",
        "found",
        "gap in %",
        "quality",
        "best",
        box=box.SIMPLE,
        pad_edge=False,
        collapse_padding=True,
    )
    for group in groups(records):
        if len(group) == 1:
            continue
        known = [figures(record) for record in group]
        gaps = [None if some.gap is None else 100 * some.gap for some in known]
        table.add_row(
            f"{group[0].name}, ...",
            str(len(group)),
            spread(Spread.of(some.argmax_cost for some in known)),
            spread(Spread.of(gaps)),
            spread(Spread.of(some.quality for some in known)),
            spread(Spread.of(some.best for some in known)),
        )
    return table


def _trainings(records: list[TrainingRecord]) -> Table:
    table = Table(
        "training",
        "seed",
        "M MAdds",
        "parameters",
        "validation",
        "test",
        box=box.SIMPLE,
        pad_edge=False,
        collapse_padding=True,
    )
    for record in records:
        totals = record.architecture.totals
        parts = [(record.result or {}).get(split) for split in ("validation", "test")]
        accuracies = ["" if part is None else f"{part['accuracy']:.4f}" for part in parts]
        macs, parameters = f"{totals.macs / 1e6:.2f}", f"{totals.parameters:,}"
        table.add_row(record.name, str(record.run.settings.seed), macs, parameters, *accuracies)
    return table
