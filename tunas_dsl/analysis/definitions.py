"""The names of a file: those that it defines, those that it imports, and what is wrong with them.

Before: a syntax tree. After: a scope in which every name of the file has its meaning.
"""

from collections.abc import Callable, Iterator, Mapping

import attrs

from tunas_dsl import kinds
from tunas_dsl.analysis import rules
from tunas_dsl.analysis.circles import check_circles
from tunas_dsl.analysis.operators import (
    ALL_WORDS,
    BUILT_IN,
    OPERATORS,
    Parameter,
    parameters_of,
    without_defaults,
)
from tunas_dsl.analysis.scope import Binding, Scope, match_arguments
from tunas_dsl.analysis.values import evaluate
from tunas_dsl.analysis.vocabulary import meant
from tunas_dsl.budgets import IMPORT, spend
from tunas_dsl.diagnostics import Note, Report
from tunas_dsl.diagnostics.diagnostic import nearest
from tunas_dsl.source import Source, Span, inside
from tunas_dsl.syntax import tree
from tunas_dsl.syntax.parser import parse


class CannotRead(Exception):
    """An imported file that there is not, or that cannot be read; the message says why.

    ``near`` is the path of a file that may have been meant.
    """

    def __init__(self, reason: str, near: str | None = None) -> None:
        super().__init__(reason)
        self.near = near


class OutsideRoot(Exception):
    """An imported file outside the folder that imports may come from, which the message names."""


Loader = Callable[[str, Source], Source]
"""Gives the text of a path as the given source names it. Raises CannotRead or OutsideRoot."""


def no_imports(path: str, importing: Source) -> Source:
    """The loader of a text that comes from no folder."""
    raise CannotRead("this text is in no folder, so that there is nothing beside it")


@attrs.define(eq=False)
class Files:
    """The files of one compilation, each read once. ``open`` are those whose imports are being read."""

    load: Loader
    report: Report
    scopes: dict[str, Scope] = attrs.field(factory=dict)
    sources: list[Source] = attrs.field(factory=list)
    open: list[str] = attrs.field(factory=list)

    def scope(self, file: tree.File, source: Source) -> Scope:
        """The names of ``file``, with those that it imports."""
        scope = Scope()
        self.scopes[source.path] = scope
        self.sources.append(source)
        self.open.append(source.path)
        scope.broken |= {broken.name for broken in file.broken if broken.name is not None}
        scope.anything = any(broken.keyword == "import" for broken in file.broken)
        statements = (*file.definitions, *(file.space.statements if file.space else ()))
        for statement in sorted(statements, key=lambda statement: isinstance(statement, tree.Default)):
            _define(statement, scope, self.report)  # a default may be given to a layer that is defined later
        for imported in file.imports:
            self.imports(imported, scope, source)
        self.open.pop()
        check_circles(scope, self.report)
        return scope

    def imports(self, imported: tree.Import, scope: Scope, source: Source) -> None:
        """Add what ``imported`` brings to ``scope``; without its file, nothing is known of its names."""
        other = self.other(imported.path, source)
        if other is None:
            scope.broken |= {named.as_name.text for named in imported.names}
            if not imported.names:
                scope.anything = True
            return
        scope.broken |= {name for name in other.broken if not imported.names}
        for named in imported.names:
            name, known = named.name, other.exported()
            if name.text in known:
                scope.define(known[name.text], self.report, named.as_name)
                continue
            scope.broken.add(named.as_name.text)
            if not other.is_broken(name.text):
                self.report.add(_not_exported(name, imported.path.text, other))
                self._meant(named, scope, known)
        if not imported.names:
            for text, binding in other.exported().items():
                scope.define(binding, self.report, tree.Name(text, span=imported.path.span))
                scope.wholesale.add(text)

    def _meant(self, misspelt: tree.Imported, scope: Scope, known: Mapping[str, Binding]) -> None:
        """Add what a misspelt import brings once it is mended, so that its uses are checked."""
        near = nearest(misspelt.name.text, known)
        if near is None:
            return
        if misspelt.as_name.text != misspelt.name.text:
            return
        if near.sure:
            scope.define(known[near.name], self.report, tree.Name(near.name, span=misspelt.name.span))
            scope.used.add(near.name)
        else:
            scope.broken.add(near.name)

    def other(self, path: tree.Name, importing: Source) -> Scope | None:
        """The names of the file that an import names, or None where the report says why not."""
        spend(IMPORT, path.span)
        try:
            source = self.load(path.text, importing)
        except CannotRead as error:
            self.report.add(
                rules.CannotImport(span=path.span, path=path.text, reason=str(error), near=error.near)
            )
            return None
        except OutsideRoot as error:
            self.report.add(rules.ImportEscapes(span=path.span, path=path.text, root=str(error)))
            return None
        if source.path in self.open:
            circle = [*self.open[self.open.index(source.path) :], source.path]
            names = " -> ".join(name.rsplit("/", 1)[-1] for name in circle)
            self.report.add(rules.ImportCycle(span=path.span, cycle=names))
            return None
        if source.path not in self.scopes:
            file = parse(source, self.report)
            if file is None:
                return None
            check_names(file, self.scope(file, source), self.report)
        return self.scopes[source.path]


