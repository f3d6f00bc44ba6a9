"""The distribution over a space's architectures that ``--distribution`` names."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import click

from tunas_dsl.cost.distribution import Distribution, independent, uniform_architectures, uniform_decisions
from tunas_dsl.ir import space as ir
from tunas_dsl.search.run import RunFolder

_POLICY = "policy:"


def _name(context: click.Context, option: click.Parameter, given: Any) -> Any:
    """A usage error where one of the names that are given is none."""
    for name in [given] if isinstance(given, str) else given:
        if name not in ("decisions", "architectures") and not name.startswith(_POLICY):
            raise click.BadParameter(f"`{name}` is none of decisions, architectures, policy:RUN")
    return given


def distribution_option(**more: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``--distribution``, with ``more`` for click."""
    return click.option(
        "--distribution",
        callback=_name,
        metavar="decisions|architectures|policy:RUN",
        help="What is equally likely: the options of each decision, or distinct architectures; or the policy "
        "of the search in the folder RUN.",
        **more,
    )


def load_distribution(name: str, space: ir.Space) -> Distribution:
    """The distribution called ``name`` over ``space``.

    Raises:
        SearchError: there is no policy in the run that it names, or one for another space.
    """
    if name == "decisions":
        return uniform_decisions(space)
    if name == "architectures":
        return uniform_architectures(space)
    run = RunFolder.open(Path(name.removeprefix(_POLICY)))
    return attrs.evolve(independent(space, run.probabilities(space)), name=name)
