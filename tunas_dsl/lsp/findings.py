"""Findings as the protocol has them."""

from lsprotocol import types

from tunas_dsl.diagnostics import Diagnostic
from tunas_dsl.lsp.files import uri_of
from tunas_dsl.lsp.positions import range_of


def diagnostic_of(found: Diagnostic, uri: str) -> types.Diagnostic:
    """What was found while the file at ``uri`` was read."""
    severities = {"error": types.DiagnosticSeverity.Error, "warning": types.DiagnosticSeverity.Warning}
    related = [
        types.DiagnosticRelatedInformation(
            types.Location(uri_of(note.span.source.path, uri), range_of(note.span)), note.label
        )
        for note in found.places
    ]
    return types.Diagnostic(
        range_of(found.span),
        found.text + (f"\n{found.hint}" if found.hint else ""),
        severity=severities[found.severity],
        code=found.code,
        source="tunas",
        related_information=related or None,
    )
