"""Layer expressions to IR layers, with their shapes and the decisions inside them.

Before: calls, references and alternatives. After: layers that know what they take and give.
A layer that cannot be read is reported and left out, so that the rest is still checked.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import attrs

from tunas_dsl.analysis import rules
from tunas_dsl.analysis.channels import Ties
from tunas_dsl.analysis.juxtaposed import REPEATED, separated
from tunas_dsl.analysis.operators import BUILT_IN, OPERATORS, PARAMETERS, without_defaults
from tunas_dsl.analysis.scope import Binding, Scope, bind_call, match_arguments
from tunas_dsl.analysis.settings import Decisions, Settings, numbered, origin
from tunas_dsl.analysis.values import Options, evaluate, is_value, shortened
from tunas_dsl.diagnostics import Report
from tunas_dsl.ir import space as ir
from tunas_dsl.source import Span
from tunas_dsl.syntax import tree
from tunas_dsl.syntax.rules import TooLarge

MAX_LAYERS = 20_000
"""So many a space may have, and besides one for every few characters of its text: whoever writes them may."""

CHARACTERS_A_LAYER = 4
MAX_COMPARED = 100
MAX_AROUND = 100_000
"""Combinations of the decisions around a layer, over which costs are tables."""

MAX_DEPTH = 500
"""Layers inside layers, and names for names: each is one."""


class Place(NamedTuple):
    """Where a layer stands: what flows in, the block's filters, its path, and when it is active.

    What flows in is not ``known`` behind a layer that was reported; then it is not held against others.
    """

    inputs: ir.FeatureMap
    filters: ir.Choice[int] | None
    block: str
    path: str
    scope: Scope
    active: tuple[ir.Condition, ...] = ()
    in_residual: bool = False
    inside: tuple[Binding, ...] = ()
    known: bool = True
    depth: int = 0
    around: int = 1


class LayerLowering:
    """Lowers the layers of a space; the decisions that they make are appended in order."""

    def __init__(self, decisions: Decisions, ties: Ties, report: Report, characters: int = 0) -> None:
        self.decisions = decisions
        self.ties = ties
        self.report = report
        self.count = 0
        self._calls: dict[tuple[int, int, int], tuple[Scope, object]] = {}
        self.small: set[str] = set()  # blocks whose image is said to be small for a kernel
        self.most = MAX_LAYERS + characters // CHARACTERS_A_LAYER

    def items(self, expressions: Sequence[tree.Expression], place: Place) -> tuple[ir.Layer, ...]:
        """The layers of a block or sequence, each fed by the one before; repetitions written out."""
        return self.chain(expressions, place)[0]

    def chain(
        self, expressions: Sequence[tree.Expression], place: Place
    ) -> tuple[tuple[ir.Layer, ...], Place]:
        """The layers, and the place behind the last of them."""
        layers: list[ir.Layer] = []
        for expression in self._repeated(expressions, place.scope):
            here = place._replace(path=f"{place.path}.{len(layers)}")
            place = self._next(place, self.layer(expression, here), layers)
        return tuple(layers), place

    def _next(self, place: Place, layer: ir.Layer | None, layers: list[ir.Layer]) -> Place:
        if layer is None:
            return place._replace(known=False)
        layers.append(layer)
        known = place.known or layer.outputs.channels is not place.inputs.channels
        return place._replace(inputs=layer.outputs, known=known)

    def layer(self, expression: tree.Expression, place: Place) -> ir.Layer | None:
        """The layer that ``expression`` stands for, or nothing where it was reported."""
        if place.depth > MAX_DEPTH:
            self.report.add(TooLarge(span=expression.span, what="this nesting", limit=f"{MAX_DEPTH} layers"))
            return None
        place = place._replace(depth=place.depth + 1)
        match expression:
            case tree.Reference(name=name):
                return self._named(tree.Name(name, span=expression.span), (), expression.span, place)
            case tree.Call(name=name, arguments=arguments):
                return self._named(name, arguments, expression.span, place)
            case tree.Alternatives(options=options):
                return self._alternatives(expression, options, place)
            case tree.Sequence(items=items):
                layers = self.items(items, place._replace(in_residual=False))
                outputs = layers[-1].outputs if layers else place.inputs
                return ir.Sequence(
                    inputs=place.inputs, outputs=outputs, layers=layers, origin=origin(expression.span)
                )
            case tree.First(count=number, layers=sequence):
                return self._depth(
                    number, self._repeated(sequence.items, place.scope), expression.span, place
                )
            case tree.Product(factors=(*counts, layer)):
                count = self._count(counts, place.scope)
                if count is None:
                    return None
                if count.decided:
                    return self._first(count, [layer] * max(count.options), expression.span, place)
                whole = tree.Sequence((expression,), span=expression.span)
                return self.layer(whole, place)
            case _:
                written = shortened(expression.span.text)
                help = REPEATED if isinstance(expression, tree.Number | tree.Times) else None
                self.report.add(rules.NotALayer(span=expression.span, written=written, help=help))
                return None

    def _repeated(self, expressions: Sequence[tree.Expression], scope: Scope) -> list[tree.Expression]:
        """The layers of ``expressions`` one by one; a depth that is decided stays one layer."""
        written: list[tree.Expression] = []
        for expression in separated(expressions, scope, self.report):
            if not isinstance(expression, tree.Product):
                written.append(expression)
                continue
            *counts, layer = expression.factors
            count = self._count(counts, scope)
            if count is None:
                continue
            written += [expression] if count.decided else [layer] * count.options[0]
        return written

    def _count(self, counts: list[tree.Expression], scope: Scope) -> "Count | None":
        """How many layers: the number before ``* layer``."""
        span = counts[0].span.to(counts[-1].span)
        number = counts[0] if len(counts) == 1 else tree.Product(tuple(counts), span=span)
        return self._evaluated(number, scope, self.report)

    def _evaluated(self, count: tree.Expression, scope: Scope, report: Report) -> "Count | None":
        found = evaluate(count, scope, "count", report)
        if found is None:
            return None
        options = tuple(option for option in found.options if isinstance(option, int))
        if found.shared is None:
            options = tuple(dict.fromkeys(options))
        return Count(options, found)

    def _depth(
        self, count: tree.Expression, expressions: list[tree.Expression], span: Span, place: Place
    ) -> ir.Layer | None:
        """``first (2 | 3) of { ... }``."""
        counted = self._evaluated(count, place.scope, self.report)
        if counted is None:
            return None
        if max(counted.options) != len(expressions):
            largest = max(counted.options)
            self.report.add(rules.WrongDepth(span=count.span, largest=largest, count=len(expressions)))
            return None
        return self._first(counted, expressions, span, place)

    def _first(
        self, count: "Count", expressions: list[tree.Expression], span: Span, place: Place
    ) -> ir.Layer | None:
        """The first of ``expressions``, as many as the decision says."""
        if not count.decided:
            return self.layer(tree.Sequence(tuple(expressions), span=span), place)
        place = place._replace(around=place.around * len(count.options))
        if self._too_many_around(place, span):
            return None
        shared = count.found.shared
        id = f"{place.path}.depth" if shared is None else self.decisions.id_of(shared)
        layers: list[ir.Layer] = []
        here = place._replace(in_residual=False)
        for number, expression in enumerate(expressions):
            reached = tuple(option for option, kept in enumerate(count.options) if kept > number)
            always = len(reached) == len(count.options)
            active = place.active if always else _within(place.active, (id, reached))
            inner = here._replace(path=f"{place.path}.{number}", active=active)
            here = self._next(here, self.layer(expression, inner), layers)
        if len(layers) < len(expressions):
            return None
        self._check_depths(count, layers, place, span)
        labels = count.options if shared is None else count.found.labels
        largest = count.options.index(max(count.options))
        decision = ir.Decision(id, "depth", numbered(labels), largest, place.active)
        self.decisions.add(decision, count.found.span)
        outputs = layers[-1].outputs if layers else place.inputs
        return ir.Depth(
            inputs=place.inputs,
            outputs=outputs,
            decision=id,
            counts=count.options,
            layers=tuple(layers),
            origin=origin(span),
        )

    def _too_many_around(self, place: Place, span: Span) -> bool:
        if place.around <= MAX_AROUND:
            return False
        what = "combinations of decisions inside each other"
        self.report.add(rules.TooMany(span=span, limit=MAX_AROUND, what=what))
        return True

    def _check_depths(self, count: "Count", layers: list[ir.Layer], place: Place, span: Span) -> None:
        features = [place.inputs, *(layer.outputs for layer in layers)]
        deep = features[-1]
        for shallow in sorted(set(count.options) if place.known else set(count.options) - {0}):
            given = features[shallow]
            guessed = self.ties.is_guessed(given.channels) or self.ties.is_guessed(deep.channels)
            if given.size == deep.size and (guessed or given.channels.options == deep.channels.options):
                self.ties.tie(given.channels, deep.channels, span)
            else:
                self.report.add(
                    rules.DepthsDisagree(
                        span=span,
                        shallow=shallow,
                        deep=len(layers),
                        found=_shape(given),
                        wanted=_shape(deep),
                    )
                )
                return

    def _named(
        self, name: tree.Name, arguments: tuple[tree.Argument, ...], span: Span, place: Place
    ) -> ir.Layer | None:
        if name.text in OPERATORS:
            return self._operator(name, arguments, span, place)
        binding = place.scope.find(name.text)
        if binding is None and place.scope.is_broken(name.text):
            return None
        if binding is None:
            known = (BUILT_IN | place.scope.names()) - {"on", "off"}
            self.report.add(rules.UnknownName(span=name.span, name=name.text, what="layer", known=known))
            return None
        if binding in place.inside:
            circle = [*place.inside[place.inside.index(binding) :], binding]
            cycle = " -> ".join(around.name.text for around in circle)
            self.report.add(
                rules.CyclicDefinition(span=binding.name.span, name=binding.name.text, cycle=cycle)
            )
            return None
        if is_value(binding.expression):
            first = binding.expression.span
            self.report.add(rules.NotALayer(span=name.span, written=name.text, first=first))
            return None
        scope = self._called(binding, arguments, place.scope, span)
        inner = place._replace(scope=scope, inside=(*place.inside, binding))
        if binding.shared:
            return self._shared(binding, inner)
        return self.layer(binding.expression, inner)

    def _called(
        self, binding: Binding, arguments: tuple[tree.Argument, ...], scope: Scope, span: Span
    ) -> Scope:
        """The scope of a call; the same call, of a layer that is repeated, has the same one."""
        key = id(binding), id(arguments), id(scope)
        if key not in self._calls:  # what has these ids is kept, so that nothing else gets them
            inner = bind_call(binding, arguments, scope, span, self.report)
            self._calls[key] = inner, (binding, arguments, scope)
        return self._calls[key][0]

    def _shared(self, binding: Binding, place: Place) -> ir.Layer | None:
        """One of the layers of a ``decide``, whose alternatives may have a name of their own."""
        expression, scope = binding.expression, binding.scope
        while isinstance(expression, tree.Reference) and (named := scope.find(expression.name)) is not None:
            if named.shared or named is binding:
                return self.layer(expression, place)
            expression, scope = named.expression, named.scope
        inner = place._replace(scope=scope)
        if not isinstance(expression, tree.Alternatives):
            return self.layer(expression, inner)
        return self._alternatives(expression, expression.options, inner, self.decisions.id_of(binding))

    def _operator(
        self, name: tree.Name, arguments: tuple[tree.Argument, ...], span: Span, place: Place
    ) -> ir.Layer | None:
        self.count += 1
        if self.count > self.most:
            if self.count == self.most + 1:
                self.report.add(rules.TooMany(span=span, limit=self.most // 1000 * 1000, what="layers"))
            return None
        parameters = OPERATORS[name.text]
        if defaults := place.scope.file.defaults.get(name.text):
            parameters = without_defaults(parameters, defaults)
        given = match_arguments(name.text, parameters, arguments, span, self.report)
        settings = Settings(
            given,
            PARAMETERS[name.text],
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
        if place.known:
            self._check_size(kernel, stride, span, place)
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
        filters = self._filters(settings, place)
        if filters is None:
            self.report.add(rules.NoFilters(span=span, block=place.block))
            return None
        size = ir.Choice(
            tuple((-(-height // stride), -(-width // stride)) for height, width in place.inputs.size.options),
            place.inputs.size.decision,
        )
        outputs = ir.FeatureMap(filters, size)
        return build(inputs=place.inputs, outputs=outputs, kernel=kernel, stride=stride, origin=origin(span))

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
        elif min(kernel.options) > 2 * pixels - 1 and place.block not in self.small:
            self.small.add(place.block)
            size = _sizes(place.inputs)
            self.report.add(
                rules.LargeKernel(span=span, kernel=min(kernel.options), size=size, least=2 * pixels - 1)
            )

    def _skip(self, span: Span, place: Place) -> ir.Layer | None:
        if not place.in_residual:
            self.report.add(rules.SkipOutsideResidual(span=span))
            return None
        return ir.Skip(inputs=place.inputs, outputs=place.inputs, origin=origin(span))

    def _residual(self, given: dict[str, tree.Expression], span: Span, place: Place) -> ir.Layer | None:
        if "layer" not in given:
            return None
        body = self.layer(given["layer"], place._replace(in_residual=True))
        if body is None:
            return None
        before, after = place.inputs, body.outputs
        if before.size != after.size:
            self.report.add(rules.ResidualOverStride(span=span, before=_sizes(before), after=_sizes(after)))
            after = before  # what follows is held against the size that was meant
        elif before.channels != after.channels and place.known:
            self.ties.tie(before.channels, after.channels, span, named=bool(place.inside))
        return ir.Residual(inputs=before, outputs=after, body=body, origin=origin(span))

    def _alternatives(
        self,
        expression: tree.Expression,
        options: tuple[tree.Expression, ...],
        place: Place,
        shared: str | None = None,
    ) -> ir.Layer | None:
        place = place._replace(around=place.around * len(options))
        if self._too_many_around(place, expression.span):
            return None
        if any(f"{place.path}.op" == id for condition in place.active for id, _ in condition):
            place = place._replace(path=f"{place.path}.0")  # alternatives directly inside others
        id = shared or f"{place.path}.op"
        layers: list[ir.Layer] = []
        labels: list[str] = []
        several = sum(option.span.text != "skip" for option in options) > 1
        for index, option in enumerate(options):
            active = _within(place.active, (id, (index,)))
            path = f"{place.path}.{index}" if several else place.path
            layer = self.layer(option, place._replace(active=active, path=path))
            if layer is not None:
                layers.append(layer)
                labels.append(" ".join(option.span.text.split()))
        self._check_repetitions(options)
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

    def _check_repetitions(self, options: tuple[tree.Expression, ...]) -> None:
        for number, option in enumerate(options):
            if option in options[:number] and number < MAX_COMPARED:
                first = options[options.index(option)].span
                written = shortened(option.span.text)
                self.report.add(rules.RepeatedOption(span=option.span, written=written, first=first))

    def _agreement(self, layers: list[ir.Layer], options: tuple[tree.Expression, ...]) -> ir.FeatureMap:
        """What every alternative gives; a skip gives what the others do, since the residual ties them."""
        real = [pair for pair in zip(layers, options, strict=True) if not isinstance(pair[0], ir.Skip)]
        if not real:
            return layers[0].outputs
        (first, first_option), *rest = real
        for layer, option in rest:
            if any(self.ties.is_guessed(one.outputs.channels) for one in (layer, first)):
                continue
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


@attrs.frozen(eq=False)
class Count:
    """A number of layers, or several to choose from."""

    options: tuple[int, ...]
    found: Options

    @property
    def decided(self) -> bool:
        """Whether a decision picks one of ``options``."""
        return self.found.decided


def _within(active: tuple[ir.Condition, ...], step: tuple[str, tuple[int, ...]]) -> tuple[ir.Condition, ...]:
    """The conditions under which ``step`` is taken where ``active`` holds."""
    return tuple((*outer, step) for outer in active) or ((step,),)


def _sizes(features: ir.FeatureMap) -> str:
    return " or ".join(f"{height} x {width}" for height, width in features.size.options)


def _shape(features: ir.FeatureMap) -> str:
    channels = " or ".join(map(str, features.channels.options))
    return f"{_sizes(features)} with {channels} filters"
