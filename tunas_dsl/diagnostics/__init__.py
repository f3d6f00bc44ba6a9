"""Diagnostics as data, the report that collects them, and their readers (text, JSON)."""

from tunas_dsl.diagnostics.diagnostic import Diagnostic, Fix, Note, Report, Severity, SpaceError
from tunas_dsl.diagnostics.render import render, to_json

__all__ = ["Diagnostic", "Fix", "Note", "Report", "Severity", "SpaceError", "render", "to_json"]
