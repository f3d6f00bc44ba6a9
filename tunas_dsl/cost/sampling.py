"""Random points of a space, if wanted within a band of costs (facts 10)."""

from collections.abc import Sequence

import attrs
import numpy as np

from tunas_dsl.cost.drawing import Indices, Source, Uniform, empty
from tunas_dsl.cost.extremes import maximum, minimum
from tunas_dsl.cost.model import CostModel
from tunas_dsl.ir import space as ir

DRAWS = 10_000_000
"""After so many draws without enough hits, sampling in a band gives up."""

_CHUNK = 16_384


class SamplingError(Exception):
    """A request for samples that cannot be met; the message says why."""


def sample(
    space: ir.Space,
    n: int,
    seed: int,
    model: CostModel | None = None,
    band: tuple[float, float] | None = None,
) -> Indices:
    """``n`` index vectors, ``(n, D)``, every option of every decision equally likely.

    That is uniform over index vectors, not over architectures: a layer that may be skipped is
    skipped half of the time (facts 10). With ``band``, both ends included and in the unit of
    ``model``, vectors of other costs are rejected. A seed gives the same vectors again, and
    fewer of them are the first of more.

    Raises:
        SamplingError: no cost of the space lies in ``band``, or so few that DRAWS draws do not suffice.
    """
    if n < 0:
        raise SamplingError(f"{n} samples are wanted; the number must be 0 or more")
    options = [len(decision.options) for decision in space.decisions]
    if band is None:
        return _collect(Uniform(options), options, n, seed)
    if model is None:
        raise TypeError("a band of costs needs a cost model")
    _check_band(space, model, band)
    return _reject(Uniform(options), options, n, seed, _Band(model, *band))


@attrs.frozen(eq=False)
class _Band:
    model: CostModel
    low: float
    high: float

    def hits(self, indices: Indices) -> Indices:
        costs = self.model.total(indices)
        return indices.T[:, (self.low <= costs) & (costs <= self.high)].T

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g} {self.model.unit}"


def _collect(source: Source, options: Sequence[int], n: int, seed: int) -> Indices:
    random, indices = np.random.default_rng(seed), empty(n, options)
    for start in range(0, n - n % _CHUNK, _CHUNK):
        source.fill(random, indices.T[:, start : start + _CHUNK])
    if n % _CHUNK:
        # A whole chunk even where a part is wanted: fewer samples are then the first of more.
        last = empty(_CHUNK, options)
        source.fill(random, last.T)
        indices[n - n % _CHUNK :] = last[: n % _CHUNK]
    return indices


def _reject(source: Source, options: Sequence[int], n: int, seed: int, band: _Band) -> Indices:
    random, indices, chunk = np.random.default_rng(seed), empty(n, options), empty(_CHUNK, options)
    found = drawn = 0
    while found < n:
        if drawn >= DRAWS:
            raise SamplingError(
                f"only {found:,} of {drawn:,} random architectures cost {band}: "
                f"ask for fewer than {n:,}, or for a wider band"
            )
        source.fill(random, chunk.T)
        drawn += _CHUNK
        hits = band.hits(chunk)[: n - found]
        indices[found : found + len(hits)] = hits
        found += len(hits)
    return indices


def _check_band(space: ir.Space, model: CostModel, band: tuple[float, float]) -> None:
    low, high = band
    if not low <= high:
        raise SamplingError(
            f"the band from {low:g} to {high:g} {model.unit} is empty: give the lower end first"
        )
    smallest, largest = minimum(model).cost, maximum(model).cost
    if high < smallest or low > largest:
        raise SamplingError(
            f"no architecture of `{space.name}` costs {low:g} to {high:g} {model.unit}: "
            f"they range from {smallest:g} to {largest:g} {model.unit}"
        )
