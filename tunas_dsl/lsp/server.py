"""The server: which function answers which request."""

from lsprotocol import types

from tunas_dsl.diagnostics import SpaceError
from tunas_dsl.lsp import actions, assistance, navigation, outline
from tunas_dsl.lsp.edits import edits
from tunas_dsl.lsp.files import path_of
from tunas_dsl.lsp.space_server import SpaceServer
from tunas_dsl.source import Source
from tunas_dsl.syntax.formatter import MeaningChanged, format_source

_WRITING = types.CompletionOptions(trigger_characters=["(", ":", ",", "|"])
_CALLING = types.SignatureHelpOptions(trigger_characters=["(", ","])
_RENAMING = types.RenameOptions(prepare_provider=True)
_MENDING = types.CodeActionOptions(
    code_action_kinds=[types.CodeActionKind.QuickFix, types.CodeActionKind.SourceFixAll]
)


def make_server() -> SpaceServer:
    """A server with all of its features."""
    server = SpaceServer()
    answers = server.feature
    for event in (types.TEXT_DOCUMENT_DID_OPEN, types.TEXT_DOCUMENT_DID_CHANGE, types.TEXT_DOCUMENT_DID_SAVE):
        answers(event)(check_changed)
    answers(types.TEXT_DOCUMENT_DID_CLOSE)(withdraw_findings)
    answers(types.TEXT_DOCUMENT_HOVER)(assistance.hover_at)
    answers(types.TEXT_DOCUMENT_COMPLETION, _WRITING)(assistance.completions_at)
    answers(types.TEXT_DOCUMENT_SIGNATURE_HELP, _CALLING)(assistance.signature_at)
    answers(types.TEXT_DOCUMENT_DEFINITION)(navigation.definition_at)
    answers(types.TEXT_DOCUMENT_REFERENCES)(navigation.references_to)
    answers(types.TEXT_DOCUMENT_PREPARE_RENAME)(navigation.renameable_at)
    answers(types.TEXT_DOCUMENT_RENAME, _RENAMING)(navigation.rename_everywhere)
    answers(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)(outline.symbols)
    answers(types.TEXT_DOCUMENT_INLAY_HINT)(outline.shape_hints)
    answers(types.TEXT_DOCUMENT_FORMATTING)(format_edits)
    answers(types.TEXT_DOCUMENT_CODE_ACTION, _MENDING)(actions.code_actions)
    return server


def check_changed(
    ls: SpaceServer,
    params: types.DidOpenTextDocumentParams
    | types.DidChangeTextDocumentParams
    | types.DidSaveTextDocumentParams,
) -> None:
    """Check a file that was opened, changed or saved, and those that may import it."""
    for uri in {params.text_document.uri, *ls.workspace.text_documents}:
        ls.check(uri)


def withdraw_findings(ls: SpaceServer, params: types.DidCloseTextDocumentParams) -> None:
    """Take back what was said of a file and of those that it imports."""
    for uri in ls.told.pop(params.text_document.uri, set()):
        ls.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri=uri, diagnostics=[]))


def format_edits(ls: SpaceServer, params: types.DocumentFormattingParams) -> list[types.TextEdit] | None:
    """The edits that format the file; none where it cannot be read."""
    text = ls.workspace.get_text_document(params.text_document.uri).source
    try:
        return edits(text, format_source(Source(path_of(params.text_document.uri), text)))
    except (SpaceError, MeaningChanged):  # the findings say why
        return None
