"""Options for the trainings of ``--quality training:DATA``: those of ``tunas train``, after ``--train-``."""

from collections.abc import Callable, Mapping
from typing import Any

import attrs
import click

from tunas_dsl.api.run_folders import OF_TRAININGS
from tunas_dsl.cli.options.settings import settings_options
from tunas_dsl.errors import SearchError
from tunas_dsl.search.phases import short_training
from tunas_dsl.search.quality import TRAINING
from tunas_dsl.search.settings import SearchSettings
from tunas_dsl.training.quality import settled
from tunas_dsl.training.settings import TrainingSettings

_SECTION = "Options of trainings, with --quality training:DATA, as of `tunas train`"

_ELSEWHERE = ("full", "seed")
"""Without validation images nothing could be rated; the seed's default is another one here."""


def recipe_options(function: Callable[..., None]) -> Callable[..., None]:
    """A decorator that adds an option for every setting of a training: ``--train-steps`` and so on."""
    names = {field.name: None for field in attrs.fields(TrainingSettings) if field.name not in _ELSEWHERE}
    seed = click.option("--train-seed", type=int, help="Default: the --seed.")
    return settings_options(TrainingSettings, only=names, prefix=OF_TRAININGS)(seed(function))


class WithRecipe(click.Command):
    """A command whose help shows the options of :func:`recipe_options` in a section of their own."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The two sections."""
        own: list[tuple[str, str]] = []
        of_trainings: list[tuple[str, str]] = []
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                (of_trainings if str(param.name).startswith(OF_TRAININGS) else own).append(record)
        for title, records in (("Options", own), (_SECTION, of_trainings)):
            with formatter.section(title):
                formatter.write_dl(records)


def without_recipe(given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options that were ``given``, as those of the search and those of its trainings."""
    wanted = {name: setting for name, setting in given.items() if setting is not None}
    of_trainings = {name: wanted.pop(name) for name in list(wanted) if name.startswith(OF_TRAININGS)}
    return wanted, of_trainings


def chosen_recipe(quality: str | None, of_trainings: Mapping[str, Any], seed: int) -> dict[str, Any] | None:
    """The settings of the trainings of a new run, if its ``quality`` trains.

    Raises:
        click.UsageError: it does not, or the length of trainings is missing.
        SearchError: a setting is out of range.
    """
    if quality is None or not quality.startswith(TRAINING):
        if of_trainings:
            names = ", ".join(f"--{name.replace('_', '-')}" for name in of_trainings)
            raise click.UsageError(f"only --quality training:DATA and --preset small have a use for {names}")
        return None
    if not quality.removeprefix(TRAINING):
        raise click.UsageError("--quality training: needs images: training:digits, training:folder:PATH")
    if not {"train_steps", "train_epochs"} & of_trainings.keys():
        raise click.UsageError(f"--quality {quality} needs --train-steps or --train-epochs")
    return _settled({"seed": seed, **_unprefixed(of_trainings)})


def short_list_recipe(settings: SearchSettings, of_trainings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of the trainings at the end of a new search in phases.

    Raises:
        SearchError: a setting is out of range.
    """
    return _settled(short_training(settings, _unprefixed(of_trainings)))


def ranking_recipe(
    usual: Mapping[str, Any] | None, of_trainings: Mapping[str, Any], seed: int
) -> dict[str, Any]:
    """The settings of the trainings of a ranking: those given, and the rest as ``usual`` where that is known.

    Raises:
        click.UsageError: the length of trainings is missing.
        SearchError: a setting is out of range.
    """
    lengths = {"train_steps", "train_epochs"}
    if usual is None and not lengths & of_trainings.keys():
        raise click.UsageError("a new ranking needs --train-steps or --train-epochs")
    kept = dict(usual or {"seed": seed})
    if lengths & of_trainings.keys():
        kept = {name: setting for name, setting in kept.items() if name not in ("steps", "epochs")}
    if "train_batch_size" in of_trainings and "train_weight_lr" not in of_trainings:
        kept.pop("weight_lr", None)  # which follows the batch
    return _settled({**kept, **_unprefixed(of_trainings)})


def _unprefixed(of_trainings: Mapping[str, Any]) -> dict[str, Any]:
    return {name.removeprefix(OF_TRAININGS): setting for name, setting in of_trainings.items()}


def _settled(given: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return settled(given)
    except SearchError as error:
        raise SearchError(f"{error} (an option that begins with --train)") from None
