"""``tunas profile``: a latency table of this machine, measured operation by operation."""

import sys
from pathlib import Path

import attrs
import click

from tunas_dsl.api.subjects import load_subject
from tunas_dsl.backend import load_backend
from tunas_dsl.cli.display.progress import Reporter
from tunas_dsl.cli.holding import hold
from tunas_dsl.cli.options import bench_options
from tunas_dsl.cost.table import LatencyTable
from tunas_dsl.cost.table_files import read_file
from tunas_dsl.cost.table_json import write_table
from tunas_dsl.errors import TableError
from tunas_dsl.profiling.bench import Bench, Runtime
from tunas_dsl.profiling.driver import Measured, Noise
from tunas_dsl.profiling.plan import plan, same_device
from tunas_dsl.profiling.profile import Profile, empty_table, source
from tunas_dsl.profiling.rounds import Rules, Stopped
from tunas_dsl.runs.interruption import interruption
from tunas_dsl.storage.files import write_atomically


@click.command("profile")
@click.argument("space")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The table to write.",
)
@bench_options(repeats=60)
@click.option("--name", help="What the table is called; the file's name without it.")
@click.option("--resume", is_flag=True, help="Go on after an interruption, or add what the table lacks.")
@click.option(
    "--plan", "only_plan", is_flag=True, help="Only say how much there is to measure, and how long."
)
def command(
    space: str,
    output: Path,
    runtime: Runtime,
    device: str,
    threads: int,
    repeats: int,
    warmup: int,
    name: str | None,
    resume: bool,
    only_plan: bool,
) -> None:
    """Measure each distinct operation of SPACE once, as deployed, into a latency table.

    An operation is measured in inference mode with batch norm folded, fused as the runtime fuses it. After
    Ctrl-C, --resume goes on. A PyTorch on a computer says little of a phone: measure on what you deploy to.
    """
    subject = load_subject(space).space
    if not output.parent.is_dir():
        raise TableError(f"{output.parent} is no folder: the table could not be written there")
    if not only_plan:
        hold(output)
    begun = _begun(output, resume)
    bench = load_backend().latency_bench(runtime, device=device, threads=threads)
    rules = Rules(repeats, warmup)
    if begun is None:
        begun = empty_table(name or output.stem, subject.name, bench, rules)
    same_device(begun, bench.device, bench.runtime, bench.threads)
    todo = plan(subject, begun.operations)
    if not todo.signatures:
        click.echo(f"{output} has all {len(begun.operations)} operations of {subject.name} already", err=True)
        return
    with interruption() as stopped:
        try:
            profile = Profile.begin(
                todo, _with_source(begun, subject.name, bench, rules), bench, rules, stopped
            )
            _announce(profile, subject.name)
            if not only_plan:
                _finish(output, profile, *_measured(profile, output))
        except Stopped:
            _end_interrupted(output)


def _measured(profile: Profile, output: Path) -> tuple[LatencyTable, Noise]:
    """The whole table; each batch is kept in a file beside it as soon as it is done."""
    tables = [profile.begun]

    def keep(table: LatencyTable) -> None:
        tables[:] = [table]
        write_atomically(_partial(output), write_table(table))

    with Reporter[Measured](_line) as reporter:
        noise = profile.run(keep, reporter.report)
    return tables[0], noise


def _finish(output: Path, profile: Profile, table: LatencyTable, noise: Noise) -> None:
    write_atomically(output, write_table(table))
    _partial(output).unlink(missing_ok=True)
    again = f", {noise.again} batches were measured again" if noise.again else ""
    drift = f"the reference drifted by up to {100 * abs(noise.drift):.1f} %{again}"
    click.echo(f"{output}: {len(table.operations)} operations; {drift}", err=True)
    if abs(profile.shift) > profile.rounds.rules.tolerance:
        change = f"{100 * profile.shift:+.1f} %"
        click.echo(
            f"note: since the first operations of the table, the reference changed by {change}", err=True
        )


def _announce(profile: Profile, space: str) -> None:
    bench, todo = profile.bench, profile.plan
    threads = f"{bench.threads} thread{'s' if bench.threads > 1 else ''}"
    seconds = profile.seconds()
    known = f" ({len(todo.known)} are known)" if todo.known else ""
    click.echo(
        f"{len(todo.signatures)} operations of {space} to measure{known} with {bench.runtime}, {threads}, on "
        f"{bench.device}: about {_duration(seconds)}",
        err=True,
    )


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"


def _line(measured: Measured) -> str:
    return f"operations measured, drift {100 * measured.drift:+.1f} %"


def _begun(output: Path, resume: bool) -> LatencyTable | None:
    """What was measured before, where it is to be resumed.

    Raises:
        TableError: there is something already and --resume is not given, or it is no such table.
    """
    there = [file for file in (_partial(output), output) if file.exists()]
    if not there:
        return None
    if not resume:
        raise TableError(f"{there[0]} is there already: --resume goes on with it, or name another file")
    table = read_file(there[0])
    if table.space is not None:
        raise TableError(f"{there[0]} is a table of the sites of `{table.space}`: operations cannot be added")
    return table


def _with_source(begun: LatencyTable, space: str, bench: Bench, rules: Rules) -> LatencyTable:
    ours = source(space, bench, rules)
    known = begun.source.split("; ")
    return begun if ours in known else attrs.evolve(begun, source="; ".join([*known, ours]))


def _partial(output: Path) -> Path:
    return output.with_name(f"{output.name}.partial")


def _end_interrupted(output: Path) -> None:
    kept = _partial(output).exists()
    how = "the same command with --resume goes on" if kept else "nothing is kept"
    click.echo(f"interrupted; {how}", err=True)
    sys.exit(130)
