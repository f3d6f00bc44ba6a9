"""``tunas compile``: a compiled space as a folder."""

from pathlib import Path

import click

from tunas_dsl.api.subjects import Subject, load_indices, load_subject
from tunas_dsl.cli.estimates import Estimates
from tunas_dsl.cli.holding import hold
from tunas_dsl.cli.options import latency as latency_option
from tunas_dsl.cli.options.completion import complete_space
from tunas_dsl.cost.layers import parameters_model
from tunas_dsl.cost.lookup import Missing
from tunas_dsl.cost.named import MACS
from tunas_dsl.exchange.bundle import write_bundle
from tunas_dsl.ir.selection import prune
from tunas_dsl.language.compiler import compile_text
from tunas_dsl.language.unparse import unparse


@click.command("compile")
@click.argument("space", shell_complete=complete_space)
@click.argument("architecture", required=False, metavar="[ARCH]")
@latency_option
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The folder to write.")
def command(
    space: str, architecture: str | None, latency: str | None, missing: Missing, output: Path
) -> None:
    """Write SPACE, or its architecture ARCH, with its cost models."""
    notice = Estimates(missing)
    subject = load_subject(space, missing=missing, notice=notice)
    if architecture is not None:
        text = unparse(prune(subject.space, load_indices(subject.space, architecture)))
        subject = Subject(compile_text(text), text, missing=missing, notice=notice)
    models = [subject.model(MACS), parameters_model(subject.space)]
    if latency not in (None, MACS):
        models.append(subject.model(latency))
    hold(output)
    write_bundle(subject.space, subject.text, models, output)
    click.echo(f"{subject.space.name} is compiled to {output}", err=True)
