"""``tunas check``: diagnostics of files and folders."""

import json
import sys
from collections.abc import Iterable

import click

from tunas_dsl.cli.completion import complete_space
from tunas_dsl.cli.options import output_format
from tunas_dsl.cli.paths import counted, space_files
from tunas_dsl.compiler import check_text
from tunas_dsl.diagnostics import Diagnostic, SpaceError, render, to_json
from tunas_dsl.sources import read_source


@click.command("check")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", shell_complete=complete_space)
@output_format
def command(paths: tuple[str, ...], format: str) -> None:
    """Check spaces: files, folders (every .space file in them), or - for standard input.

    The exit status is 0 without findings, 1 with findings, 2 where a file cannot be read.
    """
    files = list(space_files(paths))
    found = [diagnostic for file in files for diagnostic in _check(file)]
    if format == "json":
        click.echo(json.dumps(to_json(found), indent=2, ensure_ascii=False))
    else:
        for diagnostic in found:
            click.echo(render(diagnostic), err=True)
        click.echo(_summary(found, len(files)))
    sys.exit(1 if found else 0)


def _check(path: str) -> tuple[Diagnostic, ...]:
    try:
        source = read_source(path)
    except OSError as error:
        raise click.UsageError(f"{path}: {error.strerror}") from None
    except SpaceError as error:
        return error.report.diagnostics
    return check_text(source)[1].diagnostics


def _summary(found: Iterable[Diagnostic], files: int) -> str:
    severities = [diagnostic.severity for diagnostic in found]
    errors, warnings = severities.count("error"), severities.count("warning")
    return f"{counted(errors, 'error')}, {counted(warnings, 'warning')} in {counted(files, 'file')}"
