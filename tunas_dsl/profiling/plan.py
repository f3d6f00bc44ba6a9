"""Which operations of a space are measured, each once, and in which order."""

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from tunas_dsl.cost.signature import Signature, operations
from tunas_dsl.cost.table import LatencyTable, Measurement
from tunas_dsl.errors import TableError
from tunas_dsl.ir import space as ir

BATCH = 24
"""Operations that are measured in turn."""


@attrs.frozen(eq=False)
class Plan:
    """The ``signatures`` to measure, from the network's input to its output, and those ``known`` already.

    In that order, neighbours in a round are neighbours in a network. ``reference`` is of middling size.
    """

    signatures: tuple[Signature, ...]
    known: Mapping[Signature, Measurement]
    reference: Signature

    @property
    def level(self) -> float | None:
        """What the reference took when the known operations were measured, in ms."""
        return self.known[self.reference].ms if self.reference in self.known else None

    def weight(self, signature: Signature) -> float:
        """About how long ``signature`` takes, the reference being 1: never less than a twentieth."""
        return max(0.05, _work(signature) / max(1, _work(self.reference)))


def plan(space: ir.Space, known: Mapping[Signature, Measurement]) -> Plan:
    """The plan for every operation that ``space`` can have and ``known`` has not, each once.

    Raises:
        TableError: the space has no operation that takes time.
    """
    distinct: list[Any] = list(
        dict.fromkeys(signature for operation in operations(space) for signature in operation.signatures.flat)
    )
    if not distinct:
        raise TableError(f"`{space.name}` has no operation that could be measured")
    return Plan(
        tuple(signature for signature in distinct if signature not in known),
        dict(known),
        _middling(known or distinct),
    )


def same_device(table: LatencyTable, device: str, runtime: str, threads: int) -> None:
    """Refuse to add to a ``table`` what was measured otherwise. Raises TableError, naming the difference."""
    for field, ours in (("device", device), ("runtime", runtime), ("threads", threads)):
        theirs = getattr(table, field)
        if theirs != ours:
            raise TableError(
                f"{table.name} was measured with {field} {theirs}, not {ours}: name another file"
            )


def _middling(signatures: Iterable[Signature]) -> Signature:
    ordered = sorted(signatures, key=lambda signature: (_work(signature), str(signature)))
    return ordered[len(ordered) // 2]


def _work(signature: Signature) -> float:
    return signature.macs + 10 * signature.elements
