"""Calls of ``conv``, ``sepconv`` and ``bottleneck`` to IR layers, held against the size of the image."""

from collections.abc import Callable
from functools import partial

from tunas_dsl.analysis import rules
from tunas_dsl.analysis.agreement import sizes
from tunas_dsl.analysis.channels import Ties
from tunas_dsl.analysis.place import Place
from tunas_dsl.analysis.settings import Decisions, Settings, origin
from tunas_dsl.diagnostics import Report
from tunas_dsl.ir import space as ir
from tunas_dsl.source import Span


class Convolutions:
    """Lowers the layers of a space that make filters; the decisions that they make are appended in order."""

    def __init__(self, decisions: Decisions, ties: Ties, report: Report) -> None:
        self.decisions = decisions
        self.ties = ties
        self.report = report
        self._small: set[str] = set()  # blocks whose image is said to be small for a kernel

    def lower(self, settings: Settings, span: Span, place: Place) -> ir.Layer | None:
        """The layer with these settings, or nothing where it was reported."""
        kernel = settings.choice("kernel")
        stride: int = settings.single("stride")
        if place.known:
            self._check_size(kernel, stride, span, place)
        build = self._builder(settings, place)
        filters = self._filters(settings, place)
        if filters is None:
            self.report.add(rules.NoFilters(span=span, block=place.block))
            return None
        outputs = ir.FeatureMap(filters, _reduced(place.inputs.size, stride))
        return build(inputs=place.inputs, outputs=outputs, kernel=kernel, stride=stride, origin=origin(span))

    def _builder(self, settings: Settings, place: Place) -> Callable[..., ir.Layer]:
        """What makes the layer, with the settings that only its kind has."""
        match settings.owner:
            case "conv":
                return partial(ir.Conv, batch_norm=settings.single("bn"))
            case "sepconv":
                return partial(ir.SeparableConv, act=settings.single("act"))
            case _:
                return partial(
                    ir.Bottleneck,
                    expansion=settings.choice("expand", inputs=place.inputs.channels),
                    squeeze_excite=settings.choice("se"),
                    se_ratio=settings.single("se_ratio"),
                    se_act=settings.single("se_act"),
                    act=settings.single("act"),
                    divisor=self.decisions.divisor,
                )

    def _filters(self, settings: Settings, place: Place) -> ir.Choice[int] | None:
        if "filters" not in settings.given:
            return place.filters
        own = settings.choice("filters")
        return self.ties.guess(self.decisions.divisor) if own.options == (None,) else own

    def _check_size(self, kernel: ir.Choice[int], stride: int, span: Span, place: Place) -> None:
        """Kernels and strides that an image is too small for."""
        pixels = max(max(size) for size in place.inputs.size.options)
        if stride > 1 and pixels == 1:
            self.report.add(rules.StrideOnPixel(span=span, stride=stride))
        elif min(kernel.options) > 2 * pixels - 1 and place.block not in self._small:
            self._small.add(place.block)
            size = sizes(place.inputs)
            self.report.add(
                rules.LargeKernel(span=span, kernel=min(kernel.options), size=size, least=2 * pixels - 1)
            )


def _reduced(size: ir.Choice[ir.Size], stride: int) -> ir.Choice[ir.Size]:
    """What a stride leaves of each size, rounded up."""
    reduced = tuple((-(-height // stride), -(-width // stride)) for height, width in size.options)
    return ir.Choice(reduced, size.decision)
