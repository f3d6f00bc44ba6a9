"""A cost model and a distribution as a chain of steps, to sum over all points of a space exactly.

The tables of costs and of probabilities are worked in one after the other. What has to be remembered
between them is the state: the options of the decisions on which tables before and after both depend. In
the spaces of the paper these are the filters of one block.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from tunas_dsl.cost.distribution import Distribution
from tunas_dsl.cost.factor import Factor, combine
from tunas_dsl.cost.model import CostModel

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@attrs.frozen(eq=False)
class Step:
    """All ways to go on from the states before a table to those after it, arranged by the latter.

    ``sources``, ``costs`` and ``weights`` are ``(S, P)``: each of S states is reached in P ways, from the
    state ``sources`` among ``before`` many. ``options``, ``(len(decisions), S, P)``, are those that the
    table's ``decisions`` take.
    """

    before: int
    decisions: tuple[int, ...]
    sources: Integers
    costs: Floats
    weights: Floats
    options: Integers

    @property
    def after(self) -> int:
        """How many states there are after the step."""
        return len(self.sources)


@attrs.frozen(eq=False)
class Chain:
    """Steps from one state to one state; a point is a way through them.

    Its cost is ``intercept`` and the sum of its steps' costs, its weight the product of their weights.
    ``decisions`` is the number of decisions, behind which auxiliary variables are numbered.
    """

    intercept: float
    decisions: int
    steps: tuple[Step, ...]


@attrs.frozen(eq=False)
class _Term:
    decisions: tuple[int, ...]
    costs: Factor
    weights: Factor


def build_chain(model: CostModel, distribution: Distribution) -> Chain:
    """The chain for the costs of ``model`` under ``distribution``, both of one space."""
    if model.options != distribution.options:
        raise ValueError("the cost model and the distribution are of different spaces")
    lengths = distribution.lengths
    frontier: tuple[int, ...] = ()
    steps = []
    for term, after in _in_order(_terms(model, distribution), lengths):
        steps.append(_step(frontier, term, after, lengths))
        frontier = after
    return Chain(model.intercept, len(model.options), tuple(steps))


def reach(steps: Sequence[Step], values: Sequence[NDArray[Any]], *, sign: int) -> list[Floats]:
    """For every state before each step and after the last one, the smallest sum of ``values`` up to it.

    ``values`` has an array ``(S, P)`` for each step; ways of weight 0 do not count. With ``sign`` -1, the
    largest sum instead. A state that cannot be reached has an infinite one.
    """
    reached = [np.zeros(1)]
    for step, numbers in zip(steps, values, strict=True):
        ways = np.where(step.weights > 0, reached[-1][step.sources] + sign * numbers, np.inf)
        reached.append(ways.min(axis=1))
    return [sign * sums for sums in reached]


def reach_back(steps: Sequence[Step], values: Sequence[NDArray[Any]], *, sign: int) -> list[Floats]:
    """As :func:`reach`, but the sums from every state to the end."""
    reached = [np.zeros(1)]
    for step, numbers in zip(reversed(steps), reversed(values), strict=True):
        ways = np.where(step.weights > 0, reached[-1][:, None] + sign * numbers, np.inf)
        sums = np.full(step.before, np.inf)
        np.minimum.at(sums, step.sources, ways)
        reached.append(sums)
    return [sign * sums for sums in reversed(reached)]


def _terms(model: CostModel, distribution: Distribution) -> list[_Term]:
    """Costs and weights over the same decisions, and over fewer of them, as one.

    Each decision of several options is in one; those of one option are left out.
    """
    zero, one = Factor((), np.asarray(0.0)), Factor((), np.asarray(1.0))
    pairs = [(_free(Factor(site.decisions, site.table)), one) for site in model.sites]
    pairs += [(zero, _free(factor)) for factor in distribution.factors]
    covered = {d for cost, weight in pairs for d in (*cost.decisions, *weight.decisions)}
    for decision, length in enumerate(distribution.options):
        if decision not in covered and length > 1:
            pairs.append((zero, Factor((decision,), np.ones(length))))
    return sorted(map(_term, _group(pairs)), key=lambda term: term.decisions)


def _free(factor: Factor) -> Factor:
    """The same without decisions of one option: arrays cannot have an axis for each of very many."""
    lengths = zip(factor.decisions, factor.table.shape, strict=True)
    return Factor(tuple(decision for decision, length in lengths if length > 1), factor.table.squeeze())


def _group(pairs: Sequence[tuple[Factor, Factor]]) -> list[list[tuple[Factor, Factor]]]:
    """Those over the decisions of another with that other."""
    groups: list[list[tuple[Factor, Factor]]] = []
    homes: dict[int, list[tuple[int, frozenset[int]]]] = {}  # groups by the decisions that they are over
    for pair in sorted(pairs, key=lambda pair: -len({*pair[0].decisions, *pair[1].decisions})):
        decisions = frozenset((*pair[0].decisions, *pair[1].decisions))
        if decisions:
            known = homes.get(min(decisions), ())
            home = next((number for number, over in known if decisions <= over), None)
        else:
            home = 0 if groups else None  # a constant goes with any
        if home is None:
            home = len(groups)
            groups.append([])
            for decision in decisions:
                homes.setdefault(decision, []).append((home, decisions))
        groups[home].append(pair)
    return groups


def _term(group: Sequence[tuple[Factor, Factor]]) -> _Term:
    costs = combine((cost for cost, _ in group), np.add)
    weights = combine((weight for _, weight in group), np.multiply)
    return _Term(tuple(sorted({*costs.decisions, *weights.decisions})), costs, weights)


def _in_order(terms: Sequence[_Term], lengths: Sequence[int]) -> Iterator[tuple[_Term, tuple[int, ...]]]:
    """Tables in an order that leaves few states between them, each with the decisions live after it.

    Decision by decision: of those next to the ones that are live, the next is that whose tables, all worked
    in, leave the fewest states.
    """
    tables: dict[int, list[_Term]] = {}
    for term in terms:
        for decision in term.decisions or (-1,):
            tables.setdefault(decision, []).append(term)
    frontier: frozenset[int] = frozenset()

    def left(decision: int) -> tuple[int, int]:
        return _states(_live(frontier, tables[decision], tables), lengths), decision

    starts = iter(sorted(tables, key=left))
    while any(tables.values()):
        near = {other for d in frontier for term in tables[d] for other in term.decisions if tables[other]}
        best = min(near, key=left) if near else next(d for d in starts if tables[d])
        group = list(tables[best])
        while group:
            term = min(group, key=lambda term: _states(_live(frontier, [term], tables), lengths))
            frontier = _live(frontier, [term], tables)
            group = [other for other in group if other is not term]
            for decision in term.decisions or (-1,):
                tables[decision] = [other for other in tables[decision] if other is not term]
            yield term, tuple(sorted(frontier))


def _live(
    frontier: frozenset[int], done: Sequence[_Term], tables: Mapping[int, Sequence[_Term]]
) -> frozenset[int]:
    """The decisions on which, once the tables ``done`` are worked in, others of ``tables`` depend."""
    touched = frontier.union(*(term.decisions for term in done))
    return frozenset(d for d in touched if len(tables[d]) > sum(d in term.decisions for term in done))


def _states(decisions: Iterable[int], lengths: Sequence[int]) -> int:
    return math.prod(lengths[decision] for decision in decisions)


def _step(before: tuple[int, ...], term: _Term, after: tuple[int, ...], lengths: Sequence[int]) -> Step:
    joint = tuple(sorted({*before, *term.decisions}))
    shape = [lengths[decision] for decision in joint]
    order = [joint.index(d) for d in (*after, *(d for d in joint if d not in after))]
    states = _states(after, lengths)

    def arranged(factor: Factor) -> NDArray[np.generic]:
        whole = np.broadcast_to(factor.over(joint), shape).transpose(order)
        return np.ascontiguousarray(whole.reshape(states, -1))

    source = np.arange(_states(before, lengths)).reshape([lengths[decision] for decision in before])
    options = [arranged(Factor((d,), np.arange(lengths[d]))) for d in term.decisions]
    return Step(
        before=source.size,
        decisions=term.decisions,
        sources=arranged(Factor(before, source)).astype(np.int64),
        costs=arranged(term.costs).astype(np.float64),
        weights=arranged(term.weights).astype(np.float64),
        options=np.array(options, dtype=np.int64).reshape(len(options), states, math.prod(shape) // states),
    )
