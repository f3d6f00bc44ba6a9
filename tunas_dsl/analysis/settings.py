"""The settings of a layer: its arguments as choices, and the decisions that they make."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, cast

import attrs

from tunas_dsl.analysis import rules
from tunas_dsl.analysis.operators import Kind, Parameter
from tunas_dsl.analysis.scope import Scope
from tunas_dsl.analysis.values import Options, evaluate
from tunas_dsl.diagnostics import Report
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.numbers import round_filters
from tunas_dsl.ir.selection import expanded_filters
from tunas_dsl.source import Span
from tunas_dsl.syntax import tree

_DECISION_KINDS: dict[str, ir.DecisionKind] = {
    "filters": "filters",
    "expand": "expansion",
    "kernel": "kernel",
    "se": "squeeze_excite",
}


def origin(span: Span) -> ir.Origin:
    """A place as the IR keeps it: the file's own name, so that it is the same on every machine."""
    return ir.Origin(span.source.path.rsplit("/", 1)[-1], span.source.position(span.start)[0])


@attrs.define(eq=False)
class Decisions:
    """The decisions so far, in order, and where each was written."""

    divisor: int
    report: Report
    found: list[ir.Decision] = attrs.field(factory=list)
    spans: dict[str, Span] = attrs.field(factory=dict)

    def add(self, decision: ir.Decision, span: Span) -> None:
        """Append ``decision``, which takes the next place of the index vector."""
        self.found.append(attrs.evolve(decision, origin=origin(span)))
        self.spans[decision.id] = span


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
            self.decisions.report.add(rules.NotDecidable(span=options.span, owner=name))
        return options.options[0]

    def choice(self, name: str, *, inputs: ir.Choice[int] | None = None) -> ir.Choice[Any]:
        """A setting that ``|`` may decide. ``inputs`` are the filters that an expansion is relative to."""
        parameter = self.parameters[name]
        options = self._options(name)
        if options is None:
            return ir.constant(1 if parameter.required else parameter.default)
        ordered = self._normal(parameter.kind, options)
        if not options.decided:
            return ir.constant(ordered[0])
        id = f"{self.path}.{name}"
        largest = ordered.index(max(ordered, key=lambda option: self._size(option, inputs)))
        labels = tuple(_label(option) for option in ordered)
        kind = _DECISION_KINDS[name]
        self.decisions.add(ir.Decision(id, kind, labels, largest, self.active), options.span)
        return ir.Choice(ordered, id)

    def block_filters(self, id: str) -> ir.Choice[int] | None:
        """The filters of a block, a decision even when there is one option; added by the caller."""
        options = self._options("filters")
        return None if options is None else ir.Choice(self._normal("filters", options), id)

    def _options(self, name: str) -> Options | None:
        if name not in self.given:
            return None
        return evaluate(self.given[name], self.scope, self.parameters[name].kind, self.decisions.report)

    def _normal(self, kind: Kind, options: Options) -> tuple[Any, ...]:
        """Rounded filters in ascending order, or other options as written; each once (facts 1.4)."""
        divisor = self.decisions.divisor
        found: list[Any] = list(options.options)
        if kind == "filters":
            found = sorted(round_filters(1, cast(Fraction, option), divisor) for option in found)
        if kind == "expansion":
            found = [round_filters(o, Fraction(1), divisor) if isinstance(o, int) else o for o in found]
        ordered = tuple(dict.fromkeys(found))
        if len(ordered) < len(found):
            left = ", ".join(str(_label(option)) for option in ordered)
            self.decisions.report.add(rules.MergedOptions(span=options.span, written=len(found), left=left))
        return ordered

    def _size(self, option: Any, inputs: ir.Choice[int] | None) -> int:
        if isinstance(option, ir.Relative) and inputs is not None:
            return expanded_filters(option, max(inputs.options), self.decisions.divisor)
        return int(option)


def _label(option: Any) -> int | str:
    if isinstance(option, bool):
        return "on" if option else "off"
    return option if isinstance(option, int) else str(option)
