"""Elements of HTML and SVG, and the scales of a chart. Escaping is the standard library's."""

import math
from xml.etree.ElementTree import Element, tostring

import attrs

Child = Element | str


def tag(name: str, *children: Child | None, **attributes: object) -> Element:
    """The element ``name``: ``class_`` is its class, and ``_`` in other attributes becomes ``-``.

    Numbers are written with at most two decimals. What is None is left out.
    """
    written = {_name(key): _text(value) for key, value in attributes.items() if value is not None}
    element = Element(name, written)
    for child in children:
        if isinstance(child, str):
            _append_text(element, child)
        elif child is not None:
            element.append(child)
    return element


def markup(element: Element) -> str:
    """The element as HTML text."""
    return tostring(element, encoding="unicode", method="html")


@attrs.frozen
class Scale:
    """A line from numbers to pixels: ``low`` is at ``start``, ``high`` at ``end``."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, number: float) -> float:
        """The pixel of ``number``."""
        return self.start + (number - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self, count: int = 5) -> list[float]:
        """About ``count`` round numbers on the line: multiples of 1, 2 or 5 times a power of ten."""
        rough = (self.high - self.low) / count
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [number * step for number in range(first, last + 1)]


def span(numbers: list[float], *, margin: float = 0.05) -> tuple[float, float]:
    """The lowest and the highest of ``numbers`` with a margin, never of the same height."""
    low, high = min(numbers), max(numbers)
    room = (high - low) * margin or abs(high) * margin or 1.0
    return low - room, high + room


def short(number: float) -> str:
    """A number for people: four digits, no exponent where that can be avoided."""
    if number and not 1e-4 <= abs(number) < 1e7:
        return f"{number:.3g}"
    text = f"{number:.4g}" if abs(number) < 1e4 else f"{number:,.0f}"
    return text


def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-") if key != "viewBox" else key


def _text(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _append_text(element: Element, text: str) -> None:
    if len(element):
        element[-1].tail = (element[-1].tail or "") + text
    else:
        element.text = (element.text or "") + text