def _not_exported(name: tree.Name, path: str, other: Scope) -> rules.NotExported:
    known = frozenset(other.exported())
    near = nearest(name.text, known)
    defined = Note(other.place(near.name), f"`{near.name}` is defined here") if near else None
    return rules.NotExported(span=name.span, path=path, name=name.text, known=known, defined=defined)


def _define(statement: tree.Statement, scope: Scope, report: Report) -> None:
    match statement:
        case tree.Let(name=name, expression=expression):
            scope.define(Binding(name, (), expression, scope), report)
        case tree.Decide(name=name, expression=expression):
            if not isinstance(expression, tree.Alternatives | tree.Reference | tree.Product):
                layers = isinstance(expression, tree.Call | tree.Sequence | tree.First)
                keyword = "layer" if layers else "let"
                report.add(rules.NothingToDecide(span=name.span, name=name.text, keyword=keyword))
            scope.define(Binding(name, (), expression, scope, shared=True), report)
        case tree.Layer(name=name, parameters=parameters, expression=expression):
            scope.define(Binding(name, parameters, expression, scope), report)
        case tree.Default(name=name, arguments=arguments):
            _default(name, arguments, scope, report)


def _default(name: tree.Name, arguments: tuple[tree.Argument, ...], scope: Scope, report: Report) -> None:
    own = scope.own().get(name.text)
    parameters = _parameters(name, report) if own is None else None
    if parameters is None:
        known = frozenset(OPERATORS)
        help = _default_of_own(own, arguments) if own is not None else None
        report.add(
            rules.UnknownName(span=name.span, name=name.text, what="built-in layer", known=known, help=help)
        )
        if own is not None:
            scope.used.add(name.text)
        return
    given = match_arguments(name.text, parameters, arguments, name.span, report, complete=False)
    scope.defaults.setdefault(name.text, {}).update(given)


def _default_of_own(own: Binding, arguments: tuple[tree.Argument, ...]) -> str:
    """How a layer of one's own is given the defaults that ``arguments`` say."""
    wanted = {a.name.text: " ".join(a.expression.span.text.split()) for a in arguments if a.name}
    parameters = [
        f"{p.name.text}: {wanted[p.name.text]}" if p.name.text in wanted else " ".join(p.span.text.split())
        for p in own.parameters
    ]
    name = own.name.text
    said = f"`default` is for built-in layers, and `{name}` is your own: give its parameter a default"
    return f"{said}: `layer {name}({', '.join(parameters)}) = ...`" if parameters else said


def check_names(file: tree.File, scope: Scope, report: Report) -> None:
    """Report names that nothing defines, and parameters that are unused, repeated or hide something.

    It reads definitions that nothing uses, too, so that a file of definitions can be checked.
    """
    statements = (*file.definitions, *(file.space.statements if file.space else ()))
    for statement in statements:
        if isinstance(statement, tree.Layer):
            _check_parameters(statement, scope, report)
        if isinstance(statement, tree.Let | tree.Decide | tree.Layer):
            own = statement.parameters if isinstance(statement, tree.Layer) else ()
            inside = frozenset(parameter.name.text for parameter in own)
            _check_references(statement.expression, scope, inside, report)
            _check_calls(statement.expression, scope, inside, report)


