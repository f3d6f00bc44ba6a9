"""Histograms of costs as an SVG file that stands alone."""

from collections.abc import Mapping
from xml.etree.ElementTree import Element

from tunas_dsl.cost.band import Band
from tunas_dsl.cost.statistics import Histogram
from tunas_dsl.report.charts import HEIGHT, WIDTH, Frame
from tunas_dsl.report.svg import markup, tag

_HEAD = 28
_STYLE = """
text { font: 11px sans-serif; fill: #333 } .label { font-size: 12px } .title { font-size: 13px }
.middle { text-anchor: middle } .end { text-anchor: end }
.grid { stroke: #ddd } .axis { stroke: #555 }
.line { fill: none; stroke-width: 1.6 } .key { font-size: 12px }
.band { fill: #f0b429; fill-opacity: .3 }
.c0 { stroke: #1f6fb4 } .c1 { stroke: #c0392b } .c2 { stroke: #2a8f5b } .c3 { stroke: #8e44ad }
"""
_COLOURS = 4


def histogram_svg(histograms: Mapping[str, Histogram], title: str, unit: str, band: Band | None) -> str:
    """A line of steps for each of ``histograms``, by their names, in percent; ``band`` is shaded."""
    xs = [float(edge) for histogram in histograms.values() for edge in histogram.edges[[0, -1]]]
    shares = [100 * float(histogram.probabilities.max()) for histogram in histograms.values()]
    frame = Frame.around(xs, [0.0, *shares], unit, "percent of each bin")
    chart = tag(
        "svg",
        tag("style", _STYLE),
        tag("rect", x=0, y=-_HEAD, width=WIDTH, height=HEIGHT + _HEAD, fill="white"),
        tag("text", title, class_="title middle", x=WIDTH / 2, y=-_HEAD + 16),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 -{_HEAD} {WIDTH} {HEIGHT + _HEAD}",
        width=WIDTH,
        height=HEIGHT + _HEAD,
        role="img",
        aria_label=title,
    )
    if band is not None:
        chart.append(_shade(frame, band))
    chart.extend(frame.elements())
    for number, (name, histogram) in enumerate(histograms.items()):
        chart.extend(_steps(frame, number, name, histogram))
    return markup(chart) + "\n"


def _shade(frame: Frame, band: Band) -> Element:
    """The part of the band that is seen, as a bar that is not too thin to see."""
    left, right = (frame.x(min(max(end, frame.x.low), frame.x.high)) for end in (band.low, band.high))
    top, bottom = frame.y(frame.y.high), frame.y(frame.y.low)
    return tag("rect", class_="band", x=left, y=top, width=max(right - left, 1.0), height=bottom - top)


def _steps(frame: Frame, number: int, name: str, histogram: Histogram) -> list[Element]:
    """The line, and its name in the corner."""
    colour, floor = f"c{number % _COLOURS}", frame.y(0)
    path = f"M{frame.x(histogram.edges[0]):.1f} {floor:.1f}"
    for right, share in zip(histogram.edges[1:], histogram.probabilities, strict=True):
        path += f"V{frame.y(100 * share):.1f}H{frame.x(right):.1f}"
    at = frame.y(frame.y.high) + 12 + 16 * number
    right = frame.x(frame.x.high)
    return [
        tag("path", class_=f"line {colour}", d=f"{path}V{floor:.1f}"),
        tag("line", class_=f"line {colour}", x1=right - 24, x2=right - 6, y1=at - 4, y2=at - 4),
        tag("text", name, class_="key end", x=right - 30, y=at),
    ]
