"""Options that several commands have."""

import math
from collections.abc import Callable
from typing import Any, TypeVar

import click

from tunas_dsl.runs.generations import KEPT

T = TypeVar("T")


class FiniteFloat(click.types.FloatParamType):
    """A number that is neither infinite nor none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """A usage error where it is another."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is no cost", param, ctx)
        return number


class FiniteRange(click.FloatRange):
    """The same within bounds, of which one must be given: help would show an empty range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """A usage error where it is another."""
        return float(super().convert(FiniteFloat().convert(value, param, ctx), param, ctx))


output_format = click.option(
    "--format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="What to print."
)
data = click.option("--data", help="The images: digits, a folder, or IDX files.")
accept_changed_data = click.option(
    "--accept-changed-data",
    is_flag=True,
    help="Go on with other images than the run was started with.",
)
device = click.option("--device", default="cpu", show_default=True, help="Where to compute.")
keep_checkpoints = click.option(
    "--keep-checkpoints",
    "keep",
    type=click.IntRange(min=1),
    default=KEPT,
    show_default=True,
    help="How many checkpoints stay in the run folder.",
)
threads = click.option("--threads", type=click.IntRange(min=1), help="How many threads compute.")


def bench_options(repeats: int) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """The options that say with what something is measured, and how often: ``repeats`` times unless told."""
    given = (
        click.option(
            "--warmup", type=click.IntRange(min=1), default=3, show_default=True, help="Runs before that."
        ),
        click.option(
            "--repeats",
            type=click.IntRange(4, 100_000),
            default=repeats,
            show_default=True,
            help="Runs of each that are timed.",
        ),
        click.option(
            "--threads",
            type=click.IntRange(1, 1024),
            default=1,
            show_default=True,
            help="How many threads compute.",
        ),
        device,
        click.option(
            "--runtime",
            type=click.Choice(["onnxruntime", "torch", "executorch"]),
            default="onnxruntime",
            show_default=True,
            help="What runs the network on the device.",
        ),
    )

    def decorate(command: Callable[..., T]) -> Callable[..., T]:
        for option in given:
            command = option(command)
        return command

    return decorate


missing = click.option(
    "--missing",
    type=click.Choice(["error", "interpolate", "fit"]),
    default="error",
    show_default=True,
    help="What stands for an operation that the table lacks.",
)


def latency(command: Callable[..., T]) -> Callable[..., T]:
    """The options that name a cost, ``--latency`` and ``--missing``."""
    table = click.option(
        "--latency",
        metavar="TABLE|macs",
        help="A latency table: a file, a folder, or a shipped one such as pixel1.",
    )
    return table(missing(command))


quality = click.option(
    "--quality",
    metavar="MODULE:FUNCTION|synthetic|supernet:RUN|training:DATA",
    help="What rates architectures: a function of index vectors, (n, decisions), that gives n numbers; "
    "made-up accuracies, to try a search out; the weights of the search in the folder RUN; or a training "
    "of each from scratch on the images DATA, as long as --train-steps or --train-epochs says.",
)


resolution = click.option(
    "--resolution",
    type=click.IntRange(1, 10_000),
    help="The image size of a net.config, or of ks, e and d without r.",
)
