"""``tunas baseline``: what a search must beat, at the same number of evaluations."""

from pathlib import Path
from typing import Any

import attrs
import click

from tunas_dsl.api.run_folders import create_run, reopen_run
from tunas_dsl.api.searching import Device
from tunas_dsl.api.subjects import load_subject
from tunas_dsl.cli.driving import drive
from tunas_dsl.cli.estimates import Estimates
from tunas_dsl.cli.holding import hold_folder
from tunas_dsl.cli.options import device as device_option
from tunas_dsl.cli.options import keep_checkpoints as keep_option
from tunas_dsl.cli.options import latency as latency_option
from tunas_dsl.cli.options import quality as quality_option
from tunas_dsl.cli.options import threads as threads_option
from tunas_dsl.cli.options.completion import complete_space
from tunas_dsl.cli.options.recipe import WithRecipe, chosen_recipe, recipe_options, without_recipe
from tunas_dsl.cli.options.settings import settings_options
from tunas_dsl.cli.run_folders import needed
from tunas_dsl.cost.lookup import Missing
from tunas_dsl.runs.ranks import alone
from tunas_dsl.search.algorithms.registry import SETTINGS


@click.group("baseline")
def command() -> None:
    """Search without learning a policy, to compare: N architectures that cost as much as the target.

    Every architecture that the quality is asked for counts, as in `tunas search --quality`.
    """


def _baseline(algorithm: str, description: str) -> click.Command:
    @command.command(algorithm, cls=WithRecipe, help=description)
    @click.argument("space", required=False, metavar="SPACE|BUNDLE", shell_complete=complete_space)
    @quality_option
    @latency_option
    @click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The run folder.")
    @click.option("--resume", is_flag=True, help="Go on with the search in the run folder.")
    @keep_option
    @device_option
    @threads_option
    @settings_options(SETTINGS[algorithm])
    @recipe_options
    def run_baseline(**given: Any) -> None:
        _run(algorithm, **given)

    return run_baseline


def _run(
    algorithm: str,
    *,
    space: str | None,
    quality: str | None,
    latency: str | None,
    missing: Missing,
    output: Path,
    resume: bool,
    keep: int,
    device: str,
    threads: int | None,
    **given: Any,
) -> None:
    alone("a baseline")
    wanted, of_trainings = without_recipe(given)
    if resume:
        sources = {"quality": quality} if quality else {}
        kept = {**wanted, **of_trainings, **sources, "algorithm": algorithm}
        named = None if space is None else (space, load_subject(space))
        subject, run = reopen_run(output, named, kept, hold_folder)
    else:
        needed(SPACE=space, quality=quality, latency=latency, target=wanted.get("target"), n=wanted.get("n"))
        settings = SETTINGS[algorithm](**wanted)
        recipe = chosen_recipe(quality, of_trainings, settings.seed)
        subject = load_subject(str(space), missing=missing, notice=Estimates(missing))
        subject, run = create_run(
            output,
            hold_folder,
            subject,
            latency,
            settings,
            quality=quality,
            algorithm=algorithm,
            recipe=recipe,
        )
    drive(
        subject, attrs.evolve(run, keep=keep), resume, f"tunas baseline {algorithm}", Device(device, threads)
    )


_baseline("random", "Evaluate N random architectures and take the best.")
_baseline("evolution", "Regularised evolution: mutants of the good ones, the oldest die.")
_baseline("optuna", "A sampler of Optuna, for the absolute reward; needs the package optuna.")
