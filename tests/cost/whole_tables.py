"""A latency table for tests that lacks nothing."""

from tunas_dsl.cost.signature import operations
from tunas_dsl.cost.table import LatencyTable, Measurement


def whole(space, ms=lambda signature: signature.macs / 1e6 + 0.01):
    """A table of every operation that ``space`` can have."""
    found = {s for operation in operations(space) for s in operation.signatures.flat}
    return LatencyTable("t", "d", "s", operations={s: Measurement(ms(s)) for s in found})
