"""What architectures cost, and exact statistics of it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tunas_dsl.api.pictures import statistics_html
from tunas_dsl.cost.band import Band
from tunas_dsl.cost.distribution import Distribution
from tunas_dsl.cost.extremes import maximum, minimum
from tunas_dsl.cost.model import CostModel, Unit
from tunas_dsl.cost.report import QUANTILES
from tunas_dsl.cost.statistics import CostStatistics, Histogram
from tunas_dsl.errors import NotInSpace


class Cost:
    """The cost of every architecture of a space, in ``unit``: ``ms``, ``M MAdds`` or ``parameters``.

    ``model`` is the cost as tables, which ``tunas_torch.LatencyModel`` makes differentiable.
    """

    def __init__(self, model: CostModel) -> None:
        self.model = model

    @property
    def name(self) -> str:
        """The table's name, ``macs``, or ``params``."""
        return self.model.name

    @property
    def unit(self) -> Unit:
        """The unit of all costs."""
        return self.model.unit

    @property
    def smallest(self) -> float:
        """The cost of the cheapest architecture."""
        return float(minimum(self.model).cost)

    @property
    def largest(self) -> float:
        """The cost of the most expensive architecture."""
        return float(maximum(self.model).cost)

    def __call__(self, rows: ArrayLike) -> Any:
        """The costs, ``(n,)``, of ``rows``, ``(n, D)`` index vectors; of one vector, ``(D,)``, a number.

        Raises:
            NotInSpace: a row has another length than the space has decisions, or names no option.
        """
        indices = np.asarray(rows)
        if not np.issubdtype(indices.dtype, np.integer):
            raise NotInSpace(f"index vectors are integers, not {indices.dtype}")
        if indices.ndim not in (1, 2):
            raise NotInSpace(
                f"index vectors are rows of a matrix, but the array has {indices.ndim} dimensions"
            )
        costs = self.model.total(np.atleast_2d(indices))
        return float(costs[0]) if indices.ndim == 1 else costs

    def __repr__(self) -> str:
        return f"<Cost {self.name}: {self.smallest:.4g} to {self.largest:.4g} {self.unit}>"


class Statistics:
    """What the architectures of a space cost: exact, or within a tick of a cost that is rounded.

    Mean and deviation are exact; see :class:`tunas_dsl.cost.statistics.CostStatistics`, which ``exact`` is,
    for the bounds of the others.
    """

    def __init__(self, model: CostModel, distribution: Distribution, tick: float | None = None) -> None:
        self.exact = CostStatistics(model, distribution, tick)

    @property
    def unit(self) -> Unit:
        """The unit of all costs."""
        return self.exact.model.unit

    @property
    def mean(self) -> float:
        """The mean cost."""
        return self.exact.mean

    @property
    def deviation(self) -> float:
        """The standard deviation."""
        return float(self.exact.variance**0.5)

    @property
    def quantiles(self) -> Mapping[float, float]:
        """Costs by the share of architectures that cost no more: 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99."""
        return {share: self.quantile(share) for share in QUANTILES}

    def quantile(self, share: float) -> float:
        """The cost that ``share`` of the architectures, 0 to 1, do not exceed."""
        return self.exact.quantile(share).value

    @property
    def histogram(self) -> Histogram:
        """The probabilities of costs in about 40 bins."""
        return self.exact.histogram(self.exact.edges(40))

    def probability(self, low: float, high: float) -> float:
        """The probability of a cost from ``low`` to ``high``, both included.

        Raises:
            ValueError: ``high`` is less than ``low``.
        """
        return self.exact.probability(Band.between(low, high)).value

    def count(self, low: float, high: float) -> int:
        """How many points of the distribution cost from ``low`` to ``high``.

        Raises:
            ValueError: the distribution weights points instead of counting them.
        """
        return self.exact.count(Band.between(low, high)).value

    def __repr__(self) -> str:
        return f"<Statistics {self.exact.model.name}: {self.mean:.4g} +- {self.deviation:.3g} {self.unit}>"

    def _repr_html_(self) -> str:
        return statistics_html(self.histogram, self.exact.model.name, self.unit)


Rows = NDArray[np.integer[Any]]
