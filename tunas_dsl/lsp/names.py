"""What stands where in a file: definitions, and the places that use them."""

from collections.abc import Iterator, Mapping
from typing import Literal

import attrs

from tunas_dsl.analysis.operators import BUILT_IN
from tunas_dsl.analysis.scope import Scope
from tunas_dsl.kinds import is_announced
from tunas_dsl.lsp.analysed import Analysed
from tunas_dsl.source import Span
from tunas_dsl.syntax import tree

Kind = Literal["let", "decide", "layer", "parameter", "import", "block", "space", "built-in"]


@attrs.frozen
class Definition:
    """What a name means: of which kind it is, where it is defined, and all of that text."""

    name: str
    kind: Kind
    span: Span | None
    whole: Span | None = None


@attrs.frozen
class Use:
    """A place that names something. A definition is the first use of itself."""

    span: Span
    definition: Definition


def uses(analysed: Analysed) -> Iterator[Use]:
    """Every name in the file with its meaning, where it has one."""
    file = analysed.tree
    if file is None:
        return
    own = dict(_definitions(file))
    for imported in file.imports:
        yield from _uses_of_import(imported, analysed)
    space = file.space
    if space is not None:
        whole = Definition(space.name.text, "space", space.name.span, space.span)
        yield Use(space.name.span, whole)
    for statement in (*file.definitions, *(space.statements if space else ())):
        yield from _statement(statement, analysed.scope, own)


def at(analysed: Analysed, offset: int) -> Use | None:
    """The name at a character offset, or just before it."""
    touching = (use for use in uses(analysed) if use.span.start <= offset <= use.span.end)
    return min(touching, key=lambda use: use.span.end - use.span.start, default=None)


def _definitions(file: tree.File) -> Iterator[tuple[str, Definition]]:
    for statement in (*file.definitions, *(file.space.statements if file.space else ())):
        kind: Kind | None = None
        match statement:
            case tree.Let():
                kind = "let"
            case tree.Decide():
                kind = "decide"
            case tree.Layer():
                kind = "layer"
        if kind is not None and isinstance(statement, tree.Let | tree.Decide | tree.Layer):
            name = statement.name
            yield name.text, Definition(name.text, kind, name.span, statement.span)


def _statement(statement: tree.Statement, scope: Scope, own: Mapping[str, Definition]) -> Iterator[Use]:
    inside: dict[str, Definition] = {}
    if isinstance(statement, tree.Let | tree.Decide | tree.Layer) and statement.name.text in own:
        yield Use(statement.name.span, own[statement.name.text])
    if isinstance(statement, tree.Block):
        name = statement.name
        yield Use(name.span, Definition(name.text, "block", name.span, statement.span))
    if isinstance(statement, tree.Layer):
        for parameter in statement.parameters:
            name = parameter.name
            inside[name.text] = Definition(name.text, "parameter", name.span, parameter.span)
            yield Use(name.span, inside[name.text])
    for node in tree.walk(statement):
        named = _name_of(node)
        if named is not None and (meant := _meaning(named.text, scope, own, inside)) is not None:
            yield Use(named.span, meant)


def _name_of(node: tree.SyntaxNode) -> tree.Name | None:
    match node:
        case tree.Reference(name=name):
            return tree.Name(name, span=node.span)
        case tree.Call(name=called):
            return called
        case tree.Default(name=called):
            return called
        case _:
            return None


def _meaning(
    name: str, scope: Scope, own: Mapping[str, Definition], inside: Mapping[str, Definition]
) -> Definition | None:
    if name in inside:
        return inside[name]
    if name in own:
        return own[name]
    if name in BUILT_IN:
        return Definition(name, "built-in", None)
    found = _elsewhere(name, scope)
    if found is None and is_announced(name):
        return Definition(name, "built-in", None)
    return found


def _elsewhere(name: str, scope: Scope) -> Definition | None:
    """What an imported name means in the file that it comes from."""
    binding = scope.own().get(name)
    if binding is None:
        return None
    kind: Kind = "decide" if binding.shared else "layer" if binding.parameters else "import"
    written = binding.name
    return Definition(written.text, kind, written.span, written.span.to(binding.expression.span))


def _uses_of_import(imported: tree.Import, analysed: Analysed) -> Iterator[Use]:
    for named in imported.names:
        meant = _elsewhere(named.as_name.text, analysed.scope)
        if meant is not None:
            yield Use(named.name.span, meant)
            if named.as_name is not named.name and named.as_name.span != named.name.span:
                yield Use(named.as_name.span, meant)
