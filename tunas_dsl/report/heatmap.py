"""What the policy thought of every option over time: a heat map, a row for each option."""

import base64
import io
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

import numpy as np
from PIL import Image

from tunas_dsl.ir import space as ir
from tunas_dsl.report.svg import tag

_ROW = 11
_GAP = 5
_LEFT, _MAP, _RIGHT = 150, 420, 120
_HUE = (37, 99, 235)

Snapshots = Sequence[tuple[int, list[list[float]]]]


def heat_map(decisions: Sequence[ir.Decision], snapshots: Snapshots, found: Sequence[int]) -> Element | None:
    """The probabilities of the options of each decision that has several, in all snapshots.

    ``snapshots`` are steps with the probabilities of all ``decisions`` after them; ``found`` has the option
    number that each ended with. Nothing where there are no snapshots.
    """
    shown = [number for number, decision in enumerate(decisions) if len(decision.options) > 1]
    if not snapshots or not shown:
        return None
    rows = sum(len(decisions[number].options) for number in shown)
    height = rows * _ROW + len(shown) * _GAP
    chart = tag(
        "svg",
        class_="heat",
        viewBox=f"0 0 {_LEFT + _MAP + _RIGHT} {height + 22}",
        role="img",
        aria_label="probabilities of the options over the steps",
    )
    top = 0.0
    for number in shown:
        chart.extend(_decision(decisions[number], number, snapshots, found[number], top))
        top += len(decisions[number].options) * _ROW + _GAP
    first, last = snapshots[0][0] + 1, snapshots[-1][0] + 1
    chart.append(tag("text", f"step {first}", class_="tick", x=_LEFT, y=height + 14))
    chart.append(tag("text", f"step {last}", class_="tick end", x=_LEFT + _MAP, y=height + 14))
    return chart


def _decision(
    decision: ir.Decision, number: int, snapshots: Snapshots, chosen: int, top: float
) -> Iterator[Element]:
    probabilities = np.array([rows[number] for _, rows in snapshots]).T  # (options, snapshots)
    height = len(decision.options) * _ROW
    yield tag("text", decision.id, class_="row end", x=_LEFT - 8, y=top + height / 2 + 3.5)
    yield tag("rect", class_="bed", x=_LEFT, y=top, width=_MAP, height=height)
    yield tag(
        "image",
        x=_LEFT,
        y=top,
        width=_MAP,
        height=height,
        preserveAspectRatio="none",
        class_="pixels",
        href=_picture(probabilities),
    )
    for option, label in enumerate(decision.options):
        last = probabilities[option, -1]
        words = f"{label}  {last:.2f}"
        style = "row chosen" if option == chosen else "row"
        below = top + option * _ROW
        title = tag("title", f"{decision.id} = {label}: {probabilities[option, 0]:.3f} to {last:.3f}")
        yield tag("rect", title, class_="over", x=_LEFT, y=below, width=_MAP, height=_ROW)
        yield tag("text", words, class_=style, x=_LEFT + _MAP + 8, y=below + _ROW - 2)


def _picture(probabilities: np.ndarray) -> str:
    """A pixel for each option and snapshot, the more opaque the more probable, as a PNG in a data address."""
    pixels = np.empty((*probabilities.shape, 4), np.uint8)
    pixels[..., :3] = _HUE
    pixels[..., 3] = np.round(255 * np.clip(probabilities, 0, 1))
    file = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(file, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
