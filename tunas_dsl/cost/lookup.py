"""A table of operations bound to a space: every operation looked up, and what to do where one is missing."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from tunas_dsl.cost.factor import Factor, combine
from tunas_dsl.cost.lines import Line, taken_options
from tunas_dsl.cost.model import CostModel, Site
from tunas_dsl.cost.signature import Operation, Signature, operations
from tunas_dsl.cost.table import LatencyTable, Measurement
from tunas_dsl.errors import TableError
from tunas_dsl.ir import space as ir

Missing = Literal["error", "interpolate", "fit"]
"""What stands for an operation that the table lacks: nothing, its neighbours, or a model of its kind."""

_NEAREST = 3


def operation_model(space: ir.Space, table: LatencyTable, missing: Missing = "error") -> CostModel:
    """The latency of every point of ``space`` in ms, by the operations of ``table``.

    With ``interpolate``, an operation that is missing costs what its multiply-adds say between the nearest
    entries of its kind, kernel, stride and so on, below and above it; with ``fit``, what a linear model of
    its kind's entries says: a constant, multiply-adds, elements read and written. The model's ``estimated``
    says how many distinct operations were.

    Raises:
        TableError: the table lacks an operation of the space, and nothing may stand for it.
    """
    lookup = _Lookup(space, table, _ESTIMATES[missing](table.operations))
    sites = tuple(lookup.site(operation) for operation in operations(space))
    options = tuple(len(decision.options) for decision in space.decisions)
    return CostModel(table.name, "ms", options, table.intercept, sites, len(lookup.estimated))


def operation_lines(
    space: ir.Space, indices: Sequence[int], table: LatencyTable, missing: Missing = "error"
) -> Iterator[Line]:
    """The latency of one architecture, operation by operation; the table need not cover the whole space.

    Raises:
        TableError: the table lacks one of its operations, and nothing may stand for it.
    """
    lookup = _Lookup(space, table, _ESTIMATES[missing](table.operations))
    for operation in operations(space):
        conditions = [(space.position[id], options) for id, options in operation.condition]
        if not all(indices[position] in options for position, options in conditions):
            continue
        place = tuple(indices[position] for position in operation.decisions)
        signature: Any = operation.signatures[place]
        ms = lookup.ms(signature, operation, place)
        depends = (*operation.decisions, *(position for position, _ in conditions))
        taken = taken_options(space, indices, depends)
        yield Line(operation.site, str(signature), ms, taken, signature in lookup.estimated)


Estimate = Callable[[Signature], float | None]
"""The latency of an operation that no table has, in ms, or nothing where that cannot be said."""


@attrs.frozen(eq=False)
class _Lookup:
    """The operations of a space on their way into the table."""

    space: ir.Space
    table: LatencyTable
    estimate: Estimate
    estimated: dict[Signature, float] = attrs.field(factory=dict)

    def site(self, operation: Operation) -> Site:
        """What the operation costs, 0 where it is not run."""
        ms = np.empty(operation.signatures.shape)
        for place in np.ndindex(ms.shape):
            signature: Any = operation.signatures[place]
            ms[place] = self.ms(signature, operation, place)
        factors = [Factor(operation.decisions, ms), *self.conditions(operation)]
        joint = combine(factors, np.multiply)
        return Site(operation.site, joint.decisions, joint.table)

    def conditions(self, operation: Operation) -> Iterator[Factor]:
        """1 where the operation is run."""
        for id, options in operation.condition:
            position = self.space.position[id]
            every = np.arange(len(self.space.decisions[position].options))
            yield Factor((position,), np.isin(every, options).astype(float))

    def ms(self, signature: Signature, operation: Operation, place: tuple[int, ...]) -> float:
        """What the table says, or what may stand for it."""
        found = find(self.table.operations, signature)
        if found is not None:
            return found.ms
        if signature in self.estimated:
            return self.estimated[signature]
        ms = self.estimate(signature)
        if ms is None:
            raise TableError(self.miss(signature, operation, place))
        self.estimated[signature] = ms
        return ms

    def miss(self, signature: Signature, operation: Operation, place: tuple[int, ...]) -> str:
        """What is missing, which layer and which decisions ask for it, and the nearest that there is."""
        taken = [*_conditions(self.space, operation), *_own(self.space, operation, place)]
        where = f"layer {operation.site}" + (f" ({operation.origin})" if operation.origin else "")
        asked = f"{where} with {', '.join(taken)}" if taken else where
        near = "; ".join(map(str, nearest(self.table.operations, signature)))
        distinct: set[Any] = {s for other in operations(self.space) for s in other.signatures.flat}
        lacking = sum(find(self.table.operations, one) is None for one in distinct)
        return (
            f"table {self.table.name}: there is no entry for `{signature}`, which {asked} asks for "
            f"({lacking} of the {len(distinct)} operations of `{self.space.name}` are missing); "
        ) + (f"nearest: {near}" if near else f"there is no `{signature.op}` at all")


def _conditions(space: ir.Space, operation: Operation) -> Iterator[str]:
    """The decisions by which the operation is run at all."""
    for id, options in operation.condition:
        decision = space.decisions[space.position[id]]
        if len(decision.options) > 1:
            yield f"`{id}` = {' or '.join(str(decision.options[option]) for option in options)}"


def _own(space: ir.Space, operation: Operation, place: tuple[int, ...]) -> Iterator[str]:
    """The decisions by which it is this operation."""
    for position, option in zip(operation.decisions, place, strict=True):
        decision = space.decisions[position]
        if len(decision.options) > 1:
            yield f"`{decision.id}` = {decision.options[option]}"


def find(entries: Mapping[Signature, Measurement], signature: Signature) -> Measurement | None:
    """The entry for ``signature``: its own, or one that leaves the activation open."""
    return entries.get(signature) or entries.get(attrs.evolve(signature, act=None))


def nearest(entries: Iterable[Signature], signature: Signature) -> list[Signature]:
    """The entries of the same kind that differ the least, nearest first."""
    alike = [entry for entry in entries if entry.op == signature.op]
    return sorted(alike, key=lambda entry: _distance(entry, signature))[:_NEAREST]


def _distance(one: Signature, other: Signature) -> tuple[float, str]:
    """How much the sizes differ in octaves, and two for each setting that is another."""
    sizes = [
        abs(np.log2(a) - np.log2(b))
        for a, b in zip((*one.input, *one.output), (*other.input, *other.output), strict=True)
    ]
    inside = abs(np.log2(one.expanded or 1) - np.log2(other.expanded or 1))
    settings = sum(
        getattr(one, name) != getattr(other, name) for name in ("kernel", "stride", "squeezed", "residual")
    )
    return float(sum(sizes) + inside + 2 * settings), str(one)


def _no_estimate(entries: Mapping[Signature, Measurement]) -> Estimate:
    return lambda signature: None


def _interpolation(entries: Mapping[Signature, Measurement]) -> Estimate:
    groups: dict[Any, list[tuple[int, float]]] = {}
    for signature, measured in entries.items():
        groups.setdefault(_settings(signature), []).append((signature.macs, measured.ms))

    def estimate(signature: Signature) -> float | None:
        known = sorted(groups.get(_settings(signature)) or groups.get(_settings(signature, act=False), []))
        if not known or not known[0][0] <= signature.macs <= known[-1][0]:
            return None
        macs, ms = np.array(known, dtype=float).T
        return float(np.interp(signature.macs, macs, ms))

    return estimate


def _settings(signature: Signature, *, act: bool = True) -> tuple[Any, ...]:
    """What operations have in common between which multiply-adds say the latency."""
    squeezes = signature.squeezed is not None
    kind = (signature.op, signature.kernel, signature.stride, signature.residual, squeezes)
    return (*kind, signature.act if act else None)


def _fit(entries: Mapping[Signature, Measurement]) -> Estimate:
    kinds: dict[str, list[tuple[Signature, float]]] = {}
    for signature, measured in entries.items():
        kinds.setdefault(signature.op, []).append((signature, measured.ms))
    models = {op: _least_squares(known) for op, known in kinds.items()}

    def estimate(signature: Signature) -> float | None:
        if signature.op not in models:
            return None
        return max(0.0, float(_features([signature])[0] @ models[signature.op]))

    return estimate


def _features(signatures: list[Signature]) -> NDArray[np.float64]:
    return np.array([[1.0, s.macs / 1e6, s.elements / 1e6] for s in signatures])


def _least_squares(known: list[tuple[Signature, float]]) -> NDArray[np.float64]:
    """Relative errors are made small: a table's entries differ by orders of magnitude."""
    features = _features([signature for signature, _ in known])
    ms = np.array([ms for _, ms in known])
    weights = 1 / np.maximum(ms, ms.max() / 1000 or 1.0)
    solved: NDArray[np.float64] = np.linalg.lstsq(features * weights[:, None], ms * weights, rcond=None)[0]
    return solved


_ESTIMATES: dict[Missing, Callable[[Mapping[Signature, Measurement]], Estimate]] = {
    "error": _no_estimate,
    "interpolate": _interpolation,
    "fit": _fit,
}
