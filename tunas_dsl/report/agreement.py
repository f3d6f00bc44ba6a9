"""Measured over predicted latencies as an SVG file that stands alone."""

from xml.etree.ElementTree import Element, tostring

import numpy as np

from tunas_dsl.profiling.validation import Validation
from tunas_dsl.report.charts import HEIGHT, WIDTH, Frame
from tunas_dsl.report.svg import tag

_STYLE = """
text { font: 11px sans-serif; fill: #333 } .label { font-size: 12px } .title { font-size: 13px }
.middle { text-anchor: middle } .end { text-anchor: end }
.grid { stroke: #ddd } .axis { stroke: #555 }
circle { fill: #1f6fb4; fill-opacity: .65 }
.same { stroke: #999; stroke-dasharray: 4 3 } .fit { stroke: #c0392b }
"""


def agreement_svg(validation: Validation, title: str) -> str:
    """A point for each architecture, the line on which both are equal (dashed), and the calibration (red)."""
    predicted, measured = validation.predicted, validation.measured
    frame = Frame.around(predicted.tolist(), measured.tolist(), "sum of the table [ms]", "measured [ms]")
    chart = tag(
        "svg",
        tag("style", _STYLE),
        tag("rect", x=0, y=-24, width=WIDTH, height=HEIGHT + 24, fill="white"),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 -24 {WIDTH} {HEIGHT + 24}",
        width=WIDTH,
        height=HEIGHT + 24,
        role="img",
        aria_label=title,
    )
    chart.append(tag("text", title, class_="title middle", x=WIDTH / 2, y=-8))
    chart.extend(frame.elements())
    ends = np.array([frame.x.low, frame.x.high])
    for style, values in (("same", ends), ("fit", validation.line(ends))):
        segment = _segment(frame, ends, values, style)
        if segment is not None:
            chart.append(segment)
    for x, y in zip(predicted.tolist(), measured.tolist(), strict=True):
        name = tag("title", f"{y:.3f} ms measured, {x:.3f} ms by the table")
        chart.append(tag("circle", name, cx=frame.x(x), cy=frame.y(y), r=2.6))
    return tostring(chart, encoding="unicode") + "\n"


def _segment(
    frame: Frame,
    xs: np.ndarray[tuple[int], np.dtype[np.float64]],
    ys: np.ndarray[tuple[int], np.dtype[np.float64]],
    style: str,
) -> Element | None:
    """The part of the line through two points that the frame shows."""
    slope = (ys[1] - ys[0]) / (xs[1] - xs[0])
    if slope <= 0:
        return None
    low = max(xs[0], xs[0] + (frame.y.low - ys[0]) / slope)
    high = min(xs[1], xs[0] + (frame.y.high - ys[0]) / slope)
    if low >= high:
        return None
    (x1, y1), (x2, y2) = ((x, ys[0] + slope * (x - xs[0])) for x in (low, high))
    return tag(
        "line",
        class_=style,
        x1=frame.x(float(x1)),
        y1=frame.y(float(y1)),
        x2=frame.x(float(x2)),
        y2=frame.y(float(y2)),
    )
