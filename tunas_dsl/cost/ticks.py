"""Costs as whole numbers of ticks: exact where that can be afforded, elsewhere with a bound on the error."""

import itertools
import math
from collections.abc import Iterator, Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from tunas_dsl.cost.band import Band
from tunas_dsl.cost.chain import Chain, Step, reach, reach_back
from tunas_dsl.cost.support import Interval, Scattered, Support
from tunas_dsl.errors import TickError

Integers = NDArray[np.int64]

WORK = 1_000_000_000
"""Additions that one pass over a chain may take: some tenths of a second."""

_CELLS = 5_000_000
"""Numbers that one pass may hold of the layers before and after a step: 40 MB."""

_KEPT = 20_000_000
"""Numbers that one pass may hold where all layers are kept: 160 MB."""

_EXACT = 4
"""So many times as much work and memory is spent where that makes ticks exact (memory twice where kept)."""

_FEW = 5_000_000
"""Sums that are kept one by one instead, if there are no more to sort."""

_MANY = 50_000_000
"""Of more points than so many, the sums are too many, too."""

_SOUGHT = 100_000_000
"""Nor is there more to look for in one pass."""

_FAR = 1e18
"""Ticks beyond all sums, for a band without an end."""

_PRECISE = 2.0**41
"""Costs are held against parts of a unit as long as the largest is less than so many of them ..."""

_ROUNDING = 16 * float(np.finfo(np.float64).eps)
"""... and what adding costs up may have changed, relative to the largest, is next to nothing."""


_ASKED = 20
"""So many times as much work and memory is spent where the tick was asked for."""


@attrs.frozen(eq=False)
class Ticks:
    """A chain with the costs of its steps in ticks: a point costs about ``base + tick * its ticks``.

    ``shifts`` has an array ``(S, P)`` for each step. What a point costs beyond that lies in ``error``, both
    ends included, which are 0 where every cost is a whole number of ticks. ``supports`` has the sums that may
    occur before each step and after the last one.
    """

    chain: Chain
    tick: float
    base: float
    shifts: tuple[Integers, ...]
    error: tuple[float, float]
    supports: tuple[Support, ...]

    @property
    def costs(self) -> NDArray[np.float64]:
        """The cost that stands for each sum after the last step, ``(size,)``."""
        return np.asarray(self.base + self.tick * self.supports[-1].sums, dtype=np.float64)

    def between(self, low: float, high: float) -> slice:
        """The positions after the last step of the sums that stand for costs from ``low`` to ``high``."""
        first, last = np.searchsorted(self.costs, [low, np.nextafter(high, np.inf)])
        return slice(int(first), int(last))

    def surely(self, band: Band) -> slice:
        """The positions after the last step of those sums whose points all lie in ``band``."""
        return self.between(band.low - self.error[0], band.high - self.error[1])

    def possibly(self, band: Band) -> slice:
        """The positions after the last step of those sums of which a point may lie in ``band``."""
        return self.between(band.low - self.error[1], band.high - self.error[0])


def in_ticks(
    chain: Chain,
    band: Band | None = None,
    tick: float | None = None,
    *,
    work: int = WORK,
    kept: bool = False,
) -> Ticks:
    """The costs of ``chain`` in ticks; with ``band``, only of what can end in it.

    Without ``tick``, the finest that takes no more than ``work``, and no more memory than there is where all
    layers of a pass are ``kept``: where the costs are multiples of some number, or have few different sums,
    that is exact.

    Raises:
        TickError: the ``tick`` is so fine that a pass would take minutes, or gigabytes.
    """
    offsets = [_least(step) for step in chain.steps]
    excess = [step.costs - offset for step, offset in zip(chain.steps, offsets, strict=True)]
    base = chain.intercept + math.fsum(offsets)
    sizer = _Sizer(chain, excess, base, band)
    if tick is not None:
        if not sizer.affords(tick, _ASKED * work, kept=kept, room=_ASKED):
            least = next(n for n in round_numbers(tick) if sizer.affords(n, _ASKED * work, kept, _ASKED))
            raise TickError(f"a tick of {tick:g} is too fine for these costs: take {least:g} or more")
        return sizer.ticks(tick, sizer.intervals(tick))
    grain, exact = _grain(chain.steps, excess)
    if sizer.affords(grain, _EXACT * work, kept, room=2 if kept else _EXACT):
        return sizer.ticks(grain, sizer.intervals(grain), exact=exact)
    scattered = sizer.scattered(grain)
    if scattered is not None:
        return sizer.ticks(grain, scattered, exact=exact)
    coarse = next(tick for tick in round_numbers(grain) if sizer.affords(tick, work, kept))
    return sizer.ticks(coarse, sizer.intervals(coarse))


