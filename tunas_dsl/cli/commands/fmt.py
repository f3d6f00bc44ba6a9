"""``tunas fmt``: spaces in canonical style."""

import sys
from collections import Counter
from pathlib import Path
from typing import Literal

import click

from tunas_dsl.cli.paths import counted, space_files
from tunas_dsl.cli.rewriting import rewrite, unified
from tunas_dsl.diagnostics import SpaceError, render
from tunas_dsl.language.sources import read_source
from tunas_dsl.source import Source
from tunas_dsl.syntax.formatter import MeaningChanged, format_source

Outcome = Literal["changed", "kept", "failed"]


@click.command("fmt")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--check", is_flag=True, help="Write nothing; list the files that would change.")
@click.option("--diff", is_flag=True, help="Write nothing; print what would change, as a patch.")
def command(paths: tuple[str, ...], check: bool, diff: bool) -> None:
    """Format spaces: files, folders (every .space file in them), or - from standard input to output.

    Every comment, and every blank line between paragraphs, is kept. A file is written only where reading it
    again gives the same tree. The exit status is 1 where --check or --diff find something to change, and 2
    where a file has syntax errors or cannot be read; such a file stays as it is.
    """
    dry = check or diff
    outcomes = Counter(_format(path, dry=dry, list_it=check, diff=diff) for path in space_files(paths))
    if paths != ("-",):
        click.echo(_summary(outcomes, dry), err=True)
    sys.exit(2 if outcomes["failed"] else int(dry and outcomes["changed"] > 0))


def _format(path: str, *, dry: bool, list_it: bool, diff: bool) -> Outcome:
    try:
        source = _read(path)
        text = format_source(source)
        if not dry and (path == "-" or text != source.text):
            rewrite(source, text)
    except SpaceError as error:
        for diagnostic in error.report.diagnostics:
            click.echo(render(diagnostic), err=True)
        click.echo(f"error: {path}: not formatted", err=True)
        return "failed"
    except (OSError, MeaningChanged) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        click.echo(f"error: {path}: {reason}; not formatted", err=True)
        return "failed"
    if text == source.text:
        return "kept"
    if list_it:
        click.echo(path)
    if diff:
        click.echo(unified(source, text), nl=False)
    return "changed"


def _read(path: str) -> Source:
    """The text of a file; the name of a shipped space is none, as that must not be written to."""
    if path != "-":
        Path(path).stat()
    return read_source(path)


def _summary(outcomes: Counter[Outcome], dry: bool) -> str:
    would = "would be " if dry else ""
    parts = {
        f"{would}formatted": outcomes["changed"],
        "unchanged": outcomes["kept"],
        "with errors": outcomes["failed"],
    }
    return ", ".join(f"{counted(n, 'file')} {what}" for what, n in parts.items() if n) or "nothing to format"
