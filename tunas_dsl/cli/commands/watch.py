"""``tunas watch``: a running search on the terminal, from its log."""

import time
from pathlib import Path
from typing import Any

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from tunas_dsl.errors import SearchError
from tunas_dsl.report.figures import figures
from tunas_dsl.report.progress import Settling, seconds_left, settling, sparkline
from tunas_dsl.report.reading import SearchRecord, read_record
from tunas_dsl.report.svg import short
from tunas_dsl.storage.locking import was_killed

_UNDECIDED = 12
"""So many decisions are shown, those that are nearest to a choice first."""


@click.command("watch")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--every", type=click.FloatRange(min=0.1), default=2.0, show_default=True, help="Seconds between looks."
)
@click.option("--once", is_flag=True, help="Show the present state and end.")
def command(run: Path, every: float, once: bool) -> None:
    """Watch the search in the folder RUN until it has finished, or Ctrl-C.

    Shows reward, accuracy, sampled and argmax cost, entropy, the decisions that are about to
    settle, and the time left. It only reads: the search goes on whether it is watched or not.
    """
    console = Console(highlight=False)
    record = _read(run)
    if once or not console.is_terminal:
        console.print(_view(record))
        return
    with Live(_view(record), console=console, auto_refresh=False) as live:
        try:
            while not (record.finished or was_killed(run)):
                time.sleep(every)
                record = _read(run)
                live.update(_view(record), refresh=True)
        except KeyboardInterrupt:
            pass


def _read(run: Path) -> SearchRecord:
    record = read_record(run)
    if not isinstance(record, SearchRecord):
        raise SearchError(f"{run} is the folder of a training, not of a search")
    return record


def _view(record: SearchRecord) -> RenderableType:
    return Group(_heading(record), _curves(record), _decisions(record))


def _heading(record: SearchRecord) -> Text:
    some = figures(record)
    left = seconds_left(record)
    state = "running" if left is None else f"{_duration(left)} left"
    if some.finished or was_killed(record.run.path):
        state = "finished" if some.finished else "stopped: its process is gone"
    what = f"{record.name}: {record.space.name}, {some.algorithm}, seed {some.seed}"
    phase = f" ({some.phase})" if some.phase and not some.finished else ""
    text = f"{what}, step {some.steps:,}{phase}, {state}"
    if some.gap is not None and some.argmax_cost is not None:
        text += (
            f"\nfound {short(some.argmax_cost)} {some.unit}, {100 * some.gap:+.2f} % from the target "
            f"of {short(some.target)}"
        )
    if some.mean_cost is not None:
        text += f"; the policy's mean is {short(some.mean_cost)}"
    return Text(text)


def _curves(record: SearchRecord) -> Table:
    table = Table.grid(padding=(0, 2))
    unit = record.model.unit
    for name, label in (
        ("reward", "reward"),
        ("accuracy", "quality"),
        ("cost", f"sampled cost ({unit})"),
        ("argmax_cost", f"argmax cost ({unit})"),
        ("entropy", "entropy (nats)"),
        ("agreement", "ratings' stability"),
    ):
        numbers = [float(step[name]) for step in _comparable(record, name) if step.get(name) is not None]
        if numbers:
            table.add_row(label, sparkline(numbers), short(numbers[-1]))
    return table


def _comparable(record: SearchRecord, name: str) -> list[dict[str, Any]]:
    """The logged steps whose figures called ``name`` mean the same: those of the present phase."""
    if not record.steps or name == "agreement":
        return list(record.steps)
    return [step for step in record.steps if step.get("phase") == record.steps[-1].get("phase")]


def _decisions(record: SearchRecord) -> RenderableType:
    open_ones: list[Settling] = settling(record)
    if not open_ones:
        return Text("")
    table = Table("about to settle", "leads", "probability", "lately")
    for one in open_ones[:_UNDECIDED]:
        table.add_row(one.id, str(one.leader), f"{one.probability:.2f}", f"{one.change:+.2f}")
    return table


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
