"""The protocol: requests in, answers of the other modules out."""

import re
from pathlib import Path

from lsprotocol import types
from pygls import uris
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer

from tunas_dsl import __version__
from tunas_dsl.analysis.operators import BUILT_IN
from tunas_dsl.diagnostics import Diagnostic, SpaceError
from tunas_dsl.fixing import fixed
from tunas_dsl.lsp import completion, hover, names
from tunas_dsl.lsp.analysed import Analysed
from tunas_dsl.lsp.edits import edits
from tunas_dsl.lsp.positions import offset, range_of
from tunas_dsl.source import Source, Span
from tunas_dsl.syntax import tree
from tunas_dsl.syntax.formatter import MeaningChanged, format_source
from tunas_dsl.syntax.words import STATEMENTS

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_COMPLETIONS: dict[completion.Kind, types.CompletionItemKind] = {
    "statement": types.CompletionItemKind.Keyword,
    "layer": types.CompletionItemKind.Function,
    "argument": types.CompletionItemKind.Property,
    "word": types.CompletionItemKind.EnumMember,
    "name": types.CompletionItemKind.Variable,
}

_SYMBOLS: dict[type, types.SymbolKind] = {
    tree.Let: types.SymbolKind.Constant,
    tree.Decide: types.SymbolKind.Enum,
    tree.Layer: types.SymbolKind.Function,
    tree.Block: types.SymbolKind.Struct,
}


class SpaceServer(LanguageServer):
    """The server with what it knows of the files that are open."""

    def __init__(self) -> None:
        super().__init__("tunas", __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full)
        self.told: dict[str, set[str]] = {}

    def analysed(self, uri: str) -> Analysed:
        """The file as it is in the editor now."""
        return self.analyse(Source(_path(uri), self.workspace.get_text_document(uri).source))

    def analyse(self, source: Source) -> Analysed:
        """A text with the files that it imports as they are in the editor now."""
        unsaved = {
            Path(other.path).resolve(): other.source
            for other in self.workspace.text_documents.values()
            if other.path
        }
        return Analysed.of(source, unsaved)

    def fix_all(self, uri: str) -> list[types.CodeAction]:
        """The action that applies every safe fix of a file, if there is any."""
        source = Source(_path(uri), self.workspace.get_text_document(uri).source)
        outcome = fixed(source, lambda text: self.analyse(text).report.diagnostics)
        if not outcome.applied:
            return []
        change = types.WorkspaceEdit(changes={uri: edits(source.text, outcome.source.text)})
        return [types.CodeAction("apply all safe fixes", kind=types.CodeActionKind.SourceFixAll, edit=change)]

    def check(self, uri: str) -> None:
        """Tell the editor what was found in a file, and in those that it imports."""
        analysed = self.analysed(uri)
        by_uri: dict[str, list[types.Diagnostic]] = {uri: []}
        for found in analysed.report.diagnostics:
            by_uri.setdefault(_uri(found.span.source.path, uri), []).append(_diagnostic(found, uri))
        for gone in self.told.get(uri, set()) - by_uri.keys():
            by_uri[gone] = []
        self.told[uri] = set(by_uri)
        for place, diagnostics in by_uri.items():
            parameters = types.PublishDiagnosticsParams(uri=place, diagnostics=diagnostics)
            self.text_document_publish_diagnostics(parameters)


