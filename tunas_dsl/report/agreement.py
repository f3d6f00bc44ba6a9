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

_HEAD = 40
"""Pixels above the chart."""


def agreement_svg(validation: Validation, title: str) -> str:
    """A point for each architecture, the line on which both are equal (dashed), and the calibration (red)."""
    predicted, measured = validation.predicted, validation.measured
    frame = Frame.around(predicted.tolist(), measured.tolist(), "sum of the table [ms]", "measured [ms]")
    chart = tag(
        "svg",
        tag("style", _STYLE),
        tag("rect", x=0, y=-_HEAD, width=WIDTH, height=HEIGHT + _HEAD, fill="white"),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 {-_HEAD} {WIDTH} {HEIGHT + _HEAD}",
        width=WIDTH,
        height=HEIGHT + _HEAD,
        role="img",
        aria_label=title,
    )
    after = validation.after
    figures = f"Spearman {after.spearman:.3f}; calibrated, {after.error_percent:.1f} % mean absolute error"
    chart.append(tag("text", title, class_="title middle", x=WIDTH / 2, y=20 - _HEAD))
    chart.append(tag("text", figures, class_="middle", x=WIDTH / 2, y=36 - _HEAD))
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
