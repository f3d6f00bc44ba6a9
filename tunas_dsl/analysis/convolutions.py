"""Calls of the kinds that have settings to IR layers, held against the size of the image."""

from collections.abc import Iterator
from typing import Any

import attrs

from tunas_dsl.analysis import rules
from tunas_dsl.analysis.agreement import sizes
from tunas_dsl.analysis.blame import Blame, Use
from tunas_dsl.analysis.channels import Ties
from tunas_dsl.analysis.place import Place
from tunas_dsl.analysis.settings import Decisions, Settings, origin
from tunas_dsl.diagnostics import Report
from tunas_dsl.ir import space as ir
from tunas_dsl.source import Span


class Convolutions:
    """Lowers the layers of a space that make filters; the decisions that they make are appended in order."""

    def __init__(self, decisions: Decisions, ties: Ties, blame: Blame, report: Report) -> None:
        self.decisions = decisions
        self.ties = ties
        self.blame = blame
        self.report = report
        self._small: dict[int, tuple[rules.LargeKernel, tuple[Use, ...]]] = {}  # by the image's pixels
        self._strided_pixel = False

    def lower(
        self, kind: type[ir.Operation], settings: Settings, span: Span, place: Place
    ) -> ir.Layer | None:
        """The layer of this kind with these settings, or nothing where it was reported."""
        fields = dict(self._own(kind, settings, place))
        kernel, stride = fields.get("kernel", ir.constant(1)), fields.get("stride", 1)
        if place.known:
            self._check_size(kernel, stride, span, place)
        filters = (
            self._filters(settings, place) if "filters" in settings.parameters else place.inputs.channels
        )
        if filters is None:
            self.report.add(rules.NoFilters(span=span, block=place.block))
            return None
        outputs = ir.FeatureMap(filters, _reduced(place.inputs.size, stride))
        return kind(inputs=place.inputs, outputs=outputs, origin=origin(span), **fields)

    def _own(self, kind: type[ir.Operation], settings: Settings, place: Place) -> Iterator[tuple[str, Any]]:
        """The fields of the layer but for its shapes; what is decided takes its place in this order."""
        for parameter in kind.parameters:
            if parameter.name == "filters":
                continue
            elif not parameter.decidable:
                yield parameter.field, settings.single(parameter.name)
            elif parameter.kind == "expansion":
                yield parameter.field, settings.choice(parameter.name, inputs=place.inputs.channels)
            else:
                yield parameter.field, settings.choice(parameter.name)
        if "divisor" in attrs.fields_dict(kind):
            yield "divisor", self.decisions.divisor

    def _filters(self, settings: Settings, place: Place) -> ir.Choice[int] | None:
        if "filters" not in settings.given:
            return place.filters
        own = settings.choice("filters")
        return self.ties.guess(self.decisions.divisor) if own.options == (None,) else own

    def _check_size(self, kernel: ir.Choice[int], stride: int, span: Span, place: Place) -> None:
        """Kernels and strides that an image is too small for."""
        pixels = max(max(size) for size in place.inputs.size.options)
        if stride > 1 and pixels == 1:
            self._strided_pixel = True
            self.blame.add(rules.StrideOnPixel(span=span, stride=stride), place.uses)
        elif min(kernel.options) > 2 * pixels - 1:
            size, least = sizes(place.inputs), 2 * pixels - 1
            large = rules.LargeKernel(span=span, kernel=min(kernel.options), size=size, least=least)
            self._small.setdefault(pixels, (large, place.uses))

    def settle(self) -> None:
        """Warn of kernels that are larger than their image, once for each size of image.

        One pixel over which there is a stride is where too many strides come from: that says it all.
        """
        for pixels, (large, uses) in self._small.items():
            if pixels > 1 or not self._strided_pixel:
                self.blame.add(large, uses)


def _reduced(size: ir.Choice[ir.Size], stride: int) -> ir.Choice[ir.Size]:
    """What a stride leaves of each size, rounded up."""
    reduced = tuple((-(-height // stride), -(-width // stride)) for height, width in size.options)
    return ir.Choice(reduced, size.decision)
