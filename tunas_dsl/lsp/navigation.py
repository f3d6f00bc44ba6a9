"""From a name to its definition and to every place that uses it; renaming."""

from pathlib import Path

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from tunas_dsl.analysis.operators import BUILT_IN
from tunas_dsl.lsp import names
from tunas_dsl.lsp.analysed import Analysed
from tunas_dsl.lsp.files import uri_of
from tunas_dsl.lsp.positions import offset, range_of
from tunas_dsl.lsp.space_server import SpaceServer
from tunas_dsl.source import Span
from tunas_dsl.syntax.words import can_be_name


def definition_at(ls: SpaceServer, params: types.DefinitionParams) -> types.Location | None:
    """Where the name at the position is defined, or the file that is imported there."""
    uri = params.text_document.uri
    analysed = ls.analysed(uri)
    place = offset(analysed.source, params.position)
    target = _import_target(analysed, place)
    if target is None:
        use = names.at(analysed, place)
        target = use.definition.span if use else None
    return None if target is None else types.Location(uri_of(target.source.path, uri), range_of(target))


def references_to(ls: SpaceServer, params: types.ReferenceParams) -> list[types.Location]:
    """Every place that names what the name at the position means."""
    uri = params.text_document.uri
    use = _use_at(ls, uri, params.position)
    return [types.Location(place, range_of(span)) for place, span in _everywhere(ls, uri, use)]


def renameable_at(ls: SpaceServer, params: types.PrepareRenameParams) -> types.Range:
    """The name at the position, if it can be renamed."""
    return range_of(_use_at(ls, params.text_document.uri, params.position).span)


def rename_everywhere(ls: SpaceServer, params: types.RenameParams) -> types.WorkspaceEdit:
    """Another name in every place; refused where it is none, or is taken."""
    uri, new = params.text_document.uri, params.new_name
    use = _use_at(ls, uri, params.position)
    if not can_be_name(new) or new in BUILT_IN:
        raise JsonRpcInvalidParams(f"`{new}` cannot be a name")
    if new in ls.analysed(uri).scope.names() and new != use.definition.name:
        raise JsonRpcInvalidParams(f"there is a `{new}` already")
    edits: dict[str, list[types.TextEdit]] = {}
    for place, span in _everywhere(ls, uri, use):
        edits.setdefault(place, []).append(types.TextEdit(range_of(span), new))
    return types.WorkspaceEdit(changes=edits)


def _import_target(analysed: Analysed, place: int) -> Span | None:
    """The beginning of the imported file, where the place is in the name of one."""
    for imported in analysed.tree.imports if analysed.tree else ():
        if imported.path.span.start <= place <= imported.path.span.end:
            name = imported.path.text.rsplit("/", 1)[-1]
            for source in analysed.files.sources:
                if source.path.replace("\\", "/").endswith(f"/{name}"):
                    return Span(source, 0, 0)
    return None


def _use_at(ls: SpaceServer, uri: str, place: types.Position) -> names.Use:
    """What can be renamed at a position."""
    analysed = ls.analysed(uri)
    use = names.at(analysed, offset(analysed.source, place))
    if use is None or use.definition.span is None or use.definition.kind == "space":
        raise JsonRpcInvalidParams("there is no name here that the space defines")
    return use


def _everywhere(ls: SpaceServer, uri: str, use: names.Use) -> list[tuple[str, Span]]:
    """Every place that names the definition: in its own file, and in all files that are open."""
    definition = use.definition
    home = definition.span.source if definition.span else None
    found = {}
    sources = {other: ls.analysed(other) for other in {uri, *ls.workspace.text_documents}}
    if home is not None and uri_of(home.path, uri) not in sources:
        sources[uri_of(home.path, uri)] = Analysed.of(home)
    for place, analysed in sources.items():
        for other in names.uses(analysed):
            if _same(other.definition, definition) and other.span.text == definition.name:
                found[(place, other.span.start)] = (place, other.span)
    return [found[key] for key in sorted(found)]


def _same(one: names.Definition, other: names.Definition) -> bool:
    """Whether both are defined at the same place; kinds differ between a file and those that import it."""
    if one.span is None or other.span is None:
        return False
    ours, theirs = one.span, other.span
    return (Path(ours.source.path), ours.start) == (Path(theirs.source.path), theirs.start)
