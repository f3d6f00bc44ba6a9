"""Layer expressions to IR layers, with their shapes and the decisions inside them.

Before: calls, references and alternatives. After: layers that know what they take and give.
A layer that cannot be read is reported and left out, so that the rest is still checked.
"""

from collections.abc import Callable, Sequence
from functools import partial

import attrs

from tunas_dsl.analysis import rules
from tunas_dsl.analysis.channels import Ties
from tunas_dsl.analysis.operators import BUILT_IN, OPERATORS
from tunas_dsl.analysis.scope import Scope, bind_call, match_arguments
from tunas_dsl.analysis.settings import Decisions, Settings, origin
from tunas_dsl.diagnostics import Report
from tunas_dsl.ir import space as ir
from tunas_dsl.source import Span
from tunas_dsl.syntax import tree

MAX_LAYERS = 5000


@attrs.frozen(eq=False)
class Place:
    """Where a layer stands: what flows in, the block's filters, its path, and when it is active."""

    inputs: ir.FeatureMap
    filters: ir.Choice[int] | None
    block: str
    path: str
    scope: Scope
    active: tuple[ir.Condition, ...] = ()
    in_residual: bool = False
    inside: tuple[int, ...] = ()


class LayerLowering:
    """Lowers the layers of a space; the decisions that they make are appended in order."""

    def __init__(self, decisions: Decisions, ties: Ties, report: Report) -> None:
        self.decisions = decisions
        self.ties = ties
        self.report = report
        self.count = 0

    def items(self, expressions: Sequence[tree.Expression], place: Place) -> tuple[ir.Layer, ...]:
        """The layers of a block or sequence, each fed by the one before; repetitions written out."""
        layers: list[ir.Layer] = []
        for expression in self._repeated(expressions, place.scope):
            here = attrs.evolve(place, path=f"{place.path}.{len(layers)}")
            layer = self.layer(expression, here)
            if layer is not None:
                layers.append(layer)
                place = attrs.evolve(place, inputs=layer.outputs)
        return tuple(layers)

    def layer(self, expression: tree.Expression, place: Place) -> ir.Layer | None:
        """The layer that ``expression`` stands for, or nothing where it was reported."""
        match expression:
            case tree.Reference(name=name):
                return self._named(tree.Name(name, span=expression.span), (), expression.span, place)
            case tree.Call(name=name, arguments=arguments):
                return self._named(name, arguments, expression.span, place)
            case tree.Alternatives(options=options):
                return self._alternatives(expression, options, place)
            case tree.Sequence(items=items):
                layers = self.items(items, attrs.evolve(place, in_residual=False))
                outputs = layers[-1].outputs if layers else place.inputs
                return ir.Sequence(
                    inputs=place.inputs, outputs=outputs, layers=layers, origin=origin(expression.span)
                )
            case tree.Product():
                whole = tree.Sequence((expression,), span=expression.span)
                return self.layer(whole, place)
            case _:
                self.report.add(rules.NotALayer(span=expression.span, written=expression.span.text))
                return None

    def _repeated(self, expressions: Sequence[tree.Expression], scope: Scope) -> list[tree.Expression]:
        written: list[tree.Expression] = []
        for expression in expressions:
            match expression:
                case tree.Product(factors=(tree.Number(number=number), layer)):
                    if number.denominator != 1 or not 1 <= number <= MAX_LAYERS:
                        wanted = f"a whole number of layers from 1 to {MAX_LAYERS:,}"
                        span = expression.factors[0].span
                        self.report.add(rules.WrongValue(span=span, written=span.text, wanted=wanted))
                        continue
                    written += [layer] * int(number)
                case tree.Product():
                    wanted = "a repetition such as `3 * layer`"
                    self.report.add(
                        rules.WrongValue(span=expression.span, written=expression.span.text, wanted=wanted)
                    )
                case _:
                    written.append(expression)
        return written

    def _named(
        self, name: tree.Name, arguments: tuple[tree.Argument, ...], span: Span, place: Place
    ) -> ir.Layer | None:
        if name.text in OPERATORS:
            return self._operator(name, arguments, span, place)
        binding = place.scope.find(name.text)
        if binding is None:
            known = (BUILT_IN | place.scope.names()) - {"on", "off"}
            self.report.add(rules.UnknownName(span=name.span, name=name.text, what="layer", known=known))
            return None
        if id(binding) in place.inside:
            self.report.add(
                rules.CyclicDefinition(
                    span=binding.name.span, name=name.text, cycle=f"{name.text} -> ... -> {name.text}"
                )
            )
            return None
        scope = bind_call(binding, arguments, place.scope, span, self.report)
        return self.layer(
            binding.expression, attrs.evolve(place, scope=scope, inside=(*place.inside, id(binding)))
        )

    def _operator(
        self, name: tree.Name, arguments: tuple[tree.Argument, ...], span: Span, place: Place
    ) -> ir.Layer | None:
        self.count += 1
        if self.count > MAX_LAYERS:
            self.report.add(rules.TooMany(span=span, limit=MAX_LAYERS, what="layers"))
            return None
        parameters = OPERATORS[name.text]
        given = match_arguments(name.text, parameters, arguments, span, self.report)
        settings = Settings(
            given,
            {p.name: p for p in parameters},
            name.text,
            place.scope,
            place.path,
            place.active,
            self.decisions,
        )
        match name.text:
            case "residual":
                return self._residual(given, span, place)
            case "skip":
                return self._skip(span, place)
            case "global_pool":
                pooled = ir.FeatureMap(place.inputs.channels, ir.constant((1, 1)))
                return ir.GlobalPool(inputs=place.inputs, outputs=pooled, origin=origin(span))
            case "endpoint":
                return ir.Endpoint(inputs=place.inputs, outputs=place.inputs, origin=origin(span))
            case "conv" | "sepconv" | "bottleneck":
                return self._convolution(name.text, settings, span, place)
            case function:
                return ir.Activation(
                    inputs=place.inputs,
                    outputs=place.inputs,
                    function=function,  # type: ignore[arg-type]
                    origin=origin(span),
                )

    def _convolution(self, kind: str, settings: Settings, span: Span, place: Place) -> ir.Layer | None:
        kernel = settings.choice("kernel")
        stride: int = settings.single("stride")
        build: Callable[..., ir.Layer]
        match kind:
            case "conv":
                build = partial(ir.Conv, batch_norm=settings.single("bn"))
            case "sepconv":
                build = partial(ir.SeparableConv, act=settings.single("act"))
            case _:
                build = partial(
                    ir.Bottleneck,
                    expansion=settings.choice("expand", inputs=place.inputs.channels),
                    squeeze_excite=settings.choice("se"),
                    se_ratio=settings.single("se_ratio"),
                    se_act=settings.single("se_act"),
                    act=settings.single("act"),
                    divisor=self.decisions.divisor,
                )
        filters = settings.choice("filters") if "filters" in settings.given else place.filters
        if filters is None:
            self.report.add(rules.NoFilters(span=span, block=place.block))
            return None
        size = ir.Choice(
            tuple((-(-height // stride), -(-width // stride)) for height, width in place.inputs.size.options),
            place.inputs.size.decision,
        )
        outputs = ir.FeatureMap(filters, size)
        return build(inputs=place.inputs, outputs=outputs, kernel=kernel, stride=stride, origin=origin(span))

    def _skip(self, span: Span, place: Place) -> ir.Layer | None:
        if not place.in_residual:
            self.report.add(rules.SkipOutsideResidual(span=span))
            return None
        return ir.Skip(inputs=place.inputs, outputs=place.inputs, origin=origin(span))

    def _residual(self, given: dict[str, tree.Expression], span: Span, place: Place) -> ir.Layer | None:
        if "layer" not in given:
            return None
        body = self.layer(given["layer"], attrs.evolve(place, in_residual=True))
        if body is None:
            return None
        before, after = place.inputs, body.outputs
        if before.size != after.size:
            self.report.add(rules.ResidualOverStride(span=span, before=_sizes(before), after=_sizes(after)))
        elif before.channels != after.channels:
            self.ties.tie(before.channels, after.channels, span)
        return ir.Residual(inputs=before, outputs=after, body=body, origin=origin(span))

    def _alternatives(
        self, expression: tree.Expression, options: tuple[tree.Expression, ...], place: Place
    ) -> ir.Layer | None:
        id = f"{place.path}.op"
        layers: list[ir.Layer] = []
        labels: list[str] = []
        several = sum(option.span.text != "skip" for option in options) > 1
        for index, option in enumerate(options):
            condition = ((id, (index,)),)
            active = tuple((*outer, *condition) for outer in place.active) or (condition,)
            path = f"{place.path}.{index}" if several else place.path
            layer = self.layer(option, attrs.evolve(place, active=active, path=path))
            if layer is not None:
                layers.append(layer)
                labels.append(" ".join(option.span.text.split()))
        if len(layers) < len(options):
            return next((layer for layer in layers if not isinstance(layer, ir.Skip)), None)
        outputs = self._agreement(layers, options)
        decision = ir.Decision(id, "layer", tuple(labels), 0, place.active)
        self.decisions.add(decision, expression.span)
        return ir.Alternatives(
            inputs=place.inputs,
            outputs=outputs,
            decision=id,
            layers=tuple(layers),
            origin=origin(expression.span),
        )

    def _agreement(self, layers: list[ir.Layer], options: tuple[tree.Expression, ...]) -> ir.FeatureMap:
        """What every alternative gives; a skip gives what the others do, since the residual ties them."""
        real = [pair for pair in zip(layers, options, strict=True) if not isinstance(pair[0], ir.Skip)]
        if not real:
            return layers[0].outputs
        (first, first_option), *rest = real
        for layer, option in rest:
            if layer.outputs != first.outputs:
                self.report.add(
                    rules.AlternativesDisagree(
                        span=option.span,
                        found=_shape(layer.outputs),
                        wanted=_shape(first.outputs),
                        first=first_option.span,
                    )
                )
        return first.outputs


def _sizes(features: ir.FeatureMap) -> str:
    return " or ".join(f"{height} x {width}" for height, width in features.size.options)


def _shape(features: ir.FeatureMap) -> str:
    channels = " or ".join(map(str, features.channels.options))
    return f"{_sizes(features)} with {channels} filters"