def make_server() -> SpaceServer:
    """A server with all of its features."""
    server = SpaceServer()

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def changed(
        ls: SpaceServer,
        params: types.DidOpenTextDocumentParams
        | types.DidChangeTextDocumentParams
        | types.DidSaveTextDocumentParams,
    ) -> None:
        for uri in {params.text_document.uri, *ls.workspace.text_documents}:
            ls.check(uri)  # those that import it, too

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(ls: SpaceServer, params: types.DidCloseTextDocumentParams) -> None:
        for uri in ls.told.pop(params.text_document.uri, set()):
            ls.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri=uri, diagnostics=[]))

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hovered(ls: SpaceServer, params: types.HoverParams) -> types.Hover | None:
        analysed = ls.analysed(params.text_document.uri)
        found = hover.hover(analysed, offset(analysed.source, params.position))
        if found is None:
            return None
        text, span = found
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text), range_of(span))

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    def defined(ls: SpaceServer, params: types.DefinitionParams) -> types.Location | None:
        uri = params.text_document.uri
        analysed = ls.analysed(uri)
        place = offset(analysed.source, params.position)
        target = _import_target(analysed, place)
        if target is None:
            use = names.at(analysed, place)
            target = use.definition.span if use else None
        return None if target is None else types.Location(_uri(target.source.path, uri), range_of(target))

    @server.feature(types.TEXT_DOCUMENT_REFERENCES)
    def referred(ls: SpaceServer, params: types.ReferenceParams) -> list[types.Location]:
        uri = params.text_document.uri
        use = _named(ls, uri, params.position)
        return [types.Location(place, range_of(span)) for place, span in _everywhere(ls, uri, use)]

    @server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
    def prepared(ls: SpaceServer, params: types.PrepareRenameParams) -> types.Range:
        return range_of(_named(ls, params.text_document.uri, params.position).span)

    @server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
    def renamed(ls: SpaceServer, params: types.RenameParams) -> types.WorkspaceEdit:
        uri, new = params.text_document.uri, params.new_name
        use = _named(ls, uri, params.position)
        if not _NAME.fullmatch(new) or new in BUILT_IN or new in (*STATEMENTS.values(), "from"):
            raise JsonRpcInvalidParams(f"`{new}` cannot be a name")
        if new in ls.analysed(uri).scope.names() and new != use.definition.name:
            raise JsonRpcInvalidParams(f"there is a `{new}` already")
        edits: dict[str, list[types.TextEdit]] = {}
        for place, span in _everywhere(ls, uri, use):
            edits.setdefault(place, []).append(types.TextEdit(range_of(span), new))
        return types.WorkspaceEdit(changes=edits)

    @server.feature(
        types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=["(", ":", ",", "|"])
    )
    def completed(ls: SpaceServer, params: types.CompletionParams) -> list[types.CompletionItem]:
        analysed = ls.analysed(params.text_document.uri)
        found = completion.completions(analysed, offset(analysed.source, params.position))
        return [types.CompletionItem(c.label, kind=_COMPLETIONS[c.kind], insert_text=c.text) for c in found]

    @server.feature(
        types.TEXT_DOCUMENT_SIGNATURE_HELP, types.SignatureHelpOptions(trigger_characters=["(", ","])
    )
    def signed(ls: SpaceServer, params: types.SignatureHelpParams) -> types.SignatureHelp | None:
        analysed = ls.analysed(params.text_document.uri)
        before = analysed.source.text[: offset(analysed.source, params.position)]
        call, _ = completion.surroundings(before)
        parameters = None if call is None else completion.parameters_of(analysed, call.name)
        if call is None or not parameters:
            return None
        labels = [p.name for p in parameters]
        active = labels.index(call.argument) if call.argument in labels else call.position
        shown = types.SignatureInformation(
            f"{call.name}({', '.join(labels)})", parameters=[types.ParameterInformation(p) for p in labels]
        )
        return types.SignatureHelp([shown], active_signature=0, active_parameter=active)

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def outlined(ls: SpaceServer, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
        file = ls.analysed(params.text_document.uri).tree
        if file is None:
            return []
        outline = [*_symbols(file.definitions)]
        if file.space is not None:
            inside = _symbols(file.space.statements)
            outline.append(_symbol(file.space.name, file.space.span, types.SymbolKind.Module, inside))
        return outline

    @server.feature(types.TEXT_DOCUMENT_FORMATTING)
    def formatted(ls: SpaceServer, params: types.DocumentFormattingParams) -> list[types.TextEdit] | None:
        text = ls.workspace.get_text_document(params.text_document.uri).source
        try:
            return edits(text, format_source(Source(_path(params.text_document.uri), text)))
        except (SpaceError, MeaningChanged):  # the findings say why
            return None

    @server.feature(types.TEXT_DOCUMENT_INLAY_HINT)
    def hinted(ls: SpaceServer, params: types.InlayHintParams) -> list[types.InlayHint]:
        analysed = ls.analysed(params.text_document.uri)
        return _hints(analysed) if analysed.space else []

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(
            code_action_kinds=[types.CodeActionKind.QuickFix, types.CodeActionKind.SourceFixAll]
        ),
    )
    def acted(ls: SpaceServer, params: types.CodeActionParams) -> list[types.CodeAction]:
        uri = params.text_document.uri
        found = ls.analysed(uri).report.diagnostics
        actions = [
            action
            for diagnostic in found
            if _overlap(range_of(diagnostic.span), params.range)
            and diagnostic.span.source.path == _path(uri)
            and (action := _action(diagnostic, uri)) is not None
        ]
        wanted = [_kind(kind) for kind in params.context.only or [""]]
        if any(_belongs(types.CodeActionKind.SourceFixAll, kind) for kind in wanted):
            actions += ls.fix_all(uri)
        return [action for action in actions if any(_belongs(action.kind or "", kind) for kind in wanted)]

    return server


