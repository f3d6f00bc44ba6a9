"""The statistics of a cost as tables, histograms and data."""

from collections.abc import Callable, Iterator
from typing import Any

from rich.table import Table
from rich.text import Text

from tunas_dsl.cli.display.text import percent, plain_table, scientific
from tunas_dsl.cost.report import QUANTILES, BandFigures, CostReport, Figures
from tunas_dsl.cost.statistics import Bounded, Histogram

_BAR = 40
_EIGHTHS = " ▏▎▍▌▋▊▉"


def statistics_table(report: CostReport) -> Table:
    """Mean, deviation and quantiles, a column for each distribution, and what lies in the band."""
    table = plain_table()
    table.add_column(f"{report.unit} by {report.name}", no_wrap=True)
    for figures in report.figures:
        table.add_column(figures.name, justify="right", no_wrap=True)
    rows = {
        "mean": [_cost(figures.mean) for figures in report.figures],
        "standard deviation": [_cost(figures.deviation) for figures in report.figures],
    }
    for number, share in enumerate(QUANTILES):
        name = "median" if share == 0.5 else f"{100 * share:g} % cost no more than"
        rows[name] = [_cost(figures.quantiles[number].value) for figures in report.figures]
    if report.band is not None:
        bands = [figures.band for figures in report.figures if figures.band is not None]
        rows[f"within {_band(report)}"] = [_share(band.probability.value) for band in bands]
        rows["number of these"] = [_many(band.count.value if band.count else None) for band in bands]
        rows["number of all"] = [_many(band.total) for band in bands]
    for name, cells in rows.items():
        table.add_row(name, *cells)
    return table


def statistics_notes(report: CostReport) -> Text:
    """The extreme architectures, exact counts, and how exact the other figures are."""
    lines = [
        f"{which}: {extreme.cost:.4f} {report.unit}, {':'.join(map(str, extreme.indices))}"
        for which, extreme in (("smallest", report.smallest), ("largest", report.largest))
    ]
    lines += [
        f"{figures.name} within {_band(report)}: {_counted(figures.band)}"
        for figures in report.figures
        if figures.band is not None
    ]
    errors = {(figures.tick, figures.error): figures for figures in report.figures if any(figures.error)}
    lines += [_rounded(figures, report.unit) for figures in errors.values()]
    return Text("\n".join(lines))


def histogram_text(figures: Figures, unit: str) -> Text:
    """A bar for each bin."""
    histogram = figures.histogram
    largest = max(float(histogram.probabilities.max()), histogram.below, histogram.above)
    lines = [f"{figures.name}, {unit}"]
    for name, share in _bins(histogram):
        lines.append(f"{name:>16} {_bar(share / largest):<{_BAR}} {percent(share):>7}")
    return Text("\n".join(lines))


def statistics_fields(report: CostReport) -> dict[str, Any]:
    """The report as data; counts are texts, since they are larger than what JSON readers hold."""
    return {
        "cost": report.name,
        "unit": report.unit,
        "smallest": {"cost": report.smallest.cost, "indices": list(report.smallest.indices)},
        "largest": {"cost": report.largest.cost, "indices": list(report.largest.indices)},
        "distributions": {figures.name: _fields(figures, report) for figures in report.figures},
    }


def _fields(figures: Figures, report: CostReport) -> dict[str, Any]:
    histogram, band = figures.histogram, figures.band
    pairs = zip(QUANTILES, figures.quantiles, strict=True)
    return {
        "mean": figures.mean,
        "standard_deviation": figures.deviation,
        "variance": figures.deviation**2,
        "quantiles": {f"{share:g}": _bounded(quantile) for share, quantile in pairs},
        "tick": figures.tick,
        "rounding": list(figures.error),
        "histogram": {
            "edges": histogram.edges.tolist(),
            "probabilities": histogram.probabilities.tolist(),
            "below": histogram.below,
            "above": histogram.above,
        },
        "band": None
        if band is None or report.band is None
        else {
            "low": report.band.low,
            "high": report.band.high,
            "probability": _bounded(band.probability),
            "count": band.count and _bounded(band.count),
            "total": None if band.total is None else str(band.total),
        },
    }


def _bounded(number: Bounded[Any]) -> dict[str, Any]:
    written = str if isinstance(number.value, int) else float
    return {
        "value": written(number.value),
        "at_least": written(number.at_least),
        "at_most": written(number.at_most),
        "exact": number.exact,
    }


def _bins(histogram: Histogram) -> Iterator[tuple[str, float]]:
    first, last = histogram.edges[0], histogram.edges[-1]
    if histogram.below:
        yield f"below {first:.6g}", histogram.below
    for edge, share in zip(histogram.edges[:-1], histogram.probabilities, strict=True):
        yield f"{edge:.6g} ..", float(share)
    if histogram.above:
        yield f"{last:.6g} and above", histogram.above


def _bar(share: float) -> str:
    eighths = round(8 * _BAR * share)
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()


def _band(report: CostReport) -> str:
    return "" if report.band is None else f"{report.band.low:.6g} to {report.band.high:.6g}"


def _share(probability: float) -> str:
    return f"{100 * probability:.4g} %"


def _many(number: int | None) -> str:
    if number is None:
        return "-"
    return scientific(number) if number >= 10**9 else f"{number:,}"


def _counted(band: BandFigures) -> str:
    if band.count is None:
        return _bounds(band.probability, _share)
    return _bounds(band.count, "{:,}".format)


def _bounds(number: Bounded[Any], text: Callable[[Any], str]) -> str:
    if number.exact:
        return f"{text(number.value)}, exactly"
    return f"{text(number.value)}, at least {text(number.at_least)}, at most {text(number.at_most)}"


def _cost(cost: float) -> str:
    return f"{cost:.4g}" if abs(cost) < 1000 else f"{cost:,.0f}"


def _rounded(figures: Figures, unit: str) -> str:
    low, high = figures.error
    return (
        f"costs were rounded to {figures.tick:g} {unit}: quantiles and bars are right to {low:+.2g} to "
        f"{high:+.2g} {unit}; mean and deviation are exact"
    )
