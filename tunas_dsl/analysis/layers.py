"""Layer expressions to IR layers, with their shapes and the decisions inside them.

Before: calls, references and alternatives. After: layers that know what they take and give.
A layer that cannot be read is reported and left out, so that the rest is still checked.
"""

from collections.abc import Sequence

from tunas_dsl import kinds
from tunas_dsl.analysis import rules
from tunas_dsl.analysis.agreement import agreed, check_depths, check_options, idle_behind, sizes
from tunas_dsl.analysis.blame import Blame, Use
from tunas_dsl.analysis.channels import Ties
from tunas_dsl.analysis.convolutions import Convolutions
from tunas_dsl.analysis.extent import layer_count
from tunas_dsl.analysis.juxtaposed import REPEATED
from tunas_dsl.analysis.operators import ACTIVATIONS, BUILT_IN, OPERATORS, parameters_of, without_defaults
from tunas_dsl.analysis.place import Place
from tunas_dsl.analysis.repetition import Count, counted, repetitions, written_out
from tunas_dsl.analysis.rephrasing import without_residual
from tunas_dsl.analysis.scope import Binding, Scope, bind_call, match_arguments
from tunas_dsl.analysis.settings import Decisions, Settings, numbered, origin
from tunas_dsl.analysis.values import is_value, shortened
from tunas_dsl.analysis.vocabulary import meant
from tunas_dsl.budgets import LAYER, MAX_AROUND, MAX_DEPTH, MAX_LAYERS, OverBudget, spend
from tunas_dsl.diagnostics import Report
from tunas_dsl.ir import space as ir
from tunas_dsl.source import Span
from tunas_dsl.syntax import rules as texts
from tunas_dsl.syntax import tree


