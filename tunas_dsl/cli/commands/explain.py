"""``tunas explain``: what a code means, with an example and how it is mended."""

import sys
from pathlib import Path

import click

from tunas_dsl.language.explaining import RULES, explanation, known, mentioning, near, pages, summary


def _complete(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    return [code for code in RULES if code.startswith(incomplete.upper())]


@click.command("explain")
@click.argument("codes", nargs=-1, metavar="[CODE...]", shell_complete=_complete)
@click.option(
    "--write", type=click.Path(path_type=Path, file_okay=False), help="Write a page for each code there."
)
def command(codes: tuple[str, ...], write: Path | None) -> None:
    """Explain codes of findings, such as E302; without a code, list all of them.

    The name of a code will do, UntiedFilters or untied-filters, and words find what is said about them.
    """
    if write is not None:
        write.mkdir(parents=True, exist_ok=True)
        for name, text in pages():
            (write / name).write_text(text, encoding="utf-8")
        return
    if not codes:
        for code in RULES:
            click.echo(f"{code}  {summary(code)}")
    if codes and not any(map(known, codes)):
        codes = (" ".join(codes),)  # words of a name
    texts = [_explained(code) for code in codes]
    if texts:
        _show("\n".join(texts))


def _explained(text: str) -> str:
    name = text.strip()
    if code := known(name):
        return explanation(code)
    if about := mentioning(name):
        raise click.ClickException(f"there is no code `{name}`; these are about it:\n{_listed(about)}")
    if similar := near(name):
        raise click.ClickException(f"there is no code `{name}`; these may be meant:\n{_listed(similar)}")
    raise click.ClickException(f"there is no code `{name}`; `tunas explain` lists them")


def _listed(codes: list[str]) -> str:
    return "\n".join(f"  {code}  {summary(code)}" for code in codes)


def _show(text: str) -> None:
    """Print Markdown: as it is into a file, formatted on a terminal."""
    if not sys.stdout.isatty():
        click.echo(text, nl=False)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console(highlight=False).print(Markdown(text, code_theme="ansi_dark"))
