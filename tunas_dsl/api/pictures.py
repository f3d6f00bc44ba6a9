"""Spaces, architectures, runs and statistics as HTML for notebooks, each with its style."""

from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np

from tunas_dsl.cost.statistics import Histogram
from tunas_dsl.ir.words import options, sizes
from tunas_dsl.report.charts import Line, line_chart
from tunas_dsl.report.drawing import drawing
from tunas_dsl.report.histogram import histogram_svg
from tunas_dsl.report.svg import markup, short, tag
from tunas_dsl.views.layer_rows import Row
from tunas_dsl.views.summary import SpaceSummary

_CURVES = (("accuracy", "quality"), ("argmax_cost", "cost of the best"), ("entropy", "entropy (nats)"))


def space_html(summary: SpaceSummary) -> str:
    """The blocks of a space, as ``tunas show`` has them."""
    columns = ("block", "layers", "output", "filters", "params", "MAdds")
    rows = [
        (
            block.name,
            " ; ".join(block.layers),
            sizes(block.sizes),
            options(block.filters),
            f"{block.parameters.mean_share:.1%}",
            f"{block.macs.mean_share:.1%}",
        )
        for block in summary.blocks
    ]
    figures = (
        f"{len(summary.decisions)} decisions, {summary.architectures:,} architectures, "
        f"{summary.macs.smallest / 1e6:,.1f} to {summary.macs.largest / 1e6:,.1f} M MAdds, "
        f"{summary.parameters.smallest:,.0f} to {summary.parameters.largest:,.0f} parameters"
    )
    return _view(tag("h3", summary.name), _table(columns, rows), tag("p", figures, class_="soft"))


def architecture_html(name: str, rows: Sequence[Row]) -> str:
    """An architecture drawn block by block."""
    macs, parameters = sum(row.macs for row in rows), sum(row.parameters for row in rows)
    figures = f"{macs / 1e6:,.1f} M MAdds, {parameters:,} parameters"
    return _view(
        tag("h3", name), tag("div", drawing(rows), class_="scroll"), tag("p", figures, class_="soft")
    )


def run_html(title: str, history: Sequence[dict[str, Any]], target: tuple[str, float]) -> str:
    """The curves of a search; the cost of the best with its target."""
    charts = []
    for name, label in _CURVES:
        steps = [step for step in history if step.get(name) is not None]
        x = np.array([step["step"] + 1 for step in steps], dtype=float)
        y = np.array([step[name] for step in steps], dtype=float)
        level = ("the target", target[1]) if name == "argmax_cost" else None
        chart = line_chart([Line(label, 0, x, y)], target[0] if level else label, level)
        if chart is not None:
            charts.append(tag("figure", tag("figcaption", label), chart))
    return _view(tag("h3", title), tag("div", *charts, class_="charts"))


def statistics_html(histogram: Histogram, name: str, unit: str) -> str:
    """The histogram of what architectures cost."""
    return histogram_svg({name: histogram}, f"what architectures cost by {name}", unit, None)


def figures_html(title: str, figures: Iterable[tuple[str, float | None]]) -> str:
    """A few figures by their names."""
    rows = [(name, "-" if figure is None else short(figure)) for name, figure in figures]
    return _view(tag("h3", title), _table(("", ""), rows))


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> Element:
    head = tag("thead", tag("tr", *(tag("th", column) for column in columns)))
    body = (tag("tr", *(tag("td", cell, class_="words") for cell in row)) for row in rows)
    return tag("div", tag("table", head, tag("tbody", *body)), class_="scroll")


def _view(*children: Element) -> str:
    """The elements in the style of the report, which holds inside of this element alone."""
    style = (files("tunas_dsl") / "report" / "style.css").read_text(encoding="utf-8")
    scoped = ".tunas-view {\n" + style.replace(":root", "&") + "}\n"
    return f"<style>{scoped}</style>" + markup(tag("div", *children, class_="tunas-view"))
