"""Random points of a space, if wanted within a band of costs (facts 10)."""

import attrs
import numpy as np
from numpy.typing import NDArray

from tunas_dsl.cost.extremes import maximum, minimum
from tunas_dsl.cost.model import CostModel
from tunas_dsl.ir import space as ir

DRAWS = 10_000_000
"""After so many draws without enough hits, sampling in a band gives up."""

_CHUNK = 8192

Indices = NDArray[np.int32]


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
    options = np.array([len(decision.options) for decision in space.decisions], dtype=np.float32)
    source = _Source(np.random.default_rng(seed), options)
    if band is None:
        return _collect(source, n, None)
    if model is None:
        raise TypeError("a band of costs needs a cost model")
    _check_band(space, model, band)
    return _collect(source, n, _Band(model, *band))


@attrs.frozen(eq=False)
class _Source:
    random: np.random.Generator
    options: NDArray[np.float32]

    def draw(self) -> Indices:
        """A chunk of index vectors, decision by decision in memory, as cost models like it."""
        # 24 random bits an option: twice as fast as 53, and the product still never rounds up to a whole.
        uniform = self.random.random((len(self.options), _CHUNK), dtype=np.float32)
        uniform *= self.options[:, None]
        return uniform.astype(np.int32).T


@attrs.frozen(eq=False)
class _Band:
    model: CostModel
    low: float
    high: float

    def hits(self, indices: Indices) -> Indices:
        costs = self.model.total(indices)
        return indices[(self.low <= costs) & (costs <= self.high)]

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g} {self.model.unit}"


def _collect(source: _Source, n: int, band: _Band | None) -> Indices:
    chunks: list[Indices] = []
    found = drawn = 0
    while found < n:
        if band is not None and drawn >= DRAWS:
            raise SamplingError(
                f"only {found:,} of {drawn:,} random architectures cost {band}: "
                f"ask for fewer than {n:,}, or for a wider band"
            )
        chunk = source.draw()
        drawn += len(chunk)
        chunks.append(chunk if band is None else band.hits(chunk))
        found += len(chunks[-1])
    empty = np.empty((0, len(source.options)), dtype=np.int32)
    return np.concatenate([empty, *chunks])[:n]


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