def _path(uri: str) -> str:
    return uris.to_fs_path(uri) or uri


def _uri(path: str, uri: str) -> str:
    """The URI of a source that came up while the file at ``uri`` was read, which keeps its own spelling."""
    return uri if path == _path(uri) else uris.from_fs_path(path) or path


def _diagnostic(found: Diagnostic, uri: str) -> types.Diagnostic:
    severities = {"error": types.DiagnosticSeverity.Error, "warning": types.DiagnosticSeverity.Warning}
    related = [
        types.DiagnosticRelatedInformation(
            types.Location(_uri(note.span.source.path, uri), range_of(note.span)), note.label
        )
        for note in found.notes
    ]
    return types.Diagnostic(
        range_of(found.span),
        found.text + (f"\n{found.hint}" if found.hint else ""),
        severity=severities[found.severity],
        code=found.code,
        source="tunas",
        related_information=related or None,
    )


def _import_target(analysed: Analysed, place: int) -> Span | None:
    """The beginning of the imported file, where the place is in the name of one."""
    for imported in analysed.tree.imports if analysed.tree else ():
        if imported.path.span.start <= place <= imported.path.span.end:
            name = imported.path.text.rsplit("/", 1)[-1]
            for source in analysed.files.sources:
                if source.path.replace("\\", "/").endswith(f"/{name}"):
                    return Span(source, 0, 0)
    return None


def _named(ls: SpaceServer, uri: str, place: types.Position) -> names.Use:
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
    if home is not None and _uri(home.path, uri) not in sources:
        sources[_uri(home.path, uri)] = Analysed.of(home)
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


def _symbols(statements: tuple[tree.Statement, ...]) -> list[types.DocumentSymbol]:
    return [
        _symbol(statement.name, statement.span, _SYMBOLS[type(statement)])
        for statement in statements
        if isinstance(statement, tree.Let | tree.Decide | tree.Layer | tree.Block)
    ]


def _symbol(
    name: tree.Name, whole: Span, kind: types.SymbolKind, inside: list[types.DocumentSymbol] | None = None
) -> types.DocumentSymbol:
    return types.DocumentSymbol(name.text, kind, range_of(whole), range_of(name.span), children=inside)


def _hints(analysed: Analysed) -> list[types.InlayHint]:
    """The shape of what each block gives, behind its brace."""
    space, file = analysed.space, analysed.tree
    if space is None or file is None or file.space is None:
        return []
    shapes = {block.name: hover.block_shape(space, block) for block in space.blocks}
    return [
        types.InlayHint(range_of(statement.span).end, shapes[statement.name.text], padding_left=True)
        for statement in file.space.statements
        if isinstance(statement, tree.Block) and statement.name.text in shapes
    ]


def _action(diagnostic: Diagnostic, uri: str) -> types.CodeAction | None:
    fix = diagnostic.fix
    if fix is None or fix.span.source.path != _path(uri):
        return None
    edit = types.TextEdit(range_of(fix.span), fix.replacement)
    return types.CodeAction(
        fix.title,
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[_diagnostic(diagnostic, uri)],
        edit=types.WorkspaceEdit(changes={uri: [edit]}),
        is_preferred=fix.applicability == "safe",
    )


def _kind(kind: types.CodeActionKind | str) -> str:
    return kind.value if isinstance(kind, types.CodeActionKind) else kind


def _belongs(kind: types.CodeActionKind | str, wanted: str) -> bool:
    """Whether an action of this kind is asked for: `source` asks for `source.fixAll`, too."""
    return not wanted or f"{_kind(kind)}.".startswith(f"{wanted}.")


def _overlap(one: types.Range, other: types.Range) -> bool:
    def key(place: types.Position) -> tuple[int, int]:
        return place.line, place.character

    return key(one.start) <= key(other.end) and key(other.start) <= key(one.end)
