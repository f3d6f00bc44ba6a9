"""Diagnostics as SARIF 2.1.0, which code-scanning services read."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tunas_dsl.diagnostics.diagnostic import Diagnostic, Fix
from tunas_dsl.source import Span

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def to_sarif(
    found: Iterable[Diagnostic], rules: Sequence[tuple[type[Diagnostic], str]], version: str
) -> dict[str, Any]:
    """A log of one run. ``rules`` are all that there are, with their explanations in Markdown."""
    numbers = {rule.code: number for number, (rule, _) in enumerate(rules)}
    driver = {
        "name": "tunas",
        "semanticVersion": version,
        "rules": [_rule(rule, explanation) for rule, explanation in rules],
    }
    results = [_result(diagnostic, numbers[diagnostic.code]) for diagnostic in found]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: type[Diagnostic], explanation: str) -> dict[str, Any]:
    summary = (rule.__doc__ or "").partition("\n\n")[0]
    return {
        "id": rule.code,
        "name": rule.__name__,
        "shortDescription": {"text": " ".join(summary.split())},
        "help": {"text": explanation, "markdown": explanation},
        "defaultConfiguration": {"level": "error" if rule.code.startswith("E") else "warning"},
    }


def _result(diagnostic: Diagnostic, number: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": number,
        "level": diagnostic.severity,
        "message": {"text": diagnostic.text + (f"\n{diagnostic.hint}" if diagnostic.hint else "")},
        "locations": [{"physicalLocation": _place(diagnostic.span)}],
    }
    if diagnostic.places:
        result["relatedLocations"] = [
            {"id": number, "physicalLocation": _place(note.span), "message": {"text": note.label}}
            for number, note in enumerate(diagnostic.places)
        ]
    if diagnostic.fix:
        result["fixes"] = [_fix(diagnostic.fix)]
    return result


def _fix(fix: Fix) -> dict[str, Any]:
    replacement = {"deletedRegion": _region(fix.span), "insertedContent": {"text": fix.replacement}}
    change = {"artifactLocation": _artifact(fix.span), "replacements": [replacement]}
    return {"description": {"text": fix.title}, "artifactChanges": [change]}


def _place(span: Span) -> dict[str, Any]:
    return {"artifactLocation": _artifact(span), "region": _region(span)}


def _artifact(span: Span) -> dict[str, str]:
    path = Path(span.source.path)
    return {"uri": path.as_uri() if path.is_absolute() else quote(path.as_posix())}


def _region(span: Span) -> dict[str, int]:
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}
