"""``tunas search``: the paper's search, from images to the most probable architecture at a target."""

import re
import sys
from pathlib import Path
from typing import Any

import attrs
import click

from tunas_dsl.cli.subjects import load_subject

_SETTINGS = (
    ("--seed", int, "Of everything random."),
    ("--reward", click.Choice(["absolute", "soft", "hard"]), "How accuracy and cost are weighed."),
    ("--beta", float, "The weight of the cost, below 0."),
    ("--batch-size", int, "Training images of a step."),
    ("--validation-batch-size", int, "Validation images of a step."),
    ("--samples-per-step", int, "Architectures of a step."),
    ("--weight-lr", float, "Peak learning rate of the weights."),
    ("--policy-lr", float, "First learning rate of the policy."),
    ("--policy-lr-schedule", click.Choice(["constant", "exponential"]), "How it goes on."),
    ("--op-warmup", float, "Share of the steps."),
    ("--filter-warmup", float, "Share of the steps."),
    ("--policy-delay", float, "Share of the steps before the policy learns."),
    ("--baseline-momentum", float, "Of the moving average of the rewards."),
    ("--entropy-bonus", float, "Reward for entropy."),
    ("--hierarchical", bool, "Whether decisions in skipped layers do not count."),
    ("--label-smoothing", float, "Of the training loss."),
    ("--l2", float, "Weight decay of the used weights."),
    ("--rmsprop-decay", float, "Of the squared gradients."),
    ("--rmsprop-momentum", float, "Of the weights' optimizer."),
    ("--rmsprop-epsilon", float, "Inside its root."),
)


def _settings(command: Any) -> Any:
    for name, kind, help in reversed(_SETTINGS):
        command = click.option(name, type=kind, default=None, help=help)(command)
    return command


@click.command("search")
@click.argument("space")
@click.option("--data", help="digits, fashion-mnist[:DIR] or folder:PATH.")
@click.option("--latency", default="macs", show_default=True, help="A latency table, or `macs`.")
@click.option("--target", help="84ms or 84; with `macs`, millions of multiply-adds.")
@click.option("--steps", type=int, default=1500, show_default=True)
@click.option("-o", "output", type=click.Path(path_type=Path), required=True, help="The run's folder.")
@click.option("--resume", is_flag=True, help="Go on with the run in that folder.")
@click.option("--device", default="cpu", show_default=True)
@click.option("--threads", type=click.IntRange(1), help="Processor threads.")
@_settings
def command(
    space: str,
    data: str | None,
    latency: str,
    target: str | None,
    steps: int,
    output: Path,
    resume: bool,
    device: str,
    threads: int | None,
    **settings: Any,
) -> None:
    """Search SPACE (a .space file or a bundle) for the best architecture at the target cost.

    Ctrl-C saves and stops; --resume goes on to the same result.
    """
    from tunas_dsl.backend import load_backend
    from tunas_dsl.bundle import read_bundle
    from tunas_dsl.search.run import RunFolder

    if resume:
        run = RunFolder.open(output)
    else:
        if data is None or target is None:
            raise click.UsageError("a search needs --data and --target")
        given = {name: number for name, number in settings.items() if number is not None}
        run = _start(space, data, latency, _number(target), {"steps": steps, **given}, output)
    bundle = read_bundle(run.bundle)
    model = bundle.models[run.cost]
    click.echo(
        f"searching `{bundle.space.name}` on {run.data} for {run.settings.target:g} {model.unit}, "
        f"{run.settings.steps} steps, seed {run.settings.seed}",
        err=True,
    )
    with _Display(model.unit) as display:
        outcome = load_backend().search(
            bundle.space,
            model,
            run,
            resume=resume,
            report=display.update,
            tell=lambda sentence: click.echo(sentence, err=True),
            device=device,
            threads=threads,
        )
    if outcome.status == "interrupted":
        click.echo(f"stopped after {outcome.step} steps; go on with --resume -o {output}", err=True)
        sys.exit(130)
    gap = 100 * (outcome.cost / run.settings.target - 1)
    click.echo(
        f"the most probable architecture costs {outcome.cost:.4g} {outcome.unit}, {gap:+.2f} % off the "
        f"target; export it with: tunas export {output} -o architecture.json",
        err=True,
    )


def _start(path: str, data: str, latency: str, target: float, settings: dict[str, Any], output: Path) -> Any:
    """A new run folder with the compiled space; a target that no architecture has is refused."""
    from tunas_dsl.bundle import write_bundle
    from tunas_dsl.cost.extremes import maximum, minimum
    from tunas_dsl.search.errors import SearchError
    from tunas_dsl.search.run import RunFolder
    from tunas_dsl.search.settings import SearchSettings

    opened = load_subject(path)
    model = attrs.evolve(opened.model(latency), name=Path(latency).stem)
    low, high = minimum(model).cost, maximum(model).cost
    if not low <= target <= high:
        raise SearchError(
            f"no architecture of `{opened.space.name}` costs {target:g} {model.unit}: "
            f"they cost {low:.4g} to {high:.4g}"
        )
    run = RunFolder.create(output, SearchSettings(target=target, **settings), data, model.name)
    write_bundle(opened.space, opened.text, [model], run.bundle)
    return run


def _number(target: str) -> float:
    written = re.fullmatch(r"([0-9]*\.?[0-9]+)\s*(ms|M)?", target.strip())
    if written is None:
        raise click.BadParameter(f"`{target}` is not a cost such as 84ms or 84", param_hint="--target")
    return float(written[1])


class _Display:
    """Progress for people: a line that changes on a terminal, now and then a line elsewhere."""

    def __init__(self, unit: str) -> None:
        self.unit = unit
        self.shown = 0

    def __enter__(self) -> "_Display":
        return self

    def __exit__(self, *_: object) -> None:
        if sys.stderr.isatty():
            click.echo(err=True)

    def update(self, progress: Any) -> None:
        """Show ``progress``."""
        line = (
            f"step {progress.step}/{progress.steps}  accuracy {progress.accuracy:.3f}  "
            f"sampled {progress.sampled_cost:.4g}  argmax {progress.argmax_cost:.4g} {self.unit}  "
            f"entropy {progress.entropy:.2f}  {progress.seconds_left:.0f} s left"
        )
        if sys.stderr.isatty():
            click.echo(f"\r\033[K{line}", err=True, nl=False)
        elif progress.step >= self.shown + progress.steps / 20 or progress.step == progress.steps:
            self.shown = progress.step
            click.echo(line, err=True)
