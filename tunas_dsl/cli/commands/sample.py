"""``tunas sample``: random architectures, if wanted within a band of costs."""

import click

from tunas_dsl.api.subjects import load_subject
from tunas_dsl.cli.estimates import Estimates
from tunas_dsl.cli.options import FiniteFloat, FiniteRange, output_format
from tunas_dsl.cli.options import latency as latency_option
from tunas_dsl.cli.options.completion import complete_space
from tunas_dsl.cli.options.distributions import distribution_option, load_distribution
from tunas_dsl.cost.band import band_ends
from tunas_dsl.cost.layers import macs_model
from tunas_dsl.cost.lookup import Missing
from tunas_dsl.cost.sampling import sample
from tunas_dsl.storage import documents


@click.command("sample")
@click.argument("space", shell_complete=complete_space)
@click.option("-n", "number", type=click.IntRange(min=0), default=10, show_default=True, help="How many.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Same seed, same samples."
)
@latency_option
@click.option("--target", type=FiniteFloat(), help="Keep to this cost, in ms (with macs: in millions) ...")
@click.option(
    "--within", type=FiniteRange(min=0), help="... give or take so much.  [default: 1 % of the target]"
)
@distribution_option(default="decisions", show_default=True)
@output_format
def command(
    space: str,
    number: int,
    seed: int,
    latency: str | None,
    missing: Missing,
    target: float | None,
    within: float | None,
    distribution: str,
    format: str,
) -> None:
    """Draw architectures, every option of every decision equally likely.

    With --target, exactly by the distribution under the condition that the cost is on target: how, follows
    from how probable that is.
    """
    if (target is None and within is not None) or (target is not None and latency is None):
        raise click.UsageError("--target and --latency belong together, and --within to them")
    subject = load_subject(space, missing=missing, notice=Estimates(missing))
    model = None if latency is None else subject.model(latency)
    band = None if target is None else band_ends(target, within)
    indices = sample(subject.space, number, seed, model, band, load_distribution(distribution, subject.space))
    macs = macs_model(subject.space).total(indices)
    times = model.total(indices).tolist() if model and model.unit == "ms" else [None] * number
    rows = [
        {"indices": vector, "latency_ms": time, "macs": round(multiply_adds)}
        for vector, time, multiply_adds in zip(indices.tolist(), times, macs.tolist(), strict=True)
    ]
    if format == "json":
        click.echo(documents.dump(rows, indent=None), nl=False)
        return
    for row in rows:
        time = "" if row["latency_ms"] is None else f"  {row['latency_ms']:.4f} ms"
        click.echo(f"{':'.join(map(str, row['indices']))}  {row['macs'] / 1e6:.2f} M MAdds{time}")
