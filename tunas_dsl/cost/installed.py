"""Cost models of other people, by the names that installed distributions give them."""

from collections.abc import Callable
from importlib.metadata import entry_points

import numpy as np

from tunas_dsl.cost.model import CostModel
from tunas_dsl.errors import TableError
from tunas_dsl.ir import space as ir

GROUP = "tunas_dsl.costs"
"""Entry points: functions that give a space its :class:`~tunas_dsl.cost.model.CostModel`."""


def installed_costs() -> dict[str, Callable[[], Callable[[ir.Space], CostModel]]]:
    """What loads the function of each name; nothing is imported before."""
    return {point.name: point.load for point in entry_points(group=GROUP)}


def installed_model(space: ir.Space, name: str) -> CostModel | None:
    """The cost model of ``space`` that a distribution calls ``name``, or None where none does.

    Raises:
        TableError: the distribution's function fails, or gives no cost model of ``space``.
    """
    load = installed_costs().get(name)
    if load is None:
        return None
    try:
        model = load()(space)
    except Exception as error:
        what = " ".join(f"{type(error).__name__}: {error}".split())
        raise TableError(f"the cost `{name}` of an installed distribution failed: {what}") from error
    _check(space, name, model)
    return model


def _check(space: ir.Space, name: str, model: object) -> None:
    options = tuple(len(decision.options) for decision in space.decisions)
    if not isinstance(model, CostModel) or model.options != options:
        raise TableError(
            f"the cost `{name}` of an installed distribution gives no cost model of `{space.name}`"
        )
    if model.name != name:
        raise TableError(f"the cost `{name}` of an installed distribution calls its model `{model.name}`")
    if not all(np.isfinite(site.table).all() for site in model.sites):
        raise TableError(f"the cost `{name}` of an installed distribution has entries that are not finite")
