"""``tunas diff``: what two spaces, or two architectures, do not have in common."""

from pathlib import Path
from typing import Any

import attrs
import click

from tunas_dsl.api.subjects import Subject, found_in, load_indices, load_subject
from tunas_dsl.cli.display.differences import figures_table, heading, sections
from tunas_dsl.cli.display.text import show, terminal
from tunas_dsl.cli.errors import user_errors
from tunas_dsl.cli.estimates import Estimates
from tunas_dsl.cli.options import latency as latency_option
from tunas_dsl.cli.options import output_format
from tunas_dsl.cli.options import resolution as resolution_option
from tunas_dsl.cli.options.completion import complete_space
from tunas_dsl.cost.lookup import Missing
from tunas_dsl.cost.named import MACS
from tunas_dsl.errors import ArchitectureError
from tunas_dsl.exchange.architecture_json import read_architecture
from tunas_dsl.ir.selection import prune
from tunas_dsl.storage import documents
from tunas_dsl.views.comparison import (
    Choices,
    Comparison,
    choices_of,
    compare_architectures,
    compare_spaces,
    comparison_fields,
)

_TROUBLE = 2


@click.command("diff")
@click.argument("subjects", nargs=-1, metavar="[SPACE] A B", shell_complete=complete_space)
@latency_option
@resolution_option
@output_format
@click.pass_context
def command(
    context: click.Context,
    subjects: tuple[str, ...],
    latency: str | None,
    missing: Missing,
    resolution: int | None,
    format: str,
) -> None:
    """Say what differs between two spaces, or between two architectures, and what that costs.

    A and B are spaces, or architectures: .space files without decisions, JSON, or folders of
    searches, which are what these found. With SPACE they are
    architectures of it, and may be index vectors such as 0:2:1.

    The exit status is 0 where they are the same but for their names, 1 where they differ, 2 for an error.
    """
    if len(subjects) not in (2, 3):
        raise click.UsageError("two things are compared: A B, or SPACE A B")
    with user_errors(context, _TROUBLE):
        reading = _Reading(None if latency == MACS else latency, missing, resolution)
        comparison = _compared(subjects, reading)
    if format == "json":
        click.echo(documents.dump(comparison_fields(comparison)), nl=False)
    else:
        console = terminal()
        parts = sections(comparison, console.width)
        show(console, heading((subjects[-2], subjects[-1])), *parts, figures_table(comparison.figures))
    context.exit(0 if comparison.same else 1)


@attrs.frozen
class _Reading:
    """How what is compared is read, and by which table it is costed, if by any."""

    latency: str | None
    missing: Missing
    resolution: int | None

    def subject(self, name: str) -> Subject:
        estimates = Estimates(self.missing)
        return load_subject(name, resolution=self.resolution, missing=self.missing, notice=estimates)


def _compared(subjects: tuple[str, ...], reading: _Reading) -> Comparison:
    if len(subjects) == 3:
        return _in_one_space(reading, *subjects)
    latency = reading.latency
    one, other = (reading.subject(name) for name in subjects)
    if not (one.space.is_architecture and other.space.is_architecture):
        if latency is not None:
            raise click.UsageError(
                "--latency is for two architectures; for spaces, see `tunas show --latency`"
            )
        return compare_spaces(one.space, other.space)
    networks = [prune(side.space, _only(side)) for side in (one, other)]
    times = None if latency is None else (one.cost(latency, _only(one)), other.cost(latency, _only(other)))
    return compare_architectures(networks[0], networks[1], _chosen(subjects[0], subjects[1]), times)


def _in_one_space(reading: _Reading, name: str, one: str, other: str) -> Comparison:
    subject, latency = reading.subject(name), reading.latency
    space = subject.space
    first, second = (load_indices(space, each, reading.resolution) for each in (one, other))
    times = None if latency is None else (subject.cost(latency, first), subject.cost(latency, second))
    choices = (choices_of(space, first), choices_of(space, second))
    return compare_architectures(prune(space, first), prune(space, second), choices, times)


def _chosen(one: str, other: str) -> tuple[Choices, Choices] | None:
    """What was decided in two searches, or JSON files of them, if they are of one space."""
    first, second = _decided(one), _decided(other)
    if first is None or second is None or first[0] != second[0]:
        return None
    return first[1], second[1]


def _decided(path: str) -> tuple[list[Any], Choices] | None:
    """The decisions with their options, and what was taken of those that count."""
    if (found := found_in(path)) is not None:
        space, indices = found
        return [(decision.id, decision.options) for decision in space.decisions], choices_of(space, indices)
    try:
        decisions = read_architecture(Path(path)).decisions
    except ArchitectureError:
        return None
    taken = {d.id: str(d.choice) for d in decisions if d.active and len(d.options) > 1}
    return [(decision.id, decision.options) for decision in decisions], taken


def _only(subject: Subject) -> tuple[int, ...]:
    return (0,) * len(subject.space.decisions)
