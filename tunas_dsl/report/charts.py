"""Line charts and scatter plots as SVG, with a tooltip on every line and point."""

from collections.abc import Iterator, Sequence
from typing import Literal
from xml.etree.ElementTree import Element

import attrs
import numpy as np

from tunas_dsl.report.reading import Floats
from tunas_dsl.report.svg import Scale, short, span, tag

WIDTH, HEIGHT = 460, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 14, 12, 40
_POINTS = 300
"""A longer line is drawn with so many points, each the mean of those around it."""

COLOURS = 8
"""The style sheet has so many colours, ``c0`` to ``c7``; further lines begin again."""

Shape = Literal["dot", "square", "triangle", "star"]


@attrs.frozen(eq=False)
class Line:
    """One run's figure over the steps; ``colour`` is a number of the style sheet."""

    name: str
    colour: int
    x: Floats
    y: Floats
    dashed: bool = False


@attrs.frozen(eq=False)
class Points:
    """Architectures of one kind in a scatter plot."""

    name: str
    colour: int
    shape: Shape
    x: Floats
    y: Floats
    large: bool = False


@attrs.frozen
class Frame:
    """The axes of a chart, and where numbers are in it."""

    x: Scale
    y: Scale
    x_label: str
    y_label: str

    @classmethod
    def around(cls, xs: list[float], ys: list[float], x_label: str, y_label: str) -> "Frame":
        """A frame in which all of these are seen."""
        x = Scale(*span(xs, margin=0.02), _LEFT, WIDTH - _RIGHT)
        return cls(x, Scale(*span(ys), HEIGHT - _BOTTOM, _TOP), x_label, y_label)

    def elements(self) -> Iterator[Element]:
        """Grid, numbers and names of the axes."""
        bottom, right = HEIGHT - _BOTTOM, WIDTH - _RIGHT
        for tick in self.y.ticks():
            at = self.y(tick)
            yield tag("line", class_="grid", x1=_LEFT, x2=right, y1=at, y2=at)
            yield tag("text", short(tick), class_="tick end", x=_LEFT - 6, y=at + 3.5)
        for tick in self.x.ticks():
            at = self.x(tick)
            yield tag("line", class_="grid", x1=at, x2=at, y1=bottom, y2=bottom + 4)
            yield tag("text", short(tick), class_="tick middle", x=at, y=bottom + 16)
        yield tag("line", class_="axis", x1=_LEFT, x2=right, y1=bottom, y2=bottom)
        yield tag("text", self.x_label, class_="label middle", x=(_LEFT + right) / 2, y=HEIGHT - 6)
        middle = (_TOP + bottom) / 2
        turn = f"rotate(-90 14 {middle})"
        yield tag("text", self.y_label, class_="label middle", x=14, y=middle, transform=turn)


def line_chart(lines: Sequence[Line], y_label: str, level: tuple[str, float] | None = None) -> Element | None:
    """Lines over the steps, with a dotted ``level`` such as the target; None where there is nothing."""
    drawn = [_thin(line) for line in lines if len(line.x)]
    if not drawn:
        return None
    xs = [float(x) for line in drawn for x in line.x]
    ys = [float(y) for line in drawn for y in line.y] + ([level[1]] if level else [])
    frame = Frame.around(xs, ys, "step", y_label)
    chart = _chart(y_label, frame)
    if level:
        at = frame.y(level[1])
        chart.append(tag("line", _title(*level), class_="level", x1=_LEFT, x2=WIDTH - _RIGHT, y1=at, y2=at))
    for line in drawn:
        path = "M" + "L".join(
            f"{frame.x(x):.1f} {frame.y(y):.1f}" for x, y in zip(line.x, line.y, strict=True)
        )
        last = float(line.y[-1])
        dash = " dashed" if line.dashed else ""
        chart.append(
            tag("path", _title(line.name, last), class_=f"line c{line.colour % COLOURS}{dash}", d=path)
        )
    return chart


def scatter(
    groups: Sequence[Points], x_label: str, y_label: str, level: tuple[str, float] | None
) -> Element | None:
    """Points of several kinds, with a dotted vertical ``level``; None where there are none."""
    drawn = [group for group in groups if len(group.x)]
    if not drawn:
        return None
    xs = [float(x) for group in drawn for x in group.x] + ([level[1]] if level else [])
    frame = Frame.around(xs, [float(y) for group in drawn for y in group.y], x_label, y_label)
    chart = _chart(f"{y_label} over {x_label}", frame)
    if level:
        at = frame.x(level[1])
        chart.append(tag("line", _title(*level), class_="level", x1=at, x2=at, y1=_TOP, y2=HEIGHT - _BOTTOM))
    for group in sorted(drawn, key=lambda group: group.large):
        for x, y in zip(group.x, group.y, strict=True):
            chart.append(_mark(group, frame.x(float(x)), frame.y(float(y)), float(x), float(y)))
    return chart


def _chart(name: str, frame: Frame) -> Element:
    chart = tag("svg", class_="chart", viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=name)
    chart.extend(frame.elements())
    return chart


def _mark(group: Points, x: float, y: float, cost: float, quality: float) -> Element:
    title = tag("title", f"{group.name}: {short(quality)} at {short(cost)}")
    size = 6.0 if group.large else 2.2
    style = f"mark c{group.colour % COLOURS}" + (" large" if group.large else "")
    corners: tuple[tuple[float, float], ...]
    match group.shape:
        case "dot":
            return tag("circle", title, class_=style, cx=x, cy=y, r=size)
        case "square":
            return tag("rect", title, class_=style, x=x - size, y=y - size, width=2 * size, height=2 * size)
        case "triangle":
            corners = ((0, -1.2), (1.1, 0.9), (-1.1, 0.9))
        case "star":
            corners = tuple(_star(corner) for corner in range(10))
    places = " ".join(f"{x + size * dx:.1f},{y + size * dy:.1f}" for dx, dy in corners)
    return tag("polygon", title, class_=style, points=places)


def _star(corner: int) -> tuple[float, float]:
    angle, radius = np.pi * corner / 5, 1.5 if corner % 2 == 0 else 0.65
    return radius * float(np.sin(angle)), -radius * float(np.cos(angle))


def _title(name: str, number: float) -> Element:
    return tag("title", f"{name}: {short(number)}")


def _thin(line: Line) -> Line:
    if len(line.x) <= _POINTS:
        return line
    parts = np.array_split(np.arange(len(line.x)), _POINTS)
    x, y = (np.array([numbers[part].mean() for part in parts]) for numbers in (line.x, line.y))
    return attrs.evolve(line, x=x, y=y)
