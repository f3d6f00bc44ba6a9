"""The server's state: the files that are open, and what was said of them."""

from pathlib import Path

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from tunas_dsl import __version__
from tunas_dsl.lsp.analysed import Analysed
from tunas_dsl.lsp.files import path_of, uri_of
from tunas_dsl.lsp.findings import diagnostic_of
from tunas_dsl.source import Source


class SpaceServer(LanguageServer):
    """The server with what it knows of the files that are open."""

    def __init__(self) -> None:
        super().__init__("tunas", __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full)
        self.told: dict[str, set[str]] = {}

    def analysed(self, uri: str) -> Analysed:
        """The file as it is in the editor now."""
        return self.analyse(Source(path_of(uri), self.workspace.get_text_document(uri).source))

    def analyse(self, source: Source) -> Analysed:
        """A text with the files that it imports as they are in the editor now."""
        unsaved = {
            Path(other.path).resolve(): other.source
            for other in self.workspace.text_documents.values()
            if other.path
        }
        return Analysed.of(source, unsaved)

    def check(self, uri: str) -> None:
        """Tell the editor what was found in a file, and in those that it imports."""
        analysed = self.analysed(uri)
        by_uri: dict[str, list[types.Diagnostic]] = {uri: []}
        for found in analysed.report.diagnostics:
            by_uri.setdefault(uri_of(found.span.source.path, uri), []).append(diagnostic_of(found, uri))
        for gone in self.told.get(uri, set()) - by_uri.keys():
            by_uri[gone] = []
        self.told[uri] = set(by_uri)
        for place, diagnostics in by_uri.items():
            parameters = types.PublishDiagnosticsParams(uri=place, diagnostics=diagnostics)
            self.text_document_publish_diagnostics(parameters)