@attrs.frozen(eq=False)
class _Sizer:
    """How large arrays of sums are, whatever the tick."""

    chain: Chain
    excess: Sequence[NDArray[np.float64]]
    base: float
    band: Band | None

    @property
    def largest(self) -> float:
        """The largest cost of a way beyond the smallest of its step."""
        return max((float(costs.max()) for costs in self.excess), default=0.0)

    def shifts(self, tick: float) -> tuple[Integers, ...]:
        return tuple(np.rint(costs / tick).astype(np.int64) for costs in self.excess)

    def ticks(self, tick: float, supports: Sequence[Support], *, exact: bool = False) -> Ticks:
        shifts = self.shifts(tick)
        rests = [costs - tick * whole for costs, whole in zip(self.excess, shifts, strict=True)]
        error = (0.0, 0.0)
        if not exact:
            low, high = (float(reach(self.chain.steps, rests, sign=sign)[-1][0]) for sign in (1, -1))
            if max(-low, high) > _ROUNDING * max(self.largest, abs(self.base)):
                error = (low, high)
        return Ticks(self.chain, tick, self.base, shifts, error, tuple(supports))

    def windows(self, tick: float) -> list[tuple[int, int]]:
        """The smallest of the sums that matter before each step and after the last, and how many they are.

        A band is widened by what rounding can do.
        """
        steps, shifts = self.chain.steps, self.shifts(tick)
        low, high = (reach(steps, shifts, sign=sign) for sign in (1, -1))
        if self.band is not None:
            ends = (np.array([self.band.low, self.band.high]) - self.base) / tick
            first, last = np.clip(ends, -_FAR, _FAR)
            slack = 1 + len(steps) / 2
            rest_low, rest_high = (reach_back(steps, shifts, sign=sign) for sign in (1, -1))
            low = [np.maximum(sums, first - slack - rest) for sums, rest in zip(low, rest_high, strict=True)]
            high = [np.minimum(sums, last + slack - rest) for sums, rest in zip(high, rest_low, strict=True)]
        return [_window(*ends) for ends in zip(low, high, strict=True)]

    def intervals(self, tick: float) -> list[Support]:
        return [Interval(low, size) for low, size in self.windows(tick)]

    def affords(self, tick: float, work: int, kept: bool, room: int = 1) -> bool:
        """Whether one pass makes no more additions than ``work``, and holds what there is ``room`` for."""
        if self.largest >= _PRECISE * tick:
            return False
        steps, sizes = self.chain.steps, [size for _, size in self.windows(tick)]
        ways = [int((step.weights > 0).sum()) for step in steps]
        cells = [step.after * size for step, size in zip(steps, sizes[1:], strict=True)]
        return sum(map(math.prod, zip(ways, sizes[1:], strict=True))) <= work and (
            sum(cells) <= room * _KEPT if kept else 2 * max(cells, default=0) <= room * _CELLS
        )

    def scattered(self, tick: float) -> list[Support] | None:
        """All sums that occur, or None where these are too many."""
        moves = [
            [_moves(*ways) for ways in zip(step.sources, shifts, step.weights > 0, strict=True)]
            for step, shifts in zip(self.chain.steps, self.shifts(tick), strict=True)
        ]
        if _points(moves) > _MANY:
            return None
        reached, supports = [np.zeros(1, dtype=np.int64)], [Scattered(np.zeros(1, dtype=np.int64))]
        work = sought = 0
        for targets, (low, size) in zip(moves, self.windows(tick)[1:], strict=True):
            work += sum(len(reached[source]) for pairs in targets for source, _ in pairs)
            sought += 2 * supports[-1].size * sum(map(len, targets))
            if work > _FEW or sought > _SOUGHT:
                return None
            ends = [_union([reached[source] + shift for source, shift in pairs]) for pairs in targets]
            reached = [sums[(sums >= low) & (sums < low + size)] for sums in ends]
            supports.append(Scattered(_union(reached)))
        return list(supports)


def _points(moves: Sequence[Sequence[Sequence[tuple[int, int]]]]) -> int:
    """How many ways there are through steps, each with the states and shifts that lead to its states."""
    ways = [1]
    for targets in moves:
        ways = [sum(ways[source] for source, _ in pairs) for pairs in targets]
    return sum(ways)


def _moves(sources: Integers, shifts: Integers, some: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The states and shifts of some ways to one state, each pair once."""
    return sorted(set(zip(sources[some].tolist(), shifts[some].tolist(), strict=True)))


def _union(sets: list[Integers]) -> Integers:
    return np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *sets]))


def _window(low: NDArray[np.float64], high: NDArray[np.float64]) -> tuple[int, int]:
    """The smallest ``low`` of the states that have a ``high`` as well, and how many sums to the largest."""
    some = low <= high
    if not some.any():
        return 0, 0
    first, last = math.ceil(low[some].min()), math.floor(high[some].max())
    return first, max(last - first + 1, 0)


def round_numbers(above: float) -> Iterator[float]:
    """1, 2, 5, 10, 20 and so on, and tenths of these, those larger than ``above``, which is positive."""
    exponent = math.floor(math.log10(above))
    for power in itertools.count(exponent):
        yield from (number for digit in (1, 2, 5) if (number := float(f"{digit}e{power}")) > above)


def _least(step: Step) -> float:
    """The smallest cost of a way."""
    return float(step.costs[step.weights > 0].min())


def _grain(steps: Sequence[Step], excess: Sequence[NDArray[np.float64]]) -> tuple[float, bool]:
    """The largest number of which all costs are multiples, if there is one, and whether there is."""
    counting = [step.weights > 0 for step in steps]
    pairs = list(zip(steps, excess, counting, strict=True))
    numbers = np.concatenate([np.zeros(1), *(costs[ways] for _, costs, ways in pairs)])
    largest = max((float(np.abs(step.costs[ways]).max()) for step, _, ways in pairs), default=0.0) or 1.0
    parts = [1000.0**power for power in range(10) if largest * 1000.0**power < _PRECISE]
    for part in parts:
        whole = np.rint(numbers * part)
        if np.abs(numbers * part - whole).max() <= _ROUNDING * largest * part:
            return max(int(np.gcd.reduce(whole.astype(np.int64))), 1) / part, True
    return 1 / max(parts, default=_PRECISE / largest), False
