"""``tunas new``: a space to start from."""

import errno
import re
from pathlib import Path

import click

from tunas_dsl.storage.files import write_atomically
from tunas_dsl.storage.resources import shipped
from tunas_dsl.syntax.words import can_be_name

KINDS = {
    "mobile": "classification on phones",
    "tiny": "small grey images, searched on a CPU",
    "detection": "a backbone with the outputs C4 and C5",
}


@click.command("new")
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(list(KINDS)),
    default="mobile",
    show_default=True,
    help="; ".join(f"{kind}: {what}" for kind, what in KINDS.items()) + ".",
)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Instead of NAME.space."
)
def command(name: str, kind: str, output: Path | None) -> None:
    """Write a commented space called NAME, to be changed as you like."""
    name = name.removesuffix(".space")
    if not can_be_name(name):
        rule = "it has letters, digits and underscores, begins with no digit, and is no word of the language"
        raise click.BadParameter(f"`{name}` cannot be a name; {rule}", param_hint="NAME")
    path = output or Path(f"{name}.space")
    if path.exists():
        raise FileExistsError(errno.EEXIST, "exists already; it was left as it is", str(path))
    template = (shipped("language/templates") / f"{kind}.space").read_text(encoding="utf-8")
    write_atomically(path, re.sub(r"\bNAME\b", name, template))
    click.echo(f"{path}: written; next: `tunas show {path}`", err=True)
