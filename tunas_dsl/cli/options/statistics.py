"""The part of ``tunas show`` that is about what the architectures of a space cost."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import click
from rich.console import RenderableType

from tunas_dsl.cli.display.statistics import histogram_text, statistics_notes, statistics_table
from tunas_dsl.cli.options import FiniteFloat, FiniteRange
from tunas_dsl.cli.options.distributions import distribution_option, load_distribution
from tunas_dsl.cost.band import Band, band_ends
from tunas_dsl.cost.model import CostModel
from tunas_dsl.cost.report import CostReport, cost_report
from tunas_dsl.ir import space as ir
from tunas_dsl.report.histogram import histogram_svg
from tunas_dsl.storage.files import write_atomically

_BINS = 30


@attrs.frozen(kw_only=True)
class Asked:
    """What is asked about the costs of a space, as options name it."""

    distribution: tuple[str, ...]
    target: float | None
    within: float | None
    tick: float | None
    plot: bool
    output: Path | None

    def check(self, latency: str | None, *, architecture: bool) -> None:
        """A usage error where options are missing that belong together."""
        if self.target is None and self.within is not None:
            raise click.UsageError("--within belongs to --target")
        given: dict[str, object] = {
            "--target": self.target,
            "--tick": self.tick,
            "--plot": self.plot,
            "-o": self.output,
            "--distribution": self.distribution,
        }
        named = [name for name, value in given.items() if value not in (None, False, ())]
        if named and latency is None:
            raise click.UsageError(f"{named[0]} needs a cost: name a table with --latency, or macs")
        if named and architecture:
            raise click.UsageError(f"{named[0]} is about a space: an architecture has nothing to decide")

    @property
    def band(self) -> Band | None:
        """The costs on target."""
        return None if self.target is None else Band.between(*band_ends(self.target, self.within))


def statistics_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that make an :class:`Asked`."""
    options = (
        distribution_option(multiple=True),
        click.option(
            "--target", type=FiniteFloat(), help="How many cost so much, in ms (macs: millions) ..."
        ),
        click.option(
            "--within",
            type=FiniteRange(min=0),
            help="... give or take so much.  [default: 1 % of the target]",
        ),
        click.option(
            "--tick",
            type=FiniteRange(min=0, min_open=True),
            help="Round costs to multiples of so much where they are none; smaller is slower.",
        ),
        click.option("--plot", is_flag=True, help="Draw histograms of the cost."),
        click.option(
            "-o",
            "--output",
            type=click.Path(dir_okay=False, path_type=Path),
            help="Write the histograms to a file as SVG.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def space_statistics(space: ir.Space, model: CostModel, asked: Asked) -> CostReport:
    """The statistics that are asked for; their SVG is written.

    Raises:
        SearchError: there is no policy in a run that is named, or one for another space.
    """
    names = asked.distribution or ("decisions", "architectures")
    report = cost_report(
        model,
        [load_distribution(name, space) for name in names],
        band=asked.band,
        bins=_BINS,
        tick=asked.tick,
    )
    if asked.output is not None:
        histograms = {figures.name: figures.histogram for figures in report.figures}
        title = f"{space.name}: {report.unit} by {report.name}"
        write_atomically(asked.output, histogram_svg(histograms, title, report.unit, report.band))
    return report


def statistics_sections(report: CostReport | None, asked: Asked) -> Iterator[RenderableType]:
    """What is shown of ``report``."""
    if report is None:
        return
    yield statistics_table(report)
    yield statistics_notes(report)
    if asked.plot:
        for figures in report.figures:
            yield histogram_text(figures, report.unit)
