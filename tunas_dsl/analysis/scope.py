"""What names stand for: lets, layers and parameters, each with the scope that it was written in."""

import attrs

from tunas_dsl.analysis import rules
from tunas_dsl.analysis.operators import BUILT_IN, Parameter
from tunas_dsl.diagnostics import Report
from tunas_dsl.source import Span
from tunas_dsl.syntax import tree


@attrs.frozen(eq=False)
class Binding:
    """A name's meaning: an expression, and the names that this expression sees."""

    name: tree.Name
    parameters: tuple[tree.Name, ...]
    expression: tree.Expression
    scope: "Scope"


class Scope:
    """Names that are seen at a place: its own, then those around it."""

    def __init__(self, around: "Scope | None" = None) -> None:
        self._own: dict[str, Binding] = {}
        self._around = around
        self.used: set[str] = set() if around is None else around.used

    def define(self, binding: Binding, report: Report) -> None:
        """Add a name of this scope; a second definition or a built-in's name is reported."""
        name = binding.name
        if name.text in BUILT_IN:
            report.add(rules.Reserved(span=name.span, name=name.text))
        elif name.text in self._own:
            first = self._own[name.text].name.span
            report.add(rules.DuplicateName(span=name.span, name=name.text, first=first))
        else:
            self._own[name.text] = binding

    def find(self, name: str) -> Binding | None:
        """The meaning of ``name``, which counts as used from now on."""
        if name in self._own:
            if self._around is None:
                self.used.add(name)
            return self._own[name]
        return self._around.find(name) if self._around else None

    def names(self) -> frozenset[str]:
        """Every name that is seen here."""
        return frozenset(self._own) | (self._around.names() if self._around else frozenset())

    def unused(self) -> list[tree.Name]:
        """The names of this scope that were never looked up."""
        return [binding.name for name, binding in self._own.items() if name not in self.used]


def module_scope(space: tree.Space, report: Report) -> Scope:
    """The lets and layers of ``space``, in any order."""
    scope = Scope()
    for statement in space.statements:
        match statement:
            case tree.Let(name=name, expression=expression):
                scope.define(Binding(name, (), expression, scope), report)
            case tree.Layer(name=name, parameters=parameters, expression=expression):
                scope.define(Binding(name, parameters, expression, scope), report)
    return scope


def bind_call(
    binding: Binding, arguments: tuple[tree.Argument, ...], scope: Scope, span: Span, report: Report
) -> Scope:
    """The scope in which a layer's expression is read when it is called with ``arguments``."""
    parameters = tuple(Parameter(p.text, "layer", required=True) for p in binding.parameters)
    given = match_arguments(binding.name.text, parameters, arguments, span, report)
    inner = Scope(binding.scope)
    for name in binding.parameters:
        expression = given.get(name.text, tree.Number(1, span=span))  # type: ignore[arg-type]
        inner.define(Binding(name, (), expression, scope), report)
    return inner


def match_arguments(
    owner: str,
    parameters: tuple[Parameter, ...],
    arguments: tuple[tree.Argument, ...],
    span: Span,
    report: Report,
) -> dict[str, tree.Expression]:
    """The expression of each parameter that is given, by position or by name."""
    known = frozenset(parameter.name for parameter in parameters)
    given: dict[str, tree.Expression] = {}
    for position, argument in enumerate(arguments):
        if argument.name is None:
            if position >= len(parameters):
                report.add(rules.TooManyArguments(span=argument.span, owner=owner, count=len(parameters)))
                continue
            name, place = parameters[position].name, argument.span
        else:
            name, place = argument.name.text, argument.name.span
            if name not in known:
                report.add(rules.UnknownArgument(span=place, owner=owner, name=name, known=known))
                continue
        if name in given:
            report.add(rules.RepeatedArgument(span=place, owner=owner, name=name))
            continue
        given[name] = argument.expression
    for parameter in parameters:
        if parameter.required and parameter.name not in given:
            report.add(rules.MissingArgument(span=span, owner=owner, name=parameter.name))
    return given
