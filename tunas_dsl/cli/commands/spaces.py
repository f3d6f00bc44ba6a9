"""``tunas spaces``: the spaces that come with the program, listed and copied."""

import difflib
import errno
import re
from collections.abc import Iterator
from pathlib import Path

import click
from rich.text import Text

from tunas_dsl.cli.display.text import plain_table, remaining, show, terminal, wrapped
from tunas_dsl.cli.options import output_format
from tunas_dsl.cli.options.completion import complete_shipped
from tunas_dsl.storage import documents
from tunas_dsl.storage.files import write_atomically
from tunas_dsl.storage.resources import shipped_spaces

_SENTENCE = re.compile(r"(?<!\bal)\.(?=\s|$)")


@click.group("spaces", invoke_without_command=True)
@output_format
@click.pass_context
def command(context: click.Context, format: str) -> None:
    """List the spaces that come with the program, and copy one to start from.

    Wherever a command takes SPACE, the name of one of them will do.
    """
    if context.invoked_subcommand is not None:
        return
    told = {name: about(file.read_text(encoding="utf-8")) for name, file in shipped_spaces().items()}
    if format == "json":
        rows = [{"name": name, "about": text} for name, text in told.items()]
        click.echo(documents.dump(rows), nl=False)
        return
    _print(told)


@command.command("copy")
@click.argument("name", shell_complete=complete_shipped)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="The file; NAME.space without it."
)
def copy(name: str, output: Path | None) -> None:
    """Write the shipped space NAME into the present folder."""
    spaces = shipped_spaces()
    if name not in spaces:
        close = difflib.get_close_matches(name, spaces, n=1)
        hint = f"did you mean `{close[0]}`?" if close else "`tunas spaces` lists them"
        raise click.UsageError(f"no space called `{name}` comes with the program; {hint}")
    path = output or Path(f"{name}.space")
    if path.exists():
        raise FileExistsError(errno.EEXIST, "exists already; name another file with -o", str(path))
    write_atomically(path, spaces[name].read_text(encoding="utf-8"))
    click.echo(f"{path}: written; see `tunas show {path}`", err=True)


def about(text: str) -> str:
    """The first sentence of the comment that a space begins with."""
    return _SENTENCE.split(" ".join(_comment(text)), maxsplit=1)[0]


def _comment(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if not line.startswith("#"):
            return
        yield line.removeprefix("#").strip()


def _print(told: dict[str, str]) -> None:
    console = terminal()
    room = remaining(console.width, [""], [[name] for name in told])
    table = plain_table()
    table.show_header = False
    table.add_column(style="bold", no_wrap=True)
    table.add_column(no_wrap=True)
    for name, text in told.items():
        table.add_row(name, Text(wrapped(_short(text, room), room)))
    show(console, table)


def _short(text: str, width: int) -> str:
    """What comes before the colon will do where ``text`` does not fit on a line."""
    return text if len(text) <= width else text.partition(":")[0]
