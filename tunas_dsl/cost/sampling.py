"""Random points of a space, if wanted within a band of costs (facts 10)."""

from collections.abc import Sequence

import attrs
import numpy as np

from tunas_dsl.cost.backward import Backward
from tunas_dsl.cost.band import Band
from tunas_dsl.cost.chain import build_chain
from tunas_dsl.cost.distribution import Distribution, uniform_decisions
from tunas_dsl.cost.drawing import Independent, Indices, Source, Uniform, empty
from tunas_dsl.cost.extremes import maximum, minimum
from tunas_dsl.cost.model import CostModel
from tunas_dsl.cost.nearest import nothing_between
from tunas_dsl.cost.ticks import WORK, in_ticks
from tunas_dsl.errors import SamplingError
from tunas_dsl.ir import space as ir

RARE = 0.006
"""Below this probability of a band, drawing from its end backward is faster than drawing and rejecting."""

_SLOWER = 5
"""So many times as long takes a draw of options of unequal probabilities: rejecting pays so much later."""

DRAWS = 1_000_000
"""After so many draws without a hit, of points that differ from the band by rounding, it is given up."""

_CHUNK = 16_384
_RARE_CHUNK = 1_024


def sample(
    space: ir.Space,
    n: int,
    seed: int,
    model: CostModel | None = None,
    band: tuple[float, float] | None = None,
    distribution: Distribution | None = None,
) -> Indices:
    """``n`` index vectors, ``(n, D)``, by ``distribution``: every option of every decision equally likely.

    The default is uniform over index vectors, not over architectures: a layer that may be skipped is
    skipped half of the time (facts 10). With ``band``, both ends included and in the unit of ``model``,
    they come by the same distribution under the condition that their costs lie in it: others are
    rejected, or where it is a rare one, not even drawn. A seed gives the same vectors again, and
    fewer of them are the first of more.

    Raises:
        SamplingError: no cost of the space lies in ``band``.
    """
    if n < 0:
        raise SamplingError(f"{n} samples are wanted; the number must be 0 or more")
    distribution = distribution or uniform_decisions(space)
    if band is None:
        return _collect(_source(distribution), distribution.options, n, seed)
    if model is None:
        raise TypeError("a band of costs needs a cost model")
    within = _Within(space, model, distribution, _band(space, model, band), *band)
    source, chunk = _source_within(within)
    return _reject(source, chunk, n, seed, within)


@attrs.frozen(eq=False)
class _Within:
    """The band that is wanted, and its ends as they were given."""

    space: ir.Space
    model: CostModel
    distribution: Distribution
    band: Band
    low: float
    high: float

    def hits(self, indices: Indices) -> Indices:
        return indices.T[:, self.band.contains(self.model.total(indices))].T

    def missed(self) -> SamplingError:
        """That no cost lies in it, and what the nearest are."""
        return SamplingError(nothing_between(self.space, self.model, self.distribution, self.low, self.high))


def _source(distribution: Distribution) -> Source:
    """Draws from all points."""
    if distribution.marginals is None:
        free = CostModel("nothing", "ms", distribution.options, 0.0, ())
        ticks = in_ticks(build_chain(free, distribution))
        return Backward(ticks, slice(None))
    if distribution.counts:
        return Uniform(distribution.options)
    return Independent(distribution.marginals)


def _source_within(within: _Within) -> tuple[Source, int]:
    """What draws points of the band fast, others among them, and how many it should draw at once."""
    ticks = in_ticks(build_chain(within.model, within.distribution), within.band, work=WORK // 2, kept=True)
    rare = Backward(ticks, ticks.possibly(within.band))
    if _rejecting_is_faster(within.distribution, rare.share):
        return _source(within.distribution), _CHUNK
    if not rare.share:
        raise within.missed()
    return rare, _RARE_CHUNK


def _rejecting_is_faster(distribution: Distribution, share: float) -> bool:
    """Whether it is at the probability ``share`` of a band; never where any point is drawn backward."""
    if distribution.marginals is None:
        return False
    return share >= (RARE if distribution.counts else _SLOWER * RARE)


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


def _reject(source: Source, chunk: int, n: int, seed: int, within: _Within) -> Indices:
    options = within.model.options
    random, indices, drawn = np.random.default_rng(seed), empty(n, options), empty(chunk, options)
    found = in_vain = 0
    while found < n:
        source.fill(random, drawn.T)
        hits = within.hits(drawn)[: n - found]
        indices[found : found + len(hits)] = hits
        found += len(hits)
        in_vain += chunk
        if not found and in_vain >= DRAWS:
            raise within.missed()
    return indices


def _band(space: ir.Space, model: CostModel, band: tuple[float, float]) -> Band:
    low, high = band
    if not low <= high:
        raise SamplingError(
            f"the band from {low:.10g} to {high:.10g} {model.unit} is empty: give the lower end first"
        )
    wanted = Band.between(low, high)
    smallest, largest = minimum(model).cost, maximum(model).cost
    if wanted.high < smallest or wanted.low > largest:
        raise SamplingError(
            f"no architecture of `{space.name}` costs {low:.10g} to {high:.10g} {model.unit}: "
            f"they range from {smallest:g} to {largest:g} {model.unit}"
        )
    return wanted
