"""What names stand for: lets, decides, layers and parameters, each with the scope that it was written in."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from tunas_dsl.analysis import rules
from tunas_dsl.analysis.operators import BUILT_IN, Parameter
from tunas_dsl.budgets import spend
from tunas_dsl.diagnostics import Report
from tunas_dsl.source import Span
from tunas_dsl.syntax import tree


@attrs.frozen(eq=False)
class Binding:
    """A name's meaning: an expression, and the names that this expression sees.

    ``shared`` says that everything that names it shares one decision. ``known`` is what its expression was
    found to be, by the kind of setting: however often it is named, it is looked at once. ``uses`` are the
    places of values that name what is shared.
    """

    name: tree.Name
    parameters: tuple[tree.Parameter, ...]
    expression: tree.Expression
    scope: "Scope"
    shared: bool = False
    known: dict[str, Any] = attrs.field(factory=dict)
    uses: list[Span] = attrs.field(factory=list)


class Scope:
    """Names that are seen at a place: its own, then those around it.

    ``defaults`` are what a file says of the arguments of built-in layers that its calls do not give.
    """

    def __init__(self, around: "Scope | None" = None) -> None:
        self._own: dict[str, Binding] = {}
        self._places: dict[str, Span] = {}
        self._around = around
        self.file: Scope = self if around is None else around.file
        self.used: set[str] = set()
        self.broken: set[str] = set()
        self.wholesale: set[str] = set()  # imported without being named, so that it may stay unused
        self.anything = False  # whether a file that could not be read may define any name
        self.defaults: dict[str, dict[str, tree.Expression]] = {}

    def define(self, binding: Binding, report: Report, name: tree.Name | None = None) -> None:
        """Add a name of this scope; a second definition or a built-in's name is reported.

        ``name`` is what it is called here, where that is not what its definition says.
        """
        name = name or binding.name
        if name.text in BUILT_IN:
            report.add(rules.Reserved(span=name.span, name=name.text))
        elif name.text in self._own:
            if self._own[name.text] is not binding:
                first, later = self._places[name.text], name.span
                if first.source is later.source and later.start < first.start:  # an import
                    first, later = later, first
                report.add(rules.DuplicateName(span=later, name=name.text, first=first))
        else:
            self._own[name.text] = binding
            self._places[name.text] = name.span

    def find(self, name: str) -> Binding | None:
        """The meaning of ``name``, which counts as used from now on."""
        if name in self.broken:
            return None
        if name in self._own:
            self.used.add(name)
            return self._own[name]
        return self._around.find(name) if self._around else None

    def known(self, name: str) -> Binding | None:
        """The meaning of ``name``, which does not count as used."""
        if name in self.broken:
            return None
        own = self._own.get(name)
        return own if own is not None or self._around is None else self._around.known(name)

    def is_broken(self, name: str) -> bool:
        """Whether ``name`` has a definition that could not be read, so that nothing is known of it."""
        if self.anything or name in self.broken:
            return True
        return self._around is not None and self._around.is_broken(name)

    def names(self) -> frozenset[str]:
        """Every name that is seen here."""
        return frozenset(self._own) | (self._around.names() if self._around else frozenset())

    def own(self) -> Mapping[str, Binding]:
        """The names of this scope alone."""
        return self._own

    def exported(self) -> Mapping[str, Binding]:
        """What another file can import: what is defined here, not what is imported."""
        return {name: binding for name, binding in self._own.items() if binding.scope is self}

    def place(self, name: str) -> Span:
        """Where a name of this scope was given its meaning."""
        return self._places[name]

    def unused(self) -> Iterable[tuple[str, Span]]:
        """The names of this scope that were never looked up, and where they were given their meaning.

        Of a file that is imported whole, one name must be used; else the file is unused.
        """
        named = self.used | self.wholesale
        unused = [(name, self._places[name]) for name in self._own if name not in named]
        files = {self._places[name].start: self._places[name] for name in self.wholesale}
        for name in self.wholesale & self.used:
            files.pop(self._places[name].start, None)
        return unused + [(place.text.strip('"'), place) for place in files.values()]


def bind_call(
    binding: Binding, arguments: tuple[tree.Argument, ...], scope: Scope, span: Span, report: Report
) -> Scope:
    """The scope in which a layer's expression is read when it is called with ``arguments``."""
    if not binding.parameters and not arguments:
        return binding.scope
    parameters = tuple(
        Parameter(p.name.text, "layer", required=p.default is None) for p in binding.parameters
    )
    given = match_arguments(binding.name.text, parameters, arguments, span, report)
    inner = Scope(binding.scope)
    for parameter in binding.parameters:
        name = parameter.name
        if name.text in given:
            inner.define(Binding(name, (), given[name.text], scope), report)
        elif parameter.default is not None:
            inner.define(Binding(name, (), parameter.default, binding.scope), report)
        else:
            inner.broken.add(name.text)
    return inner


def match_arguments(
    owner: str,
    parameters: tuple[Parameter, ...],
    arguments: tuple[tree.Argument, ...],
    span: Span,
    report: Report,
    *,
    complete: bool = True,
) -> dict[str, tree.Expression]:
    """The expression of each parameter that is given, by position or by name.

    What is missing is reported where the arguments are to be ``complete``.
    """
    names = tuple(parameter.name for parameter in parameters)
    spend((len(parameters) + len(arguments)) // 10, span)
    whole = _without_thousands(arguments, report) if len(arguments) > 1 else arguments
    misspelt = len(whole) < len(arguments)
    places: dict[str, Span] = {}
    given: dict[str, tree.Expression] = {}
    for position, argument in enumerate(whole):
        if argument.name is not None:
            name, place = argument.name.text, argument.name.span
        elif position < len(names):
            name, place = names[position], argument.span
        else:
            report.add(rules.TooManyArguments(span=argument.span, owner=owner, names=names))
            break
        if argument.name is None and name in names[:position]:
            continue  # a parameter that is defined twice, which is reported there
        if name not in names:
            misspelt = True
            report.add(rules.UnknownArgument(span=place, owner=owner, name=name, known=frozenset(names)))
        elif name in given:
            report.add(rules.RepeatedArgument(span=place, owner=owner, name=name, first=places[name]))
        else:
            places[name], given[name] = place, argument.expression
    missing = [p.name for p in parameters if p.required and p.name not in given]
    if complete and not misspelt:  # a misspelt one may be the one that is missing
        for name in missing:
            report.add(rules.MissingArgument(span=span, owner=owner, name=name))
    return given


def _without_thousands(arguments: Sequence[tree.Argument], report: Report) -> Sequence[tree.Argument]:
    """The arguments without pairs such as ``classes: 1,000``, which were meant as one number."""
    whole: list[tree.Argument] = []
    for argument in arguments:
        left = whole[-1] if whole else None
        if argument.name is not None or left is None or left.name is None:
            whole.append(argument)
            continue
        one, two = left.expression.span, argument.expression.span
        digits = one.text + two.text
        if not digits.isdecimal() or len(two.text) != 3 or two.start - one.end != 1:
            whole.append(argument)
            continue
        whole.pop()
        span, help = one.to(two), f"thousands have no comma: write `{digits}`"
        report.add(
            rules.WrongValue(span=span, written=span.text, wanted="one number", help=help, replacement=digits)
        )
    return whole
