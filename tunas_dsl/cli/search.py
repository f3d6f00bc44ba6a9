"""``tunas search``: a search from the command line, and its resumption."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import attrs
import click

from tunas_dsl.backend import load_backend
from tunas_dsl.bundle import read_bundle, source_sha256, write_bundle
from tunas_dsl.cli.options import latency as latency_option
from tunas_dsl.cli.progress import Reporter
from tunas_dsl.cli.subjects import Subject, load_subject
from tunas_dsl.cost.extremes import maximum, minimum
from tunas_dsl.cost.model import CostModel
from tunas_dsl.ir import space as ir
from tunas_dsl.search.errors import SearchError
from tunas_dsl.search.progress import Outcome
from tunas_dsl.search.run import RunFolder
from tunas_dsl.search.settings import SearchSettings


def cost(text: str) -> float:
    """A cost with its unit or without: ``84``, ``84ms``, ``320M``. Raises ValueError for other texts."""
    return float(text.removesuffix("ms").removesuffix("M").strip())


def _settings_options(function: Callable[..., None]) -> Callable[..., None]:
    """An option for every field of SearchSettings; None where it is not given."""
    hints = get_type_hints(SearchSettings)
    for field in reversed(attrs.fields(SearchSettings)):
        name, kind = field.name.replace("_", "-"), hints[field.name]
        flag = f"--{name}/--no-{name}" if kind is bool else f"--{name}"
        known = isinstance(field.default, int | float | str)
        shown = (
            f"Default: {field.default}." if known else "Required." if field.default is attrs.NOTHING else ""
        )
        words: Any = cost if field.name == "target" else kind
        if get_origin(kind) is not None:
            words = click.Choice(get_args(kind))
        function = click.option(flag, field.name, default=None, type=words, help=shown)(function)
    return function


@click.command("search")
@click.argument("space", required=False, metavar="SPACE|BUNDLE")
@click.option("--data", help="The images: digits, a folder, or IDX files.")
@latency_option
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The run folder.")
@click.option("--resume", is_flag=True, help="Go on with the search in the run folder.")
@click.option("--device", default="cpu", show_default=True, help="Where to compute.")
@click.option("--threads", type=click.IntRange(min=1), help="How many threads compute.")
@_settings_options
def command(
    space: str | None,
    data: str | None,
    latency: str | None,
    output: Path,
    resume: bool,
    device: str,
    threads: int | None,
    **given: Any,
) -> None:
    """Search SPACE for an accurate architecture that costs as much as the target.

    The target is in ms, or with --latency macs in millions of multiply-adds. A resumed search keeps
    the space and the settings that it began with.
    """
    settings = {name: setting for name, setting in given.items() if setting is not None}
    if resume:
        subject, run = _reopened(output, space, data, settings)
    else:
        subject, run = _created(output, space, data, latency, settings)
    model = subject.model(run.cost)
    click.echo(_heading(subject.space, model, run), err=True)
    try:
        with Reporter(model.unit) as reporter:
            outcome = load_backend().search(
                subject.space,
                model,
                run,
                resume=resume,
                report=reporter.report,
                tell=reporter.tell,
                device=device,
                threads=threads,
            )
    except KeyboardInterrupt:
        outcome = None
    finally:
        # A search that never got as far as a checkpoint leaves nothing in the way of the next one.
        if not resume and not (output / "policy.json").exists():
            shutil.rmtree(output, ignore_errors=True)
    _finish(outcome, run)


def _created(
    output: Path, space: str | None, data: str | None, latency: str | None, given: dict[str, Any]
) -> tuple[Subject, RunFolder]:
    wanted = {"SPACE": space, "--data": data, "--latency": latency}
    wanted |= {f"--{name}": given.get(name) for name in ("target", "steps")}
    if missing := [name for name, value in wanted.items() if value is None]:
        raise click.UsageError(f"a new search needs {', '.join(missing)}")
    settings = SearchSettings(**given)
    subject = load_subject(str(space))
    model = subject.model(latency)
    low, high = minimum(model).cost, maximum(model).cost
    if not low <= settings.target <= high:
        raise SearchError(
            f"the target of {settings.target:g} {model.unit} is out of range: the architectures of "
            f"`{subject.space.name}` cost {low:g} to {high:g} {model.unit}"
        )
    run = RunFolder.create(output, settings, str(data), model.name)
    write_bundle(subject.space, subject.text, [model], run.bundle)
    return attrs.evolve(subject, models={model.name: model}), run


def _reopened(
    output: Path, space: str | None, data: str | None, given: dict[str, Any]
) -> tuple[Subject, RunFolder]:
    run = RunFolder.open(output)
    bundle = read_bundle(run.bundle)
    kept = {**run.settings.to_json(), "data": run.data}
    for name, setting in {**given, "data": data or run.data}.items():
        if kept[name] != setting:
            raise SearchError(f"`{name}` is {setting!r}, but {output} was started with {kept[name]!r}")
    if space is not None and source_sha256(load_subject(space).text) != bundle.sha256:
        raise SearchError(f"{space} is not the space that {output} was started with")
    if run.cost not in bundle.models:
        raise SearchError(f"{run.bundle} has no cost model `{run.cost}`")
    return Subject(bundle.space, bundle.source, bundle.models), run


def _heading(space: ir.Space, model: CostModel, run: RunFolder) -> str:
    return (
        f"searching {space.name} ({len(space.decisions)} decisions) with {run.data} for "
        f"{run.settings.target:g} {model.unit} by {model.name}, {run.settings.steps} steps, "
        f"seed {run.settings.seed}, into {run.path}"
    )


def _finish(outcome: Outcome | None, run: RunFolder) -> None:
    if outcome is None or outcome.status == "interrupted":
        steps = "" if outcome is None else f" after {outcome.step} steps"
        how = f"go on with: tunas search --resume -o {run.path}" if run.path.exists() else "nothing is kept"
        click.echo(f"interrupted{steps}; {how}", err=True)
        sys.exit(130)
    gap = 100 * (outcome.cost / run.settings.target - 1)
    click.echo(
        f"found {outcome.cost:.4g} {outcome.unit}, {gap:+.1f} % from the target; the run is in {run.path}"
    )
