"""Latency tables: what is known of a device, in ms, by the site of a space or by the operation."""

from collections.abc import Mapping
from typing import Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from tunas_dsl.cost.signature import Signature

SpreadKind = Literal["std", "variance", "iqr", "mad"]


@attrs.frozen(eq=False)
class TableSite:
    """The entries of one site, in ms; ``ms`` has one axis for each of ``options``, in their order."""

    site: str
    options: Mapping[str, tuple[int | str, ...]]
    ms: NDArray[np.float64]


@attrs.frozen
class Measurement:
    """The latency of an operation in ms: the median or mean of ``count`` runs, and how far they spread."""

    ms: float
    spread: float | None = None
    count: int | None = None


@attrs.frozen(eq=False)
class LatencyTable:
    """What a device needs for an architecture, in ms: ``intercept``, and one entry for each of its parts.

    Either for the sites of one ``space``, named ``block.layer``, activations, pools and endpoints counted as
    layers (facts 9.1); or for operations by their signatures, for any space that is made of them. A measured
    latency is not negative; the entries of sites beside an ``intercept`` are coefficients, and may be.
    ``spread_kind`` says what the spreads are, ``date`` is that of the measurement (ISO 8601).
    """

    name: str
    device: str
    source: str
    intercept: float = 0.0
    space: str | None = None
    sites: tuple[TableSite, ...] = ()
    operations: Mapping[Signature, Measurement] = attrs.field(factory=dict)
    runtime: str | None = None
    threads: int | None = None
    date: str | None = None
    spread_kind: SpreadKind | None = None
