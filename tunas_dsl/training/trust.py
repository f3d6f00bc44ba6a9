"""How far ratings by shared weights can be trusted: how they rank what was trained, what they favour."""

import math
from collections.abc import Iterator, Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from tunas_dsl.ir import space as ir
from tunas_dsl.search.activity import Activity
from tunas_dsl.training.ranking import Judged

FEWEST = 5
"""With less architectures nothing is said."""

LEVEL = 0.95
"""The confidence of all intervals."""

_Z = 1.959964
Interval = tuple[float, float]


@attrs.frozen
class Correlation:
    """A rank correlation, and the ``interval`` that has it with a confidence of 95 %."""

    value: float
    interval: Interval


@attrs.frozen(kw_only=True)
class Bias:
    """An option, and by how much more accurate than its rating says an architecture with it is.

    ``effect`` is the mean residual of the ``count`` architectures with it, less that of those with another
    option of the same ``decision``; above 0 it is underrated. Its 95 % ``interval`` is by Welch's t-test.
    """

    decision: str
    option: int | str
    effect: float
    interval: Interval
    count: int

    @property
    def is_clear(self) -> bool:
        """Whether the interval is on one side of 0."""
        return self.interval[0] > 0 or self.interval[1] < 0


@attrs.frozen(kw_only=True)
class Trust:
    """What ratings say of accuracies. The ``slope`` is how much accuracy a point of rating is worth.

    ``biases`` are of all options with at least two architectures on either side, the clearest first.
    """

    count: int
    spearman: Correlation
    kendall: Correlation
    slope: float
    slope_interval: Interval
    intercept: float
    biases: tuple[Bias, ...]


def trust(space: ir.Space, judged: Sequence[Judged]) -> Trust | None:
    """The figures of ``judged`` architectures of ``space``; None of too few, or of ones all rated alike.

    Intervals of correlations are by Fisher's z, with the variances of Bonett and Wright (Psychometrika,
    2000) for Spearman's and of Fieller, Hartley and Pearson (Biometrika, 1957) for Kendall's; that of the
    slope is of ordinary least squares.
    """
    ratings = np.array([one.rating for one in judged])
    accuracies = np.array([one.accuracy for one in judged])
    if len(judged) < FEWEST or not np.ptp(ratings) or not np.ptp(accuracies):
        return None
    from scipy import stats  # takes a while to import

    count = len(judged)
    spearman = float(stats.spearmanr(ratings, accuracies).statistic)
    kendall = float(stats.kendalltau(ratings, accuracies).statistic)
    line = stats.linregress(ratings, accuracies)
    wide = float(stats.t.ppf((1 + LEVEL) / 2, count - 2) * line.stderr)
    residuals = accuracies - (line.intercept + line.slope * ratings)
    return Trust(
        count=count,
        spearman=_correlation(spearman, math.sqrt((1 + spearman**2 / 2) / (count - 3))),
        kendall=_correlation(kendall, math.sqrt(0.437 / (count - 4))),
        slope=float(line.slope),
        slope_interval=(float(line.slope) - wide, float(line.slope) + wide),
        intercept=float(line.intercept),
        biases=tuple(sorted(_biases(space, judged, residuals), key=_clearness)),
    )


def _correlation(value: float, error: float) -> Correlation:
    if abs(value) >= 1:
        return Correlation(value, (value, value))
    z = math.atanh(value)
    return Correlation(value, (math.tanh(z - _Z * error), math.tanh(z + _Z * error)))


def _biases(space: ir.Space, judged: Sequence[Judged], residuals: NDArray[np.float64]) -> Iterator[Bias]:
    """Those of all options, each against the other ones of its decision, where that counts."""
    from scipy import stats

    indices = np.array([one.indices for one in judged])
    active = Activity(space.decisions)(indices)
    for number, decision in enumerate(space.decisions):
        counts = active[:, number]
        for option, label in enumerate(decision.options):
            with_it = residuals[counts & (indices[:, number] == option)]
            others = residuals[counts & (indices[:, number] != option)]
            if min(len(with_it), len(others)) < 2 or not (np.ptp(with_it) or np.ptp(others)):
                continue
            interval = stats.ttest_ind(with_it, others, equal_var=False).confidence_interval(LEVEL)
            yield Bias(
                decision=decision.id,
                option=label,
                effect=float(with_it.mean() - others.mean()),
                interval=(float(interval.low), float(interval.high)),
                count=len(with_it),
            )


def _clearness(bias: Bias) -> float:
    """The smaller, the clearer: minus the effect in widths of its interval."""
    return -abs(bias.effect) / (bias.interval[1] - bias.interval[0])
