"""``tunas rank``: whether the shared weights of a search can be trusted to rank architectures."""

import sys
from pathlib import Path
from typing import Any

import attrs
import click
from rich import box
from rich.console import Console
from rich.table import Table

from tunas_dsl.api.searching import Device, trainer
from tunas_dsl.api.subjects import Subject
from tunas_dsl.backend import load_backend
from tunas_dsl.cli.display.progress import Reporter
from tunas_dsl.cli.driving import listener_of
from tunas_dsl.cli.options import device as device_option
from tunas_dsl.cli.options import output_format
from tunas_dsl.cli.options import threads as threads_option
from tunas_dsl.cli.options.recipe import WithRecipe, ranking_recipe, recipe_options, without_recipe
from tunas_dsl.cli.options.settings import cost
from tunas_dsl.errors import SearchError
from tunas_dsl.exchange.bundle import read_bundle, source_sha256
from tunas_dsl.runs.interruption import InterruptedStep
from tunas_dsl.runs.ranks import alone
from tunas_dsl.search.run import RunFolder
from tunas_dsl.storage import documents
from tunas_dsl.training.judging import Verdict, check_same, judge
from tunas_dsl.training.quality import TrainedQuality, Trainings
from tunas_dsl.training.ranking import FOLDER, Ranking, read_ranking
from tunas_dsl.training.trust import FEWEST, Bias, Correlation, Trust, trust

_WITHIN = 0.1
"""The share of the target, unless another band is asked for."""

_BIASES = 10
"""So many options are shown."""


@click.command("rank", cls=WithRecipe)
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--architectures",
    type=click.IntRange(min=2),
    default=20,
    show_default=True,
    help="How many; with more of them later, these are used again.",
)
@click.option("--within", type=cost, help="How far from the target they may cost. Default: a tenth of it.")
@click.option("--seed", type=click.IntRange(min=0), help="What they are drawn by. Default: 0.")
@device_option
@threads_option
@output_format
@recipe_options
def command(
    run: Path,
    architectures: int,
    within: float | None,
    seed: int | None,
    device: str,
    threads: int | None,
    format: str,
    **given: Any,
) -> None:
    """Say how far the ratings of the search RUN can be trusted.

    Random architectures that cost about as much as the target are rated by the shared weights, and trained
    alone, for --train-steps or --train-epochs, each in a folder in RUN/rank that is used again. Shown are the
    rank correlations of ratings and accuracies with 95 % intervals, how much accuracy a point of rating is
    worth, and which options are rated too low or too high. `tunas report` draws it.
    """
    alone("a ranking")
    searched = RunFolder.open(run)
    _, data = searched.over_images()
    subject = _subject(searched)
    _, of_trainings = without_recipe(given)
    ranking = _ranking(searched, subject, within, seed, of_trainings)
    with Reporter(_verdict_line(subject.model(searched.cost).unit)) as reporter:
        rating = load_backend().shared_weights(
            subject.space, searched, device=device, threads=threads, tell=reporter.tell
        )
        shared = Trainings(
            folder=run / FOLDER,
            data=data,
            recipe=ranking.recipe,
            sha256=source_sha256(subject.text),
        )
        training = TrainedQuality(
            subject.space, shared, trainer(listener_of(reporter), Device(device, threads))
        )
        try:
            ranking = judge(
                subject.space,
                subject.model(searched.cost),
                searched,
                ranking,
                architectures,
                rating=rating,
                training=training,
                report=reporter.report,
            )
        except InterruptedStep:
            _end_interrupted(run, architectures)
    if len(ranking.judged) < architectures:
        click.echo(f"there are only {len(ranking.judged)} architectures of such costs", err=True)
    _show(trust(subject.space, ranking.judged), ranking, format)


def _subject(run: RunFolder) -> Subject:
    bundle = read_bundle(run.bundle)
    if run.cost not in bundle.models:
        raise SearchError(f"{run.bundle} has no cost model `{run.cost}`")
    return Subject(bundle.space, bundle.source, bundle.models)


def _ranking(
    run: RunFolder, subject: Subject, within: float | None, seed: int | None, of_trainings: dict[str, Any]
) -> Ranking:
    """What is to be judged: as it was begun, or where it was not, as it is asked for."""
    before = read_ranking(run.path, subject.space)
    recipe = ranking_recipe(run.recipe if before is None else before.recipe, of_trainings, run.settings.seed)
    if before is None:
        within = _WITHIN * run.settings.target if within is None else within
        return Ranking(within=within, seed=seed or 0, recipe=recipe)
    wanted = Ranking(
        within=before.within if within is None else within,
        seed=before.seed if seed is None else seed,
        recipe=recipe,
    )
    check_same(before, wanted, str(run.path / FOLDER))
    return before


def _end_interrupted(run: Path, count: int) -> None:
    how = f"tunas rank {run} --architectures {count}"
    click.echo(f"interrupted; what was trained is kept, go on with: {how}", err=True)
    sys.exit(130)


def _verdict_line(unit: str) -> Any:
    def describe(verdict: Verdict) -> str:
        one = verdict.judged
        return f"rated {one.rating:.4f}, trained {one.accuracy:.4f}, {one.cost:.4g} {unit}"

    return describe


def _show(found: Trust | None, ranking: Ranking, format: str) -> None:
    if format == "json":
        figures = None if found is None else attrs.asdict(found)
        click.echo(documents.dump({**attrs.asdict(ranking), "figures": figures}), nl=False)
        return
    if found is None:
        click.echo(
            f"{len(ranking.judged)} architectures say nothing of the ratings: at least {FEWEST} are needed "
            f"whose ratings and accuracies are not all the same"
        )
        return
    low, high = found.slope_interval
    click.echo(f"{found.count} architectures within {ranking.within:g} of the target, trained alone")
    click.echo(f"Spearman  {_in_words(found.spearman)}")
    click.echo(f"Kendall   {_in_words(found.kendall)}")
    click.echo(f"a point of rating is worth {found.slope:.2f} points of accuracy ({low:.2f} to {high:.2f})")
    if found.biases:
        Console(highlight=False).print(_biases(found.biases[:_BIASES]))


def _in_words(correlation: Correlation) -> str:
    low, high = correlation.interval
    return f"{correlation.value:+.2f}, with 95 % confidence {low:+.2f} to {high:+.2f}"


def _biases(biases: tuple[Bias, ...]) -> Table:
    """The options in the order of how clear it is that they are rated too low or too high."""
    table = Table("decision", "option", "rated", "by points", "95 %", "count", box=box.SIMPLE, pad_edge=False)
    for bias in biases:
        low, high = (100 * end for end in bias.interval)
        how = ("too low" if bias.effect > 0 else "too high") if bias.is_clear else "-"
        interval = f"{low:+.1f} to {high:+.1f}"
        effect = f"{100 * bias.effect:+.1f}"
        table.add_row(bias.decision, str(bias.option), how, effect, interval, str(bias.count))
    return table
