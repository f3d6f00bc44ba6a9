"""The cost model that a user names: ``macs``, or a latency table."""

import attrs

from tunas_dsl.cost.binding import latency_model
from tunas_dsl.cost.layers import macs_model
from tunas_dsl.cost.lookup import Missing, operation_model
from tunas_dsl.cost.model import CostModel
from tunas_dsl.cost.table_files import load_table
from tunas_dsl.ir import space as ir

MACS = "macs"


def cost_model(space: ir.Space, latency: str | None, missing: Missing = "error") -> CostModel:
    """Multiply-adds in millions if ``latency`` is ``macs`` or None, otherwise ms by that latency table.

    ``missing`` says what stands for operations that a table of operations lacks.

    Raises:
        TableError: there is no such table, or it does not fit ``space``.
    """
    if latency is not None and latency != MACS:
        table = load_table(latency, space)
        if table.space is None:
            return operation_model(space, table, missing)
        return latency_model(space, table)
    macs = macs_model(space)
    millions = tuple(attrs.evolve(site, table=site.table / 1e6) for site in macs.sites)
    return attrs.evolve(macs, unit="M MAdds", sites=millions)
