"""Diagnostics as commands of GitHub's workflows, which show them beside the lines of a change."""

from tunas_dsl.diagnostics.diagnostic import Diagnostic


def to_github(diagnostic: Diagnostic) -> str:
    """One line: ``::error file=a.space,line=3,...::message``."""
    span = diagnostic.span
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    properties = {"file": span.source.path, "line": line, "endLine": end_line}
    if line == end_line:  # columns of several lines are refused
        properties |= {"col": column, "endColumn": end_column}
    properties["title"] = diagnostic.code
    written = ",".join(f"{name}={_escaped(str(value), ':,')}" for name, value in properties.items())
    text = diagnostic.text + (f"\n{diagnostic.hint}" if diagnostic.hint else "")
    return f"::{diagnostic.severity} {written}::{_escaped(text)}"


def _escaped(text: str, more: str = "") -> str:
    special = f"%\r\n{more}"
    return "".join(f"%{ord(character):02X}" if character in special else character for character in text)
