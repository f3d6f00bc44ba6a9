"""Why an alternative won: what the policy thinks of each option, what it costs, and how it was rated."""

from collections.abc import Iterator
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from tunas_dsl.ir import space as ir
from tunas_dsl.report.reading import Floats, Samples, SearchRecord
from tunas_dsl.search.activity import Activity

_WINDOW = 25
"""Qualities are held against the mean of so many samples before and after, so that training cancels out."""


@attrs.frozen(kw_only=True)
class OptionEvidence:
    """One option: its probability at the end, and what the search saw of it.

    ``cost_change`` is what the architecture found would cost more with this option, all else equal.
    ``effect`` is how much better than their contemporaries the ``count`` sampled architectures with this
    option were rated on average, ``error`` the standard error of that; None where too few were sampled.
    """

    option: int | str
    chosen: bool
    probability: float | None
    cost_change: float
    effect: float | None
    error: float | None
    count: int


@attrs.frozen
class Evidence:
    """One decision; it does not count in the architecture found unless it is ``active``."""

    decision: ir.Decision
    active: bool
    options: tuple[OptionEvidence, ...]


def evidence(record: SearchRecord) -> list[Evidence]:
    """What led to each choice, in the order of decisions; nothing before the first checkpoint."""
    if record.found is None:
        return []
    found = np.array(record.found)
    costs = _changes(record, found)
    rated = _after_warmup(record.samples)
    residuals = _residuals(rated.qualities)
    activity = Activity(record.space.decisions)
    counts = activity(rated.indices) if len(rated) else np.empty((0, len(found)), bool)
    active = activity(found[None])[0]
    return [
        Evidence(
            decision,
            bool(active[number]),
            tuple(_options(record, number, found, costs, rated.indices, counts, residuals)),
        )
        for number, decision in enumerate(record.space.decisions)
        if len(decision.options) > 1
    ]


def _options(
    record: SearchRecord,
    number: int,
    found: NDArray[np.int64],
    costs: dict[tuple[int, int], float],
    indices: NDArray[np.int64],
    counts: NDArray[np.bool_],
    residuals: Floats,
) -> Iterator[OptionEvidence]:
    probabilities = record.probabilities
    for option, label in enumerate(record.space.decisions[number].options):
        seen = residuals[counts[:, number] & (indices[:, number] == option)]
        several = len(seen) > 1
        yield OptionEvidence(
            option=label,
            chosen=option == int(found[number]),
            probability=None if probabilities is None else float(probabilities[number][option]),
            cost_change=costs[number, option],
            effect=float(seen.mean()) if several else None,
            error=float(seen.std(ddof=1) / len(seen) ** 0.5) if several else None,
            count=len(seen),
        )


def _changes(record: SearchRecord, found: NDArray[np.int64]) -> dict[tuple[int, int], float]:
    """By how much each option of each decision would change the cost of what was found."""
    places = [
        (number, option)
        for number, decision in enumerate(record.space.decisions)
        for option in range(len(decision.options))
    ]
    rows = np.tile(found, (len(places) + 1, 1))
    for row, (number, option) in enumerate(places):
        rows[row, number] = option
    costs: Any = record.model.total(rows)
    return {place: float(cost - costs[-1]) for place, cost in zip(places, costs[:-1], strict=True)}


def _after_warmup(samples: Samples) -> Samples:
    """Those in which nothing was averaged."""
    return samples.where(np.asarray((samples.indices >= 0).all(axis=1)))


def _residuals(qualities: Floats) -> Floats:
    """Each quality less the mean of those around it in time."""
    if not len(qualities):
        return qualities
    width = min(2 * _WINDOW + 1, len(qualities))
    weights = np.ones(width)
    around = np.convolve(qualities, weights, "same") / np.convolve(np.ones(len(qualities)), weights, "same")
    return np.asarray(qualities - around)