def _check_calls(
    expression: tree.Expression, scope: Scope, parameters: frozenset[str], report: Report
) -> None:
    """Report wrong arguments of built-in layers, as far as they do not depend on ``parameters``."""
    for call in tree.walk(expression):
        if not isinstance(call, tree.Call) or scope.known(call.name.text) is not None:
            continue
        name = call.name.text
        try:
            taken = parameters_of(name)
        except kinds.KindError:  # said where a space uses it
            continue
        if taken is None:
            continue
        defaults = scope.defaults.get(name, {})
        given = match_arguments(name, without_defaults(taken, defaults), call.arguments, call.span, report)
        for argument, value in given.items():
            kind = next(parameter.kind for parameter in taken if parameter.name == argument)
            if kind != "layer" and not any(_named(node) in parameters for node in tree.walk(value)):
                evaluate(value, scope, kind, report)


def _parameters(name: tree.Name, report: Report) -> tuple[Parameter, ...] | None:
    """The arguments of a layer that no file defines, or None where there is none of this name."""
    try:
        return parameters_of(name.text)
    except kinds.KindError as error:
        report.add(rules.CannotUseLayer(span=name.span, reason=str(error)))
        return ()


def _check_parameters(layer: tree.Layer, scope: Scope, report: Report) -> None:
    seen: dict[str, tree.Name] = {}
    used = {_named(node) for node in tree.walk(layer.expression)}
    own = {parameter.name.text for parameter in layer.parameters}
    unknown = [word for word in used if word and word not in own and not _is_known(word, scope)]
    for parameter in layer.parameters:
        name = parameter.name
        if name.text in BUILT_IN:
            report.add(rules.Reserved(span=name.span, name=name.text))
            continue
        if name.text in seen:
            report.add(rules.DuplicateName(span=name.span, name=name.text, first=seen[name.text].span))
        elif name.text in scope.own():
            report.add(rules.Shadowed(span=name.span, name=name.text, first=scope.place(name.text)))
        if name.text not in used and not any(meant(word, {name.text}) for word in unknown):
            report.add(rules.Unused(span=name.span, name=name.text))
        seen.setdefault(name.text, name)


def _check_references(
    expression: tree.Expression, scope: Scope, parameters: frozenset[str], report: Report
) -> None:
    unread = list(_unknown_arguments(expression))
    for node in tree.walk(expression):
        name = _named(node)
        if name is None or name in parameters or _is_known(name, scope):
            continue
        if any(inside(node.span, argument) for argument in unread):
            continue
        span = node.name.span if isinstance(node, tree.Call) else node.span
        layers = isinstance(node, tree.Call)
        room = report.has_room(span.source)
        candidates = BUILT_IN
        if room:
            candidates = scope.names() | parameters | (frozenset(OPERATORS) if layers else BUILT_IN)
        what = "layer" if layers else "name"
        report.add(rules.UnknownName(span=span, name=name, what=what, known=candidates))
        near = meant(name, candidates) if room else None
        if near is not None:
            scope.find(near.name)  # what is misspelt is used


def _unknown_arguments(expression: tree.Expression) -> Iterator[Span]:
    """What is given to arguments that built-in layers do not have: it is not looked at."""
    for call in tree.walk(expression):
        if isinstance(call, tree.Call) and call.name.text in OPERATORS:
            known = {parameter.name for parameter in OPERATORS[call.name.text]}
            for argument in call.arguments:
                if argument.name is not None and argument.name.text not in known:
                    yield argument.span


def _is_known(name: str, scope: Scope) -> bool:
    """Whether a name is a word of the language or has a definition, even one that cannot be read."""
    built_in = name in BUILT_IN or name in ALL_WORDS
    defined = built_in or scope.known(name) is not None or scope.is_broken(name)
    return defined or kinds.is_announced(name)


def _named(node: tree.SyntaxNode) -> str | None:
    match node:
        case tree.Reference(name=name):
            return name
        case tree.Call(name=name):
            return name.text
        case _:
            return None
