"""``tunas validate-latency``: whole networks measured against the sums of a table, and its calibration."""

import sys
from datetime import date
from pathlib import Path
from typing import Any

import attrs
import click
import numpy as np
from numpy.typing import NDArray

from tunas_dsl.api.subjects import Subject, load_subject
from tunas_dsl.backend import load_backend
from tunas_dsl.cli.display.progress import Reporter
from tunas_dsl.cli.estimates import Estimates
from tunas_dsl.cli.options import bench_options, output_format
from tunas_dsl.cli.options import missing as missing_option
from tunas_dsl.cost.lookup import Missing
from tunas_dsl.cost.sampling import sample
from tunas_dsl.cost.table import LatencyTable
from tunas_dsl.cost.table_files import load_table
from tunas_dsl.cost.table_json import write_table
from tunas_dsl.errors import TableError
from tunas_dsl.exchange.bundle import source_sha256
from tunas_dsl.profiling.bench import Bench, Runtime
from tunas_dsl.profiling.driver import Measured
from tunas_dsl.profiling.networks import Networks, Series
from tunas_dsl.profiling.rounds import Rules, Stopped
from tunas_dsl.profiling.validation import Agreement, Validation, calibrate_table
from tunas_dsl.report.agreement import agreement_svg
from tunas_dsl.runs.interruption import interruption
from tunas_dsl.storage import documents
from tunas_dsl.storage.files import write_atomically


@click.command("validate-latency")
@click.argument("space")
@click.argument("table")
@click.option(
    "-n", "number", type=click.IntRange(2, 100_000), default=100, show_default=True, help="How many."
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Same seed, same networks."
)
@bench_options(repeats=30)
@missing_option
@click.option("--calibrate", is_flag=True, help="Fit intercept and slope, and write them into TABLE.")
@click.option(
    "-o", "--output", type=click.Path(file_okay=False, path_type=Path), help="A folder for plot and figures."
)
@click.option("--resume", is_flag=True, help="Go on with what was measured in that folder.")
@output_format
def command(
    space: str,
    table: str,
    number: int,
    seed: int,
    runtime: Runtime,
    device: str,
    threads: int,
    repeats: int,
    warmup: int,
    missing: Missing,
    calibrate: bool,
    output: Path | None,
    resume: bool,
    format: str,
) -> None:
    """Measure random architectures of SPACE end to end, and hold them against the sums of TABLE.

    The folder gets validation.json, and validation.svg with a point for each architecture.
    """
    subject = load_subject(space, missing=missing, notice=Estimates(missing))
    opened = load_table(table, subject.space)
    model = subject.model(table)
    target = _own_file(table, opened) if calibrate else None
    vectors = sample(subject.space, number, seed)
    file = _measured_file(output, resume)
    bench = load_backend().latency_bench(runtime, device=device, threads=threads)
    networks = _networks(subject, vectors, bench, file if resume else None)
    _warn_of_differences(opened, bench)
    networks = _measured(networks, bench, Rules(repeats, warmup), file)
    validation = _validation(networks, model.total(vectors))
    head = _head(subject, opened, bench, seed)
    if output is not None:
        _write(output, validation, head)
    _show(validation, head, format)
    if target is not None:
        remark = f"calibrated on {number} networks of {subject.space.name}, {date.today().isoformat()}"
        write_atomically(target, write_table(calibrate_table(opened, validation.line, remark)))
        click.echo(f"{target}: calibrated", err=True)


def _validation(networks: Networks, sums: NDArray[np.float64]) -> Validation:
    """What was measured, against the table's ``sums`` in ms of the same networks."""
    found = [networks.done[vector] for vector in networks.wanted]
    return Validation(
        networks.wanted,
        sums,
        np.array([measured.ms for measured in found]),
        np.array([measured.spread for measured in found]),
    )


