"""Everything about what the architectures of a space cost, computed once, to be shown or written."""

from collections.abc import Sequence

import attrs

from tunas_dsl.cost.band import Band
from tunas_dsl.cost.distribution import Distribution
from tunas_dsl.cost.extremes import Extreme, maximum, minimum
from tunas_dsl.cost.model import CostModel, Unit
from tunas_dsl.cost.statistics import Bounded, CostStatistics, Histogram

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


@attrs.frozen(eq=False)
class BandFigures:
    """How probable a band is, and where a distribution counts, how many of ``total`` points lie in it."""

    probability: Bounded[float]
    count: Bounded[int] | None
    total: int | None


@attrs.frozen(eq=False)
class Figures:
    """The statistics of a cost under the distribution called ``name``; ``error`` is that of the quantiles."""

    name: str
    mean: float
    deviation: float
    quantiles: tuple[Bounded[float], ...]
    tick: float
    error: tuple[float, float]
    histogram: Histogram
    band: BandFigures | None


@attrs.frozen(eq=False)
class CostReport:
    """What the architectures of a space cost by the model called ``name``, in ``unit``."""

    name: str
    unit: Unit
    smallest: Extreme
    largest: Extreme
    figures: tuple[Figures, ...]
    band: Band | None


def cost_report(
    model: CostModel,
    distributions: Sequence[Distribution],
    *,
    band: Band | None = None,
    bins: int = 40,
    tick: float | None = None,
) -> CostReport:
    """The statistics of ``model`` under each of ``distributions``, all of one space."""
    figures = (_figures(CostStatistics(model, some, tick), band, bins) for some in distributions)
    return CostReport(model.name, model.unit, minimum(model), maximum(model), tuple(figures), band)


def _figures(statistics: CostStatistics, band: Band | None, bins: int) -> Figures:
    return Figures(
        name=statistics.distribution.name,
        mean=statistics.mean,
        deviation=statistics.variance**0.5,
        quantiles=tuple(map(statistics.quantile, QUANTILES)),
        tick=statistics.tick,
        error=statistics.error,
        histogram=statistics.histogram(statistics.edges(bins)),
        band=None if band is None else _within(statistics, band),
    )


def _within(statistics: CostStatistics, band: Band) -> BandFigures:
    probability = statistics.probability(band)
    if not statistics.distribution.counts:
        return BandFigures(probability, None, None)
    return BandFigures(probability, statistics.count(band), statistics.total)
