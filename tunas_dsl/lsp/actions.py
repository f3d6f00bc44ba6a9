"""Fixes of findings, as actions that an editor offers."""

from lsprotocol import types

from tunas_dsl.diagnostics import Diagnostic
from tunas_dsl.language.fixing import fixed
from tunas_dsl.lsp.edits import edits
from tunas_dsl.lsp.files import path_of
from tunas_dsl.lsp.findings import diagnostic_of
from tunas_dsl.lsp.positions import range_of
from tunas_dsl.lsp.space_server import SpaceServer
from tunas_dsl.source import Source


def code_actions(ls: SpaceServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    """The fixes of what was found in a range, and the one that applies all safe fixes of the file."""
    uri = params.text_document.uri
    found = ls.analysed(uri).report.diagnostics
    actions = [
        action
        for diagnostic in found
        if _overlap(range_of(diagnostic.span), params.range)
        and diagnostic.span.source.path == path_of(uri)
        and (action := _action(diagnostic, uri)) is not None
    ]
    wanted = [_kind(kind) for kind in params.context.only or [""]]
    if any(_belongs(types.CodeActionKind.SourceFixAll, kind) for kind in wanted):
        actions += _fix_all(ls, uri)
    return [action for action in actions if any(_belongs(action.kind or "", kind) for kind in wanted)]


def _fix_all(ls: SpaceServer, uri: str) -> list[types.CodeAction]:
    """The action that applies every safe fix of a file, if there is any."""
    source = Source(path_of(uri), ls.workspace.get_text_document(uri).source)
    outcome = fixed(source, lambda text: ls.analyse(text).report.diagnostics)
    if not outcome.applied:
        return []
    change = types.WorkspaceEdit(changes={uri: edits(source.text, outcome.source.text)})
    return [types.CodeAction("apply all safe fixes", kind=types.CodeActionKind.SourceFixAll, edit=change)]


def _action(diagnostic: Diagnostic, uri: str) -> types.CodeAction | None:
    fix = diagnostic.fix
    if fix is None or fix.span.source.path != path_of(uri):
        return None
    edit = types.TextEdit(range_of(fix.span), fix.replacement)
    return types.CodeAction(
        fix.title,
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[diagnostic_of(diagnostic, uri)],
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
