"""The settings of a layer: its arguments as choices, and the decisions that they make."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, cast

import attrs

from tunas_dsl.analysis import rules
from tunas_dsl.analysis.operators import Kind, Parameter
from tunas_dsl.analysis.scope import Binding, Scope
from tunas_dsl.analysis.values import Options, evaluate
from tunas_dsl.budgets import spend
from tunas_dsl.diagnostics import Report
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import expanded_filters
from tunas_dsl.kinds.numbers import round_filters
from tunas_dsl.source import Span, inside
from tunas_dsl.syntax import tree

LARGEST_FACTOR = 12
"""Absolute expansions up to this are probably factors whose `x` is missing."""

_NAMES: dict[ir.DecisionKind, str] = {
    "filters": "filters",
    "expansion": "an expansion",
    "kernel": "a kernel",
    "squeeze_excite": "squeeze-and-excite",
    "layer": "a layer",
    "depth": "a depth",
    "resolution": "the resolution",
    "setting": "a setting",
}
"""What a shared decision is said to decide."""


def origin(span: Span) -> ir.Origin:
    """A place as the IR keeps it: the file's own name, so that it is the same on every machine."""
    return ir.Origin(span.source.name, span.source.line_number(span.start))


@attrs.define(eq=False)
class Decisions:
    """The decisions so far, in order, and where each was written."""

    divisor: int
    report: Report
    spans: dict[str, Span] = attrs.field(factory=dict)
    _found: dict[str, ir.Decision] = attrs.field(factory=dict)
    _shared: dict[str, Binding] = attrs.field(factory=dict)
    normal: dict[tuple[int, str, int], "_Normal"] = attrs.field(factory=dict)
    _evaluated: dict[tuple[int, int, Kind], tuple[Scope, Options | None]] = attrs.field(factory=dict)

    @property
    def found(self) -> tuple[ir.Decision, ...]:
        """Every decision, in the order of the index vector."""
        return tuple(self._found.values())

    def add(self, decision: ir.Decision, span: Span) -> None:
        """Append ``decision``, which takes the next place of the index vector.

        One that is shared and already there counts from now on wherever any of its places does.
        """
        there = self._found.get(decision.id)
        if there is None:
            placed = decision if decision.origin else attrs.evolve(decision, origin=origin(span))
            self._found[decision.id] = placed
            self.spans[decision.id] = span
        elif there.kind != decision.kind:
            name, place = self._shared[decision.id].name.text, self.spans[decision.id]
            first, second = _NAMES[there.kind], _NAMES[decision.kind]
            self.report.add(rules.TwoKinds(span=span, name=name, place=place, first=first, second=second))
        else:
            spend((len(there.active) + len(decision.active)) // 20, span)
            self._found[decision.id] = attrs.evolve(there, active=either(there.active, decision.active))

    def evaluate(self, expression: tree.Expression, scope: Scope, kind: Kind) -> Options | None:
        """The options of a setting; the same expression in the same scope is looked at once."""
        key = id(expression), id(scope), kind
        if key not in self._evaluated:  # the scope is kept, so that no other gets its id
            self._evaluated[key] = scope, evaluate(expression, scope, kind, self.report)
        return self._evaluated[key][1]

    def id_of(self, shared: Binding) -> str:
        """The id of a shared decision: its name, and the file's where two files have one of that name."""
        file = shared.name.span.source.path.rsplit("/", 1)[-1].removesuffix(".space")
        for id in (shared.name.text, f"{file}.{shared.name.text}", shared.name.span.source.path):
            if self._shared.setdefault(id, shared) is shared:
                return id
        raise AssertionError("two decides of one name in one file")  # Scope.define reports these


def either(one: tuple[ir.Condition, ...], other: tuple[ir.Condition, ...]) -> tuple[ir.Condition, ...]:
    """The conditions of what counts where either counts; none stand for always."""
    return tuple(dict.fromkeys((*one, *other))) if one and other else ()


@attrs.frozen(eq=False)
class Settings:
    """The arguments of one layer, evaluated on demand in the order of the decisions that they make."""

    given: Mapping[str, tree.Expression]
    parameters: Mapping[str, Parameter]
    owner: str
    scope: Scope
    path: str
    active: tuple[ir.Condition, ...]
    decisions: Decisions

    def single(self, name: str) -> Any:
        """A setting that cannot be decided; its default where it is not given or wrong."""
        parameter = self.parameters[name]
        options = self._options(name)
        if options is None:
            return parameter.default
        if options.decided:
            written = options.places[0].to(options.places[-1])
            first = None if inside(written, options.span) else written
            self.decisions.report.add(rules.NotDecidable(span=options.span, owner=name, first=first))
        return options.options[0]

    def choice(self, name: str, *, inputs: ir.Choice[int] | None = None) -> ir.Choice[Any]:
        """A setting that ``|`` may decide. ``inputs`` are the filters that an expansion is relative to."""
        parameter = self.parameters[name]
        options = self._options(name)
        if options is None:
            return ir.constant(1 if parameter.required else parameter.default)
        if options.shared is not None:
            return self._shared(name, options, options.shared, inputs)
        key = id(options), name, max(inputs.options) if inputs is not None else 0
        normal = self.decisions.normal.get(key)
        if normal is None or normal.options is not options:
            normal = self.decisions.normal[key] = self._normalised(parameter.kind, options, inputs)
        if not options.decided:
            return ir.constant(normal.ordered[0])
        place, kind = f"{self.path}.{name}", parameter.decides
        decision = ir.Decision(place, kind, normal.labels, normal.largest, self.active, normal.origin)
        self.decisions.add(decision, options.span)
        return ir.Choice(normal.ordered, place)

    def _normalised(self, kind: Kind, options: Options, inputs: ir.Choice[int] | None) -> "_Normal":
        """The options of a decision about a setting of this kind."""
        said = False
        if kind == "expansion" and inputs is not None:
            said = self._check_expansion(options, min(inputs.options))
        ordered = self._normal(kind, options, quiet=said)
        largest = ordered.index(max(ordered, key=lambda option: self._size(option, inputs)))
        labels = tuple(_label(option) for option in ordered)
        return _Normal(options, ordered, labels, largest, origin(options.span))

    def _check_expansion(self, options: Options, inputs: int) -> bool:
        """Warn where an absolute expansion was probably meant as a factor; whether one was."""
        small = [
            (option, span)
            for option, span in zip(options.options, options.places, strict=True)
            if isinstance(option, int) and option <= LARGEST_FACTOR and option < inputs
        ]
        if not small:
            return False
        places = [span for _, span in small]
        if len(small) == len(options.options) > 1 and places[0].start < places[-1].start:
            small = [(small[0][0], places[0].to(places[-1]))]
        for option, span in small:
            filters = self._rounded("expansion", option)
            written = " ".join(span.text.split()) if span not in places else str(option)
            self.decisions.report.add(
                rules.SmallExpansion(span=span, written=written, filters=filters, inputs=inputs)
            )
        return True

    def _check_rounding(self, options: Options) -> None:
        """Warn where a number of filters that is written out becomes another."""
        for option, span in zip(options.options, options.places, strict=True):
            rounded = self._rounded("filters", option)
            if option != rounded and span.text.isdecimal() and len(span.text) <= 6:
                self.decisions.report.add(
                    rules.RoundedFilters(
                        span=span, written=span.text, rounded=rounded, divisor=self.decisions.divisor
                    )
                )

    def block_filters(self, id: str) -> ir.Choice[int] | None:
        """The filters of a block, a decision even when there is one option; added by the caller."""
        options = self._options("filters")
        if options is None:
            return None
        if options.shared is not None:
            rounded = tuple(self._rounded("filters", option) for option in options.options)
            return ir.Choice(rounded, self.decisions.id_of(options.shared))
        return ir.Choice(self._normal("filters", options), id)

    def block_decision(self, filters: ir.Choice[int], id: str) -> ir.Decision:
        """The decision about the filters of a block."""
        labels: tuple[int | str, ...] = filters.options
        if filters.decision != id and (options := self._options("filters")) is not None:
            id, labels = filters.decision or id, numbered(options.labels)
        return ir.Decision(id, "filters", labels, filters.options.index(max(filters.options)))

    def _shared(
        self, name: str, options: Options, shared: Binding, inputs: ir.Choice[int] | None
    ) -> ir.Choice[Any]:
        kind = self.parameters[name].kind
        if kind == "expansion" and inputs is not None:
            self._check_expansion(options, min(inputs.options))
        rounded = tuple(self._rounded(kind, option) for option in options.options)
        id = self.decisions.id_of(shared)
        largest = rounded.index(max(rounded, key=lambda option: self._size(option, inputs)))
        decision = ir.Decision(
            id, self.parameters[name].decides, numbered(options.labels), largest, self.active
        )
        self.decisions.add(decision, options.span)
        return ir.Choice(rounded, id)

    def _options(self, name: str) -> Options | None:
        kind = self.parameters[name].kind
        if name in self.given:
            return self.decisions.evaluate(self.given[name], self.scope, kind)
        file = self.scope.file
        default = file.defaults.get(self.owner, {}).get(name)
        return None if default is None else self.decisions.evaluate(default, file, kind)

    def _normal(self, kind: Kind, options: Options, *, quiet: bool = False) -> tuple[Any, ...]:
        """Rounded filters in ascending order, or other options as written; each once (facts 1.4)."""
        found: list[Any] = [self._rounded(kind, option) for option in options.options]
        if kind == "filters":
            found = sorted(found)
        ordered = tuple(dict.fromkeys(found))
        if kind == "filters" and len(ordered) == len(set(options.options)):
            self._check_rounding(options)
        if len(ordered) < len(set(options.options)) and not quiet:
            self._report_merged(kind, options, ordered)
        return ordered

    def _report_merged(self, kind: Kind, options: Options, ordered: tuple[Any, ...]) -> None:
        groups: dict[Any, dict[str, None]] = {option: {} for option in ordered}
        for option in options.options:
            groups[self._rounded(kind, option)][str(_label(option))] = None
        self.decisions.report.add(
            rules.MergedOptions(
                span=options.span,
                written=len(options.options),
                merged=tuple(
                    (str(_label(one)), tuple(group)) for one, group in groups.items() if len(group) > 1
                ),
                left=tuple(str(_label(option)) for option in ordered),
            )
        )

    def _rounded(self, kind: Kind, option: Any) -> Any:
        divisor = self.decisions.divisor
        if kind == "filters":
            return round_filters(1, cast(Fraction, option), divisor)
        if kind == "expansion" and isinstance(option, int):
            return round_filters(option, Fraction(1), divisor)
        return option

    def _size(self, option: Any, inputs: ir.Choice[int] | None) -> Any:
        if isinstance(option, ir.Relative) and inputs is not None:
            return expanded_filters(option, max(inputs.options), self.decisions.divisor)
        return 0 if isinstance(option, str) else option  # one word is as large as another


@attrs.frozen(eq=False)
class _Normal:
    """``options`` as a decision has them: rounded, in order, each once; their labels; the largest."""

    options: Options
    ordered: tuple[Any, ...]
    labels: tuple[int | str, ...]
    largest: int
    origin: ir.Origin


def numbered(labels: tuple[int | str, ...] | tuple[str, ...]) -> tuple[int | str, ...]:
    """Labels of options, whole numbers as such."""
    return tuple(int(label) if str(label).isdecimal() else label for label in labels)


def _label(option: Any) -> int | str:
    if isinstance(option, bool):
        return "on" if option else "off"
    return option if isinstance(option, int) else str(option)
