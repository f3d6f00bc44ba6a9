"""``tunas search``: a search from the command line, and its resumption."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

import attrs
import click

from tunas_dsl.api.run_folders import create_run, reopen_run
from tunas_dsl.api.searching import Device, Listener, run_supernet
from tunas_dsl.api.subjects import Subject, load_subject
from tunas_dsl.cli.driving import drive, drive_supernet
from tunas_dsl.cli.estimates import Estimates
from tunas_dsl.cli.holding import hold_folder
from tunas_dsl.cli.options import accept_changed_data as accept_option
from tunas_dsl.cli.options import data as data_option
from tunas_dsl.cli.options import device as device_option
from tunas_dsl.cli.options import keep_checkpoints as keep_option
from tunas_dsl.cli.options import latency as latency_option
from tunas_dsl.cli.options import quality as quality_option
from tunas_dsl.cli.options import threads as threads_option
from tunas_dsl.cli.options.completion import complete_space
from tunas_dsl.cli.options.recipe import (
    WithRecipe,
    chosen_recipe,
    recipe_options,
    short_list_recipe,
    without_recipe,
)
from tunas_dsl.cli.options.settings import settings_options
from tunas_dsl.cli.own_algorithms import own_run
from tunas_dsl.cli.run_folders import needed
from tunas_dsl.cost.lookup import Missing
from tunas_dsl.report.loggers import Logger, followed, named_logger
from tunas_dsl.report.tensorboard import mirrored, require_tensorboard
from tunas_dsl.runs.ranks import alone, rank
from tunas_dsl.search.presets import PRESETS, preset_table, with_preset
from tunas_dsl.search.quality import load_class
from tunas_dsl.search.run import RunFolder
from tunas_dsl.search.settings import PolicySettings, SearchSettings


def _print_presets(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        click.echo(preset_table(), nl=False)
        ctx.exit()


@click.command("search", cls=WithRecipe)
@click.argument("space", required=False, metavar="SPACE|BUNDLE", shell_complete=complete_space)
@data_option
@quality_option
@latency_option
@click.option(
    "--algorithm",
    metavar="MODULE:CLASS|NAME",
    help="An algorithm of your own, with --quality: a class, or what an installed distribution calls one.",
)
@click.option(
    "--option", "options", multiple=True, metavar="NAME=JSON", help="What your own algorithm is given."
)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The run folder.")
@click.option("--resume", is_flag=True, help="Go on with the search in the run folder.")
@click.option("--tensorboard", is_flag=True, help="Write the log for TensorBoard, too: RUN/tensorboard.")
@accept_option
@click.option(
    "--logger",
    "loggers",
    multiple=True,
    metavar="MODULE:CLASS|NAME",
    help="What the log is passed on to: a class of your own, or what an installed distribution calls one.",
)
@keep_option
@device_option
@threads_option
@click.option(
    "--preset",
    type=click.Choice(PRESETS),
    help="Settings as published, or for small budgets; options win.",
)
@click.option(
    "--presets",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_presets,
    help="Show the presets.",
)
@settings_options(SearchSettings)
@recipe_options
def command(
    space: str | None,
    data: str | None,
    quality: str | None,
    latency: str | None,
    missing: Missing,
    algorithm: str | None,
    options: tuple[str, ...],
    output: Path,
    resume: bool,
    tensorboard: bool,
    accept_changed_data: bool,
    loggers: tuple[str, ...],
    keep: int,
    device: str,
    threads: int | None,
    preset: str | None,
    **given: Any,
) -> None:
    """Search SPACE for an accurate architecture that costs as much as the target.

    How accurate architectures are comes from a supernet that is trained on --data, or, without
    one, from what --quality names. The target is in ms, or with --latency macs in
    millions of multiply-adds. A resumed search keeps the space and the settings that it began with;
    with --data it finds the same images at another place.
    """
    if tensorboard:
        require_tensorboard()
    followers = {name: named_logger(name, load_class) for name in loggers}
    if quality is not None:
        alone("a search with a quality of one's own")
    if data is not None and quality is not None:
        raise click.UsageError("--data and --quality exclude each other: a search has one source of quality")
    if quality is not None and preset == "small":
        raise click.UsageError("--preset small trains weights first: with --quality there are none")
    if resume and preset is not None:
        raise click.UsageError("a resumed search keeps the settings that it began with: leave --preset out")
    wanted, of_trainings = without_recipe(given)
    if algorithm is not None or options:
        subject, run, own = own_run(
            output,
            space,
            quality,
            latency,
            missing,
            algorithm,
            options,
            wanted,
            of_trainings,
            preset,
            resume=resume,
        )
        place = Device(device, threads)
        with _logged(run, tensorboard, followers):
            drive(subject, attrs.evolve(run, keep=keep), resume, "tunas search", place, own)
        return
    wanted = with_preset(SearchSettings if quality is None else PolicySettings, preset, wanted)
    if resume:
        sources = {name: source for name, source in (("data", data), ("quality", quality)) if source}
        named = None if space is None else (space, load_subject(space))
        subject, run = reopen_run(output, named, wanted | of_trainings | sources, hold_folder)
    else:
        settings, recipe = _settings(space, latency, wanted, of_trainings, data, quality)
        subject = load_subject(str(space), missing=missing, notice=Estimates(missing))
        subject, run = create_run(
            output, hold_folder, subject, latency, settings, data=data, quality=quality, recipe=recipe
        )
    run = attrs.evolve(run, keep=keep, accept_changed_data=accept_changed_data)
    with _logged(run, tensorboard, followers):
        _search(subject, run, resume, Device(device, threads))


def _search(subject: Subject, run: RunFolder, resume: bool, device: Device) -> None:
    if rank():
        _follow(subject, run, resume, device)
    elif run.quality is None:
        drive_supernet(subject, run, resume, device)
    else:
        drive(subject, run, resume, "tunas search", device)


def _settings(
    space: str | None,
    latency: str | None,
    wanted: dict[str, Any],
    of_trainings: dict[str, Any],
    data: str | None,
    quality: str | None,
) -> tuple[PolicySettings, dict[str, Any] | None]:
    """Those of a new search, and of its trainings, if any; a usage error where something is missing."""
    source = {"data": data} if quality is None else {}
    needed(SPACE=space, **source, latency=latency, target=wanted.get("target"), steps=wanted.get("steps"))
    settings = SearchSettings(**wanted) if quality is None else _without_training(wanted)
    if isinstance(settings, SearchSettings) and settings.apart:
        return settings, short_list_recipe(settings, of_trainings)
    return settings, chosen_recipe(quality, of_trainings, settings.seed)


def _follow(subject: Subject, run: RunFolder, resume: bool, device: Device) -> NoReturn:
    """Search along with the process of rank 0, which keeps the run and talks."""
    outcome = None
    with suppress(KeyboardInterrupt):
        outcome = run_supernet(subject, run, Listener(), device, resume=resume)
    sys.exit(0 if outcome is not None and outcome.status == "finished" else 130)


@contextmanager
def _logged(run: RunFolder, tensorboard: bool, loggers: Mapping[str, Logger]) -> Iterator[None]:
    """The run's log passed on, by the process that keeps the run."""
    with ExitStack() as stack:
        if tensorboard and not rank():
            stack.enter_context(mirrored(run.path, _say))
        for name, logger in loggers.items() if not rank() else ():
            stack.enter_context(followed(run.path, logger, name, _say))
        yield


def _say(sentence: str) -> None:
    click.echo(sentence, err=True)


def _without_training(given: dict[str, Any]) -> PolicySettings:
    """The settings of the policy alone; a usage error for those of training."""
    known = {field.name for field in attrs.fields(PolicySettings)}
    if training := sorted(given.keys() - known):
        names = ", ".join(f"--{name.replace('_', '-')}" for name in training)
        raise click.UsageError(f"with --quality no supernet is trained, so there is no use for {names}")
    return PolicySettings(**given)
