"""The cost model that a user names: ``macs``, or a latency table."""

from collections.abc import Sequence

import attrs

from tunas_dsl.cost.binding import latency_model, site_lines
from tunas_dsl.cost.installed import installed_model
from tunas_dsl.cost.layers import macs_lines, macs_model
from tunas_dsl.cost.lines import Line, model_lines
from tunas_dsl.cost.lookup import Missing, operation_lines, operation_model
from tunas_dsl.cost.model import CostModel, Unit
from tunas_dsl.cost.table_files import is_table, load_table
from tunas_dsl.ir import space as ir

MACS = "macs"


def cost_model(space: ir.Space, latency: str | None, missing: Missing = "error") -> CostModel:
    """Multiply-adds in millions if ``latency`` is ``macs`` or None, otherwise ms by that latency table.

    ``missing`` says what stands for operations that a table of operations lacks.

    Raises:
        TableError: there is no such table, or it does not fit ``space``.
    """
    if latency is not None and latency != MACS:
        installed = installed_model(space, latency) if not is_table(latency) else None
        if installed is not None:
            return installed
        table = load_table(latency, space)
        if table.space is None:
            return operation_model(space, table, missing)
        return latency_model(space, table)
    macs = macs_model(space)
    millions = tuple(attrs.evolve(site, table=site.table / 1e6) for site in macs.sites)
    return attrs.evolve(macs, unit="M MAdds", sites=millions)


@attrs.frozen
class Explanation:
    """The cost of one architecture in ``unit``: the ``intercept``, and the ``lines``."""

    name: str
    unit: Unit
    intercept: float
    lines: tuple[Line, ...]

    @property
    def total(self) -> float:
        """The whole cost: the intercept and all lines, in ``unit``."""
        return self.intercept + sum(line.cost for line in self.lines)


def explained(
    space: ir.Space, indices: Sequence[int], latency: str | None, missing: Missing = "error"
) -> Explanation:
    """What the architecture that ``indices`` selects costs by ``latency``, part by part; macs in MAdds.

    Raises:
        TableError: there is no such table, or it lacks a part of the architecture.
    """
    if latency is None or latency == MACS:
        return Explanation(MACS, "MAdds", 0.0, tuple(macs_lines(space, indices)))
    installed = installed_model(space, latency) if not is_table(latency) else None
    if installed is not None:
        lines = tuple(model_lines(space, indices, installed))
        return Explanation(installed.name, installed.unit, float(installed.intercept), lines)
    table = load_table(latency, space)
    if table.space is None:
        lines = tuple(operation_lines(space, indices, table, missing))
    else:
        lines = tuple(site_lines(space, indices, table))
    return Explanation(table.name, "ms", table.intercept, lines)
