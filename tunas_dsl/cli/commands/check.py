"""``tunas check``: diagnostics of files and folders, and their fixes."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from tunas_dsl import __version__
from tunas_dsl.cli.options.completion import complete_space
from tunas_dsl.cli.paths import counted, space_files
from tunas_dsl.cli.rewriting import rewrite, unified
from tunas_dsl.diagnostics import Diagnostic, Report, SpaceError, render, to_json
from tunas_dsl.language.compiler import check_text
from tunas_dsl.language.fixing import Applied, fixed
from tunas_dsl.language.sources import read_source
from tunas_dsl.source import Source

FORMATS = ("text", "json", "github", "sarif")


@click.command("check")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", shell_complete=complete_space)
@click.option(
    "--format", type=click.Choice(FORMATS), default="text", show_default=True, help="How to print findings."
)
@click.option("--fix", is_flag=True, help="Apply the fixes that are safe, and write the files.")
@click.option("--diff", is_flag=True, help="With --fix: write nothing, print what would change, as a patch.")
@click.option("--watch", is_flag=True, help="Check again whenever a file changes, until ctrl-C.")
def command(paths: tuple[str, ...], format: str, fix: bool, diff: bool, watch: bool) -> None:
    """Check spaces: files, folders (every .space file in them), or - for standard input.

    Findings go to standard error and a summary to standard output; with another --format than text, findings
    go to standard output. The exit status is 0 without findings, 1 with findings (or, with --diff, fixes), 2
    where a file cannot be read. A line with a comment such as `# tunas: ignore[W501]` has no warnings of that
    kind.
    """
    if diff and not fix:
        raise click.UsageError("--diff belongs to --fix")
    if watch:
        _refuse(fix or format != "text" or "-" in paths, "--watch checks files, and prints text")
        from tunas_dsl.cli.watching import watch_files

        watch_files(paths, _check_all)
        return
    if fix:
        _refuse(diff and format != "text", "--diff prints a patch, and so no --format")
        _refuse(
            "-" in paths and format != "text", "standard output cannot be two things, a text and findings"
        )
        found, changed = _fix_all(paths, diff=diff)
        _print(found, len(list(space_files(paths))), format, quiet=diff or "-" in paths)
        sys.exit(int(bool(found) or (diff and changed)))
    found = _check_all(paths, format)
    sys.exit(1 if found else 0)


def _refuse(wrong: bool, why: str) -> None:
    if wrong:
        raise click.UsageError(why)


def _check_all(paths: Sequence[str], format: str = "text") -> list[Diagnostic]:
    """Check all files and print what was found."""
    files = list(space_files(paths))
    reports = [_check(file) for file in files]
    found = [diagnostic for report in reports for diagnostic in report.diagnostics]
    _print(found, len(files), format, omitted=sum(report.omitted for report in reports))
    return found


def _check(path: str) -> Report:
    try:
        return check_text(_opened(path))[1]
    except SpaceError as error:
        return error.report


def _opened(path: str) -> Source:
    try:
        return read_source(path)
    except OSError as error:
        raise click.UsageError(f"{path}: {error.strerror}") from None


def _found(source: Source) -> tuple[Diagnostic, ...]:
    return check_text(source)[1].diagnostics


def _fix_all(paths: Sequence[str], *, diff: bool) -> tuple[list[Diagnostic], bool]:
    """Fix all files; what is left, and whether anything changed."""
    left: list[Diagnostic] = []
    changes = False
    for path in space_files(paths):
        _refuse(path != "-" and not Path(path).is_file(), f"{path}: no such file")
        try:
            source = _opened(path)
        except SpaceError as error:  # bytes that are no text
            left += error.report.diagnostics
            continue
        outcome = fixed(source, _found)
        left += outcome.left
        changes |= bool(outcome.applied)
        for applied in outcome.applied:
            click.echo(_told(applied, "would fix" if diff else "fixed"), err=True)
        if diff:
            click.echo(unified(source, outcome.source.text), nl=False)
        elif path == "-" or outcome.applied:
            rewrite(source, outcome.source.text)
    return left, changes


def _told(applied: Applied, verb: str) -> str:
    span = applied.finding.span
    line, column = span.source.position(span.start)
    return f"{verb} {span.source.path}:{line}:{column} {applied.finding.code}: {applied.fix.title}"


def _print(
    found: Sequence[Diagnostic], files: int, format: str, *, omitted: int = 0, quiet: bool = False
) -> None:
    """Print findings: data on standard output, text for people on standard error and a summary."""
    if format == "text":
        for diagnostic in found:
            click.echo(render(diagnostic), err=True)
        click.echo(_summary(found, files) + (f"; {omitted} more are not shown" if omitted else ""), err=quiet)
    elif format == "github":
        from tunas_dsl.diagnostics.github import to_github

        for diagnostic in found:
            click.echo(to_github(diagnostic))
    else:
        document = to_json(found) if format == "json" else _sarif(found)
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def _sarif(found: Sequence[Diagnostic]) -> dict[str, Any]:
    from tunas_dsl.diagnostics.sarif import to_sarif
    from tunas_dsl.language.explaining import RULES, explanation

    return to_sarif(found, [(rule, explanation(code)) for code, rule in RULES.items()], __version__)


def _summary(found: Sequence[Diagnostic], files: int) -> str:
    severities = [diagnostic.severity for diagnostic in found]
    errors, warnings = severities.count("error"), severities.count("warning")
    return f"{counted(errors, 'error')}, {counted(warnings, 'warning')} in {counted(files, 'file')}"
