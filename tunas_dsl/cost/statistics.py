"""Exact statistics of what the architectures of a space cost, by dynamic programming."""

import math
from functools import cached_property, lru_cache
from typing import Any, Generic, TypeVar

import attrs
import numpy as np
from numpy.typing import NDArray

from tunas_dsl.cost.band import Band
from tunas_dsl.cost.chain import Chain, build_chain
from tunas_dsl.cost.distribution import Distribution
from tunas_dsl.cost.model import CostModel
from tunas_dsl.cost.moments import mean_and_variance
from tunas_dsl.cost.passes import Probability, Residues, last
from tunas_dsl.cost.ticks import Ticks, in_ticks, round_numbers

N = TypeVar("N", int, float)

_ROUNDING = 1e-12
"""What adding up probabilities may change."""


@attrs.frozen
class Bounded(Generic[N]):
    """A number, and what it lies between for certain where costs were rounded to ticks."""

    value: N
    at_least: N
    at_most: N

    @property
    def exact(self) -> bool:
        """Whether nothing was rounded, or nothing that matters."""
        return self.at_least == self.at_most


@attrs.frozen(eq=False)
class Histogram:
    """The probabilities, ``(bins,)``, of costs from each of ``edges``, ``(bins + 1,)``, to below the next.

    ``below`` and ``above`` are those of what lies outside.
    """

    edges: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    below: float
    above: float


class CostStatistics:
    """What ``model`` costs at a random point, by ``distribution``, both of one space.

    Mean and variance are exact. The others are from costs in whole ticks: exact where the costs are multiples
    of a tick that is coarse enough, as of a microsecond, or where the space is small; otherwise within bounds
    that are stated. ``tick``, in the model's unit, replaces the one that is chosen.
    """

    def __init__(self, model: CostModel, distribution: Distribution, tick: float | None = None) -> None:
        self.model, self.distribution = model, distribution
        self._tick = tick
        self._band_ticks = lru_cache(maxsize=4)(self._uncached_band_ticks)

    @cached_property
    def _chain(self) -> Chain:
        return build_chain(self.model, self.distribution)

    @cached_property
    def _ticks(self) -> Ticks:
        return in_ticks(self._chain, tick=self._tick)

    @cached_property
    def _probabilities(self) -> NDArray[np.float64]:
        return last(self._ticks, Probability(self._chain))

    def _uncached_band_ticks(self, band: Band) -> Ticks:
        return in_ticks(self._chain, band, self._tick)

    @property
    def tick(self) -> float:
        """The tick of quantiles and histograms, in the model's unit."""
        return self._ticks.tick

    @property
    def error(self) -> tuple[float, float]:
        """Between what and what the cost of a point exceeds its ticks: both 0 where ticks are exact."""
        return self._ticks.error

    @cached_property
    def _moments(self) -> tuple[float, float]:
        return mean_and_variance(self._chain)

    @property
    def mean(self) -> float:
        """The mean cost."""
        return self._moments[0]

    @property
    def variance(self) -> float:
        """The variance, in the unit squared."""
        return self._moments[1]

    def quantile(self, share: float) -> Bounded[float]:
        """The smallest cost that a point exceeds with a probability of no more than 1 - ``share``."""
        cumulative = np.cumsum(self._probabilities)
        reached = np.flatnonzero((cumulative >= share - _ROUNDING) & (self._probabilities > 0))
        position = reached[0] if reached.size else int(np.flatnonzero(self._probabilities)[-1])
        cost = float(self._ticks.costs[position])
        low, high = self._ticks.error
        return Bounded(cost, cost + low, cost + high)

    def histogram(self, edges: NDArray[np.float64]) -> Histogram:
        """How probable it is that the cost lies between each of the ascending ``edges`` and the next."""
        give = 1e-9 * (edges[-1] - edges[0])  # a cost on an edge may have been rounded to just below it
        numbers = np.searchsorted(edges, self._ticks.costs + give, side="right")
        below, *inside, above = np.bincount(numbers, self._probabilities, minlength=len(edges) + 1).tolist()
        return Histogram(edges, np.array(inside), below, above)

    def edges(self, bins: int) -> NDArray[np.float64]:
        """Round numbers for about ``bins`` bins, which leave out a thousandth of the points at either end."""
        low, high = self.quantile(0.001).value, self.quantile(0.999).value
        step = next(round_numbers((high - low) / bins * 0.999)) if high > low else 1.0
        numbers = np.arange(math.floor(low / step), math.floor(high / step) + 2)
        return np.asarray(step * numbers, dtype=np.float64)

    def probability(self, band: Band) -> Bounded[float]:
        """The probability of a cost in ``band``."""
        ticks = self._band_ticks(band)
        found = last(ticks, Probability(self._chain))
        value, sure, possible = (float(found[part].sum()) for part in _parts(ticks, band))
        return Bounded(value, sure, possible)

    def count(self, band: Band) -> Bounded[int]:
        """How many of the points that the distribution counts cost what is in ``band``.

        Raises:
            ValueError: the distribution weights points instead of counting them.
        """
        if not self.distribution.counts:
            raise ValueError(f"the distribution `{self.distribution.name}` does not count")
        ticks = self._band_ticks(band)
        value, sure, possible = _counts(ticks, _parts(ticks, band))
        return Bounded(value, sure, possible)

    @cached_property
    def total(self) -> int:
        """How many points the distribution counts."""
        counts: NDArray[Any] = np.ones(1, dtype=object)
        for step in self._chain.steps:
            counts = (step.weights.astype(np.int64).astype(object) * counts[step.sources]).sum(axis=1)
        return int(counts[0])


def _parts(ticks: Ticks, band: Band) -> list[slice]:
    """The sums that stand for costs in ``band``, those surely in it, and those possibly."""
    return [ticks.between(band.low, band.high), ticks.surely(band), ticks.possibly(band)]


def _counts(ticks: Ticks, parts: list[slice]) -> list[int]:
    """How many points there are to the sums in each of ``parts``, by the Chinese remainder theorem."""
    steps = ticks.chain.steps
    largest = math.prod(int(step.weights.sum(axis=1).max()) for step in steps)
    # A row of a layer is a sum over all ways to a state before it is reduced, and has to fit 64 bits.
    ways = max((int(step.weights.sum(axis=1).max()) for step in steps), default=1)
    counts, product = [0] * len(parts), 1
    for modulus in _coprime((2**64 - 1) // ways):
        if product > largest:
            return counts
        found = last(ticks, Residues(modulus))
        inverse = pow(product, -1, modulus)
        for number, part in enumerate(parts):
            residue = sum(found[part].tolist()) % modulus
            counts[number] += product * ((residue - counts[number]) * inverse % modulus)
        product *= modulus
    raise AssertionError("there is always another modulus")


def _coprime(limit: int) -> Any:
    """Numbers up to ``limit``, descending, of which no two have a common divisor."""
    product = 1
    for number in range(limit, 1, -1):
        if math.gcd(number, product) == 1:
            product *= number
            yield number