class LayerLowering:
    """Lowers the layers of a space; the decisions that they make are appended in order."""

    def __init__(self, decisions: Decisions, ties: Ties, report: Report) -> None:
        self.decisions = decisions
        self.ties = ties
        self.report = report
        self.count = 0
        self._calls: dict[tuple[int, int, int], tuple[Scope, object]] = {}
        self.blame = Blame(report)
        self._computes = False  # whether any layer stands before
        self._convolutions = Convolutions(decisions, ties, self.blame, report)

    def settle(self) -> None:
        """Report what can only be said once all layers are known."""
        self._convolutions.settle()
        self.blame.settle()

    def chain(
        self, expressions: Sequence[tree.Expression], place: Place
    ) -> tuple[tuple[ir.Layer, ...], Place]:
        """The layers of a block or sequence, each fed by the one before, and the place behind the last."""
        layers: list[ir.Layer] = []
        for expression in written_out(expressions, place.scope, self.report):
            here = place._replace(path=f"{place.path}.{len(layers)}")
            layer = self.layer(expression, here)
            if layer is not None:
                self._check_idle(layer, layers[-1] if layers else None, expression.span, place)
            place = self._next(place, layer, layers)
        return tuple(layers), place

    def _check_idle(self, layer: ir.Layer, before: ir.Layer | None, span: Span, place: Place) -> None:
        """Warn of a layer that changes nothing behind the one before, or before any."""
        why = idle_behind(layer, before)
        if isinstance(layer, ir.Endpoint) and not self._computes:
            why = "stands before any layer: it marks the image itself"
        self._computes = self._computes or not isinstance(layer, ir.Endpoint)
        if why is not None:
            written = shortened(span.text)
            self.blame.add(rules.IdleLayer(span=span, written=written, why=why), place.uses)

    def _next(self, place: Place, layer: ir.Layer | None, layers: list[ir.Layer]) -> Place:
        if layer is None:
            return place._replace(known=False)
        layers.append(layer)
        known = place.known or layer.outputs.channels is not place.inputs.channels
        return place._replace(inputs=layer.outputs, known=known)

    def layer(self, expression: tree.Expression, place: Place) -> ir.Layer | None:
        """The layer that ``expression`` stands for, or None where it was reported."""
        if place.depth > MAX_DEPTH:
            self.report.add(
                texts.TooLarge(span=expression.span, what="this nesting", limit=f"{MAX_DEPTH} layers")
            )
            return None
        self._spend(expression.span, place)
        place = place._replace(depth=place.depth + 1)
        match expression:
            case tree.Reference(name=name):
                return self._named(tree.Name(name, span=expression.span), (), expression.span, place)
            case tree.Call(name=name, arguments=arguments):
                return self._named(name, arguments, expression.span, place)
            case tree.Alternatives(options=options):
                return self._alternatives(expression, options, place)
            case tree.Sequence(items=items):
                return self._sequence(items, expression.span, place)
            case tree.First(count=number, layers=sequence):
                layers = written_out(sequence.items, place.scope, self.report)
                return self._depth(number, layers, expression.span, place)
            case tree.Product():
                return self._product(expression, place)
            case _:
                written = shortened(expression.span.text)
                help = REPEATED if isinstance(expression, tree.Number | tree.Times) else None
                self.report.add(rules.NotALayer(span=expression.span, written=written, help=help))
                return None

    def _spend(self, span: Span, place: Place) -> None:
        """Count the work of one layer, or report that there are more than anyone can wait for."""
        try:
            spend(LAYER, span)
        except OverBudget:
            raise self._too_many_layers(span, place) from None

    def _too_many_layers(self, span: Span, place: Place) -> OverBudget:
        """What ends the analysis, reported at the outermost definition that alone is too much."""
        for binding in place.inside:
            count = layer_count(binding)
            if count is not None and count > MAX_LAYERS:
                name = binding.name
                found = rules.TooMany(
                    span=name.span, name=name.text, count=count, limit=MAX_LAYERS, what="layers"
                )
                break
        else:
            found = rules.TooMany(span=span, limit=MAX_LAYERS, what="layers")
        self.report.add(found)
        return OverBudget(span)

    def _sequence(self, items: Sequence[tree.Expression], span: Span, place: Place) -> ir.Layer:
        layers, _ = self.chain(items, place._replace(in_residual=False))
        outputs = layers[-1].outputs if layers else place.inputs
        return ir.Sequence(inputs=place.inputs, outputs=outputs, layers=layers, origin=origin(span))

    def _product(self, product: tree.Product, place: Place) -> ir.Layer | None:
        """``3 * layer`` where one layer belongs: a sequence, or a depth where the number is decided."""
        count = repetitions(product, place.scope, self.report)
        if count is None:
            return None
        if count.decided:
            layers = [product.factors[-1]] * max(count.options)
            return self._first(count, layers, product.span, place)
        return self.layer(tree.Sequence((product,), span=product.span), place)

    def _depth(
        self, count: tree.Expression, expressions: list[tree.Expression], span: Span, place: Place
    ) -> ir.Layer | None:
        """``first (2 | 3) of { ... }``."""
        depth = counted(count, place.scope, self.report)
        if depth is None:
            return None
        largest = max(depth.options)
        if largest != len(expressions):
            wrong = rules.WrongDepth(span=count.span, largest=largest, count=len(expressions))
            self.blame.add(wrong, place.uses)
            return None
        return self._first(depth, expressions, span, place)

    def _first(
        self, count: Count, expressions: list[tree.Expression], span: Span, place: Place
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
            active = place.active if always else place.active_with(id, reached)
            inner = here._replace(path=f"{place.path}.{number}", active=active)
            here = self._next(here, self.layer(expression, inner), layers)
        if len(layers) < len(expressions):
            return None
        check_depths(count.options, layers, place, span, self.ties, self.blame)
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

    def _named(
        self, name: tree.Name, arguments: tuple[tree.Argument, ...], span: Span, place: Place
    ) -> ir.Layer | None:
        if name.text in OPERATORS:
            return self._operator(name, arguments, span, place)
        binding = place.scope.find(name.text)
        if binding is None and place.scope.is_broken(name.text):
            return None
        if binding is None and kinds.is_announced(name.text):
            return self._outside(name, arguments, span, place)
        if binding is None:
            room = self.report.has_room(name.span.source)
            known = (BUILT_IN | (place.scope.names() if room else frozenset())) - {"on", "off"}
            self.report.add(rules.UnknownName(span=name.span, name=name.text, what="layer", known=known))
            near = meant(name.text, known) if room else None
            if near is None or not near.sure:
                return None
            return self._named(tree.Name(near.name, span=name.span), arguments, span, place)
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
        use = Use(binding, span)
        self.blame.enter(use)
        inner = place._replace(scope=scope, inside=(*place.inside, binding), uses=(*place.uses, use))
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
        if self.count > MAX_LAYERS:
            raise self._too_many_layers(span, place)
        parameters = parameters_of(name.text) or ()
        if defaults := place.scope.file.defaults.get(name.text):
            parameters = without_defaults(parameters, defaults)
        given = match_arguments(name.text, parameters, arguments, span, self.report)
        return self._built_in(name.text, given, span, place)

    def _outside(
        self, name: tree.Name, arguments: tuple[tree.Argument, ...], span: Span, place: Place
    ) -> ir.Layer | None:
        """A layer of an installed distribution, which is imported now."""
        try:
            return self._operator(name, arguments, span, place)
        except kinds.KindError as error:
            self.report.add(rules.CannotUseLayer(span=name.span, reason=str(error)))
            return None

    def _built_in(
        self, name: str, given: dict[str, tree.Expression], span: Span, place: Place
    ) -> ir.Layer | None:
        """A built-in layer with the arguments that were ``given`` to it."""
        match name:
            case "residual":
                return self._residual(given, span, place)
            case "skip":
                return self._skip(span, place)
            case "global_pool":
                pooled = ir.FeatureMap(place.inputs.channels, ir.constant((1, 1)))
                return ir.GlobalPool(inputs=place.inputs, outputs=pooled, origin=origin(span))
            case "endpoint":
                return ir.Endpoint(inputs=place.inputs, outputs=place.inputs, origin=origin(span))
            case function if function in ACTIVATIONS:
                return ir.Activation(
                    inputs=place.inputs,
                    outputs=place.inputs,
                    function=function,  # type: ignore[arg-type]
                    origin=origin(span),
                )
            case _:
                return self._kind(name, given, span, place)

    def _kind(
        self, name: str, given: dict[str, tree.Expression], span: Span, place: Place
    ) -> ir.Layer | None:
        """A layer with settings."""
        kind = kinds.find_kind(name)
        if kind is None:
            raise AssertionError(name)  # whoever calls this has found its arguments
        parameters = {parameter.name: parameter for parameter in kind.parameters}
        settings = Settings(given, parameters, name, place.scope, place.path, place.active, self.decisions)
        return self._convolutions.lower(kind, settings, span, place)

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
        if isinstance(body, ir.Skip):
            idle = rules.IdleLayer(
                span=span, written=shortened(span.text), why="gives what it is given: nothing is added to it"
            )
            self.blame.add(idle, place.uses)
        before, after = place.inputs, body.outputs
        if before.size != after.size:
            instead = without_residual(given["layer"], place) if place.uses else None
            changed = rules.ResidualOverStride(
                span=span, before=sizes(before), after=sizes(after), instead=instead
            )
            self.blame.add(changed, place.uses)
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
            active = place.active_with(id, (index,))
            path = f"{place.path}.{index}" if several else place.path
            layer = self.layer(option, place._replace(active=active, path=path))
            if layer is not None:
                layers.append(layer)
                labels.append(" ".join(option.span.text.split()))
        check_options(options, self.report)
        if len(layers) < len(options):
            return next((layer for layer in layers if not isinstance(layer, ir.Skip)), None)
        outputs = agreed(layers, options, self.ties, place, self.blame)
        decision = ir.Decision(id, "layer", tuple(labels), 0, place.active)
        self.decisions.add(decision, expression.span)
        return ir.Alternatives(
            inputs=place.inputs,
            outputs=outputs,
            decision=id,
            layers=tuple(layers),
            origin=origin(expression.span),
        )
