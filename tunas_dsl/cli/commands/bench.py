"""``tunas bench``: how long a step of a search takes on this machine, of what, and in how much memory."""

from typing import Any

import attrs
import click

from tunas_dsl.api.subjects import load_subject
from tunas_dsl.backend import load_backend
from tunas_dsl.cli.options import device as device_option
from tunas_dsl.cli.options import output_format
from tunas_dsl.cli.options import threads as threads_option
from tunas_dsl.cli.options.settings import settings_options
from tunas_dsl.search.measurement import Measurement
from tunas_dsl.search.outlook import check_decisions
from tunas_dsl.search.settings import SearchSettings
from tunas_dsl.storage import documents

SCHEMA = "tunas.bench/1"

_MEASURED: dict[str, Any] = {
    "batch_size": 16,
    "validation_batch_size": None,
    "samples_per_step": 1,
    "optimizer": None,
    "execution": None,
    "precision": None,
    "remat": None,
    "memory": None,
}
"""The settings that a step's time depends on; fewer images than in a search, so that it takes seconds."""

_ENDLESS = 0.999
"""A share of the steps that a measurement does not see the end of."""


@click.command("bench")
@click.argument("space", metavar="SPACE|BUNDLE")
@click.option("--data", help="The images: digits, a folder, or IDX files. Without, noise is used.")
@click.option("--data-free", is_flag=True, help="Use noise, which costs nothing to read. The default.")
@click.option("--seconds", type=click.FloatRange(min=0), default=5.0, show_default=True, help="How long.")
@click.option("--warmup", is_flag=True, help="Measure steps in which everything is enabled and averaged.")
@device_option
@threads_option
@settings_options(SearchSettings, only=_MEASURED)
@output_format
def command(
    space: str,
    data: str | None,
    data_free: bool,
    seconds: float,
    warmup: bool,
    device: str,
    threads: int | None,
    format: str,
    **given: Any,
) -> None:
    """Measure the steps of a search in SPACE over random architectures, for a few seconds.

    A step trains and rates --samples-per-step architectures, as in `tunas search`. Other programs
    that compute at the same time falsify the figures.
    """
    if data is not None and data_free:
        raise click.UsageError("--data and --data-free exclude each other")
    subject = load_subject(space)
    check_decisions(subject.space)
    wanted = {name: setting for name, setting in given.items() if setting is not None}
    found = load_backend().bench(
        subject.space,
        _settings(wanted, warmup),
        data=data,
        seconds=seconds,
        device=device,
        threads=threads,
    )
    click.echo(documents.dump(_document(found)) if format == "json" else _text(found), nl=False)


def _settings(given: dict[str, Any], warmup: bool) -> SearchSettings:
    """Those of the beginning of an endless search, whose policy does not learn, with warmup or without."""
    share = _ENDLESS if warmup else 0.0
    return SearchSettings(
        steps=10**9,
        target=1.0,
        start="uniform",
        policy_delay=_ENDLESS,
        op_warmup=share,
        filter_warmup=share,
        **given,
    )


def _document(found: Measurement) -> dict[str, Any]:
    figures = {
        "seconds_per_step": found.step,
        "images_per_second": found.images_per_second,
        "shares": found.shares,
    }
    return {"schema": SCHEMA, **attrs.asdict(found), **figures}


def _text(found: Measurement) -> str:
    threads = _count(found.threads, "thread")
    fastest, slowest = (1000 * bound(found.seconds) for bound in (min, max))
    rows = [
        ("step", f"{1000 * found.step:.1f} ms", f"median; {fastest:.1f} to {slowest:.1f}"),
        ("images", f"{found.images_per_second:.0f} / s", "of training"),
        ("memory", f"{found.peak_bytes / 2**20:.0f} MiB", "at most"),
        *((name, f"{100 * share:.1f} %", "") for name, share in found.shares.items()),
    ]
    lines = [
        f"{found.space}: {_count(len(found.seconds), 'step')} of {_count(found.images, 'image')} "
        f"({found.data or 'noise'}) and {_count(found.samples, 'architecture')}",
        f"{found.hardware}, {found.device}, {threads}, {found.precision}; {found.software}",
        "",
        *(f"  {name:<12}{figure:>12}  {note}".rstrip() for name, figure, note in rows),
    ]
    return "\n".join(lines) + "\n"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
