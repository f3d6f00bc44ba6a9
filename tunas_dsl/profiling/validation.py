"""The sums of a table against whole networks measured (paper, Figure 4): their agreement, and calibration."""

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from tunas_dsl.cost.table import LatencyTable
from tunas_dsl.errors import TableError
from tunas_dsl.profiling.profile import in_ticks, scale

Floats = NDArray[np.float64]


@attrs.frozen
class Agreement:
    """How ``measured`` latencies follow predictions; errors are predicted minus measured.

    ``rmse`` and ``bias`` are in ms, ``error_percent`` is the mean absolute error relative to what was
    measured. Correlations of constant numbers are 0.
    """

    pearson: float
    spearman: float
    rmse: float
    bias: float
    error_percent: float

    @classmethod
    def of(cls, predicted: Floats, measured: Floats) -> "Agreement":
        """The agreement of two arrays ``(n,)`` in ms."""
        errors = predicted - measured
        return cls(
            pearson=_correlation(predicted, measured),
            spearman=_correlation(_ranks(predicted), _ranks(measured)),
            rmse=float(np.sqrt(np.mean(errors**2))),
            bias=float(errors.mean()),
            error_percent=float(100 * np.mean(np.abs(errors) / measured)),
        )


@attrs.frozen
class Line:
    """``measured = intercept + slope * predicted``, by least squares of relative errors."""

    intercept: float
    slope: float

    @classmethod
    def through(cls, predicted: Floats, measured: Floats) -> "Line":
        """The best line; through the origin where all predictions are equal."""
        if np.ptp(predicted) == 0:
            return cls(0.0, float(measured.mean() / predicted.mean()) if predicted.any() else 1.0)
        terms = np.stack([np.ones_like(predicted), predicted], axis=1) / measured[:, None]
        intercept, slope = np.linalg.lstsq(terms, np.ones_like(measured), rcond=None)[0]
        return cls(float(intercept), float(slope))

    def __call__(self, predicted: Floats) -> Floats:
        """What the line says for ``predicted`` ``(n,)``, in ms."""
        return self.intercept + self.slope * predicted


@attrs.frozen(eq=False)
class Validation:
    """Architectures with the sums of a table and what was measured, both ``(n,)`` in ms."""

    indices: Sequence[tuple[int, ...]]
    predicted: Floats
    measured: Floats
    spread: Floats

    @property
    def line(self) -> Line:
        """The calibration: what is measured as a line over what is predicted."""
        return Line.through(self.predicted, self.measured)

    @property
    def before(self) -> Agreement:
        """The agreement of the table's own sums."""
        return Agreement.of(self.predicted, self.measured)

    @property
    def after(self) -> Agreement:
        """The agreement once calibrated."""
        return Agreement.of(self.line(self.predicted), self.measured)

    def document(self, **head: Any) -> dict[str, Any]:
        """All of it for JSON, behind the ``head``."""
        architectures = [
            {"indices": list(vector), "table_ms": predicted, "measured_ms": measured, "spread_ms": spread}
            for vector, predicted, measured, spread in zip(
                self.indices,
                self.predicted.tolist(),
                self.measured.tolist(),
                self.spread.tolist(),
                strict=True,
            )
        ]
        return {
            "schema": "tunas.latency-validation/1",
            **head,
            "agreement": attrs.asdict(self.before),
            "calibration": attrs.asdict(self.line),
            "calibrated": attrs.asdict(self.after),
            "architectures": architectures,
        }


def calibrate_table(table: LatencyTable, line: Line, remark: str) -> LatencyTable:
    """``table`` with every operation times the slope, and its intercept moved along.

    Raises:
        TableError: it is a table of sites, or the slope is not positive.
    """
    if table.space is not None:
        raise TableError(f"{table.name} is a table of sites: only tables of operations are calibrated")
    if not line.slope > 0:
        raise TableError(f"{table.name} does not fit what was measured: the slope would be {line.slope:.3g}")
    return attrs.evolve(
        table,
        operations={s: scale(measured, line.slope) for s, measured in table.operations.items()},
        intercept=in_ticks(line.intercept + line.slope * table.intercept),
        source=f"{table.source}; {remark}",
    )


def _correlation(one: Floats, other: Floats) -> float:
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def _ranks(numbers: Floats) -> Floats:
    """The rank of each number, equal ones sharing the mean of theirs."""
    _, inverse, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: Floats = ((ends - counts + ends - 1) / 2)[inverse]
    return ranks
