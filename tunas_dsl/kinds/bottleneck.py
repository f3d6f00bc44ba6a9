"""``bottleneck``: the inverted bottleneck of MobileNetV2 and V3."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import attrs

from tunas_dsl.kinds.convolution import Axes, Convolution, depthwise
from tunas_dsl.kinds.layer import Choice, Expansion, Operation, chosen, expanded_filters
from tunas_dsl.kinds.numbers import make_divisible
from tunas_dsl.kinds.parameters import ACT, FILTERS, KERNEL, STRIDE, ActivationFunction, Parameter
from tunas_dsl.kinds.words import Words, options, stride, switch

_SE_RATIO = Fraction(1, 4)
_SE_ACT = "relu"


@attrs.frozen(kw_only=True)
class Bottleneck(Operation):
    """Inverted bottleneck: 1x1 expand, depthwise, squeeze-and-excite, 1x1 project.

    Collapsed as in the paper (section 4): one expand and one project convolution serve every
    option; each kernel size has a depthwise kernel and batch norm of its own. Relative
    expansions and the squeeze-and-excite width are rounded to ``divisor``.
    """

    name = "bottleneck"
    parameters = (
        KERNEL,
        Parameter("expand", "expansion", decidable=True, required=True, field="expansion"),
        Parameter(
            *("se", "switch"), decidable=True, default=False, field="squeeze_excite", decides="squeeze_excite"
        ),
        STRIDE,
        ACT,
        Parameter("se_ratio", "ratio", default=_SE_RATIO),
        Parameter("se_act", "act", default=_SE_ACT),
        FILTERS,
    )
    summary = "1x1 expansion, depthwise convolution, squeeze-and-excite if `se` is on, 1x1 projection."
    names = "mbconv mb mbblock invertedresidual invertedbottleneck inverted ibn ibconv invres"
    inside = ("expanded", "squeezed")

    kernel: Choice[int]
    expansion: Choice[Expansion]
    squeeze_excite: Choice[bool]
    se_ratio: Fraction
    se_act: ActivationFunction
    stride: int
    act: ActivationFunction
    divisor: int

    def convolutions(self, axes: Axes, used: Any) -> list[Convolution]:
        """1x1, a depthwise one for each kernel size, the two of squeeze-and-excite, 1x1."""
        inputs, outputs = axes.along(self.inputs.channels), axes.along(self.outputs.channels)
        before, after = axes.pixels(self.inputs.size), axes.pixels(self.outputs.size)
        expanded = sum(
            selected * expanded_filters(option, inputs, self.divisor)
            for option, selected in axes.split(self.expansion)
        )
        parts = [Convolution(1, inputs, expanded, before, used)]
        parts += depthwise(self.kernel, expanded, after, axes, used)
        for on, selected in axes.split(self.squeeze_excite):
            if on:
                squeezed = self.squeezed(expanded)
                parts += [
                    Convolution(1, expanded, squeezed, axes.one, used * selected, batch_norm=False),
                    Convolution(1, squeezed, expanded, axes.one, used * selected, batch_norm=False),
                ]
        return [*parts, Convolution(1, expanded, outputs, after, used)]

    def squeezed(self, expanded: Any) -> Any:
        """The hidden width of the squeeze-and-excite on ``expanded`` filters, or an array of them."""
        return make_divisible(expanded, self.se_ratio, self.divisor)

    def attributes(self, selection: Mapping[str, int]) -> dict[str, Any]:
        """The kernel, the stride, the activation, and the widths inside."""
        inputs = chosen(self.inputs.channels, selection)
        expanded = int(expanded_filters(chosen(self.expansion, selection), inputs, self.divisor))
        excited = chosen(self.squeeze_excite, selection)
        return {
            "kernel": chosen(self.kernel, selection),
            "stride": self.stride,
            "expanded": expanded,
            "act": self.act,
            "squeezed": int(self.squeezed(expanded)) if excited else None,
        }

    def words(self, words: Words) -> list[str]:
        """``bottleneck 3 x 6x s2 se relu``."""
        kernel = [words.choice(self.kernel), "x", self._expansion(words), *stride(self.stride)]
        return [self.name, *kernel, *self._squeeze_excite(words), self.act, *words.filters(self)]

    def _expansion(self, words: Words) -> str:
        text = words.choice(self.expansion)
        fixed = len(self.expansion.options) == 1 and len(self.inputs.channels.options) == 1
        if not fixed or isinstance(self.expansion.constant, int):
            return text
        inputs = self.inputs.channels.constant
        return f"{text}={expanded_filters(self.expansion.constant, inputs, self.divisor)}"

    def _squeeze_excite(self, words: Words) -> list[str]:
        switches = self.squeeze_excite.options
        if not any(switches):
            return []
        text = "se" if all(switches) else f"se {options(list(map(switch, switches)))}"
        ratio = [] if self.se_ratio == _SE_RATIO else [str(self.se_ratio)]
        act = [] if self.se_act == _SE_ACT else [self.se_act]
        return [text + words.shared(self.squeeze_excite), *ratio, *act]

    @classmethod
    def macs(cls, operation: Any) -> int:
        """Those of its convolutions and of squeeze-and-excite."""
        (before, across, inputs), (height, width, outputs) = operation.input, operation.output
        pixels, inside = height * width, operation.expanded or inputs
        squeeze = 2 * inside * (operation.squeezed or 0)
        kernels = pixels * inside * (operation.kernel**2 + outputs)
        return int(before * across * inputs * inside + kernels + squeeze)