def _measured(networks: Networks, bench: Bench, rules: Rules, file: Path | None) -> Networks:
    if not networks.left:
        return networks
    threads = f"{bench.threads} thread{'s' if bench.threads > 1 else ''}"
    count = len(networks.left)
    click.echo(f"{count} networks to measure with {bench.runtime}, {threads}, on {bench.device}", err=True)
    with interruption() as stopped, Reporter[Measured](_line) as reporter:
        try:
            done, noise = Series.begin(networks, bench, rules, stopped).run(file, reporter.report)
        except Stopped:
            kept = file is not None and file.exists()
            how = "the same command with --resume goes on" if kept else "nothing is kept"
            reporter.tell(f"interrupted; {how}")
            sys.exit(130)
        reporter.tell(f"the reference drifted by up to {100 * abs(noise.drift):.1f} %")
        return done


def _networks(subject: Subject, vectors: Any, bench: Bench, file: Path | None) -> Networks:
    origin: dict[str, str | int] = {
        "space": subject.space.name,
        "space_sha256": source_sha256(subject.text),
        "runtime": bench.runtime,
        "device": bench.device,
        "threads": bench.threads,
    }
    networks = Networks(subject.space, [tuple(vector) for vector in vectors.tolist()], origin)
    return networks if file is None or not file.exists() else networks.resumed(file)


def _measured_file(output: Path | None, resume: bool) -> Path | None:
    """Where what is measured is kept. Raises TableError where that is taken and not to be resumed."""
    if output is None:
        if resume:
            raise click.UsageError("--resume needs the folder: -o")
        return None
    file = output / "measured.json"
    if file.exists() and not resume:
        raise TableError(f"{file} is there already: --resume goes on with it, or name another folder")
    output.mkdir(parents=True, exist_ok=True)
    return file


def _own_file(name: str, table: LatencyTable) -> Path:
    """The file of a table that can be calibrated. Raises TableError where it is no file of the user's."""
    file = Path(name)
    if table.space is not None:
        raise TableError(f"{name} is a table of sites: only tables of operations are calibrated")
    if not file.is_file():
        raise TableError(f"{name} is no file of yours: only those are calibrated")
    return file


def _warn_of_differences(table: LatencyTable, bench: Bench) -> None:
    for field in ("device", "runtime", "threads"):
        theirs, ours = getattr(table, field), getattr(bench, field)
        if theirs != ours:
            click.echo(f"note: the table is of {field} {theirs}, but {ours} is measured", err=True)


def _head(subject: Subject, table: LatencyTable, bench: Bench, seed: int) -> dict[str, Any]:
    return {
        "space": subject.space.name,
        "table": table.name,
        "runtime": bench.runtime,
        "device": bench.device,
        "threads": bench.threads,
        "clock": bench.clock,
        "date": date.today().isoformat(),
        "seed": seed,
    }


def _write(output: Path, validation: Validation, head: dict[str, Any]) -> None:
    title = f"{len(validation.indices)} architectures of {head['space']}: {head['runtime']}, {head['device']}"
    write_atomically(output / "validation.json", documents.dump(validation.document(**head)))
    write_atomically(output / "validation.svg", agreement_svg(validation, title))


def _show(validation: Validation, head: dict[str, Any], format: str) -> None:
    if format == "json":
        click.echo(documents.dump(validation.document(**head)), nl=False)
        return
    line = validation.line
    click.echo(f"{'':<24}{'the table':>12}{'calibrated':>12}")
    before, after = attrs.asdict(validation.before), attrs.asdict(validation.after)
    for field, name in _NAMES.items():
        click.echo(f"{name:<24}{before[field]:>12.4f}{after[field]:>12.4f}")
    click.echo(f"measured = {line.intercept:.4f} ms + {line.slope:.4f} x the table's sum")


_NAMES = {
    "pearson": "Pearson correlation",
    "spearman": "Spearman correlation",
    "rmse": "RMSE, ms",
    "bias": "mean error, ms",
    "error_percent": "mean absolute error, %",
}
assert list(_NAMES) == [field.name for field in attrs.fields(Agreement)]


def _line(measured: Measured) -> str:
    return f"networks measured, drift {100 * measured.drift:+.1f} %"
