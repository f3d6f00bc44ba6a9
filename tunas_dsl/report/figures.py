"""The figures that sum up a search: target, found and mean cost, quality, and whether it beats random."""

import statistics
from collections.abc import Iterable, Sequence
from typing import Any

import attrs
import numpy as np

from tunas_dsl.cost.model import CostModel
from tunas_dsl.report.reading import Floats, Samples, SearchRecord

LATE = 0.1
"""The share of the logged steps at the end from which qualities are taken."""

BAND = 0.02
"""Architectures within this share of the target count as of the same cost."""


@attrs.frozen(kw_only=True)
class Figures:
    """One search in numbers; costs in the ``unit`` of its model, ``entropy`` in nats.

    ``argmax_cost`` is of the architecture found, ``mean_cost`` the expectation under the policy, exactly.
    Of a search in several phases there is the ``phase`` that it is in.
    ``quality`` is the mean over the architectures sampled in the last tenth of the logged steps. What a
    baseline, or a search before its first checkpoint, does not have is None.
    """

    algorithm: str
    seed: int
    finished: bool
    steps: int
    target: float
    unit: str
    argmax_cost: float | None
    mean_cost: float | None
    quality: float | None
    best: float | None
    entropy: float | None
    evaluations: int | None
    phase: str | None = None

    @property
    def gap(self) -> float | None:
        """How far the architecture found is from the target, as a share of it."""
        return None if self.argmax_cost is None else self.argmax_cost / self.target - 1


@attrs.frozen
class Spread:
    """Numbers of several seeds: how many, their mean, and the standard deviation of a sample."""

    count: int
    mean: float
    deviation: float | None

    @classmethod
    def of(cls, numbers: Iterable[float | None]) -> "Spread | None":
        """The spread of those that are there, or None."""
        known = [number for number in numbers if number is not None]
        if not known:
            return None
        deviation = statistics.stdev(known) if len(known) > 1 else None
        return cls(len(known), statistics.fmean(known), deviation)


@attrs.frozen
class AgainstRandom:
    """Qualities at the same cost: of a search's last samples, and of a random baseline's architectures."""

    baseline: str
    searched: Spread
    random: Spread
    random_best: float

    @property
    def difference(self) -> float:
        """By how much the search's mean is above random's."""
        return self.searched.mean - self.random.mean


def is_policy(record: SearchRecord) -> bool:
    """Whether a policy learns in it, or it is a baseline."""
    return record.run.algorithm == "reinforce"


def figures(record: SearchRecord) -> Figures:
    """The figures of one search."""
    settings = record.run.settings.to_json()
    last = record.steps[-1] if record.steps else {}
    model, probabilities, found = record.model, record.probabilities, record.found
    cost = None if found is None else float(model.total(np.array([found]))[0])
    late = late_samples(record)
    return Figures(
        algorithm=record.run.algorithm,
        seed=record.run.settings.seed,
        finished=record.finished,
        steps=int(last.get("step", -1)) + 1,
        target=float(settings["target"]),
        unit=model.unit,
        argmax_cost=cost,
        mean_cost=None if probabilities is None else expected_cost(model, probabilities),
        quality=float(late.qualities.mean()) if len(late) else None,
        best=last.get("best"),
        entropy=last.get("entropy"),
        evaluations=last.get("evaluations"),
        phase=last.get("phase"),
    )


def expected_cost(model: CostModel, probabilities: Sequence[Floats]) -> float:
    """The mean cost, in the model's unit, where every decision is drawn on its own, by ``probabilities``."""
    total = model.intercept
    for site in model.sites:
        table = np.asarray(site.table, dtype=float)
        for decision in reversed(site.decisions):
            table = table @ probabilities[decision]
        total += float(table)
    return total


def late_samples(record: SearchRecord) -> Samples:
    """The architectures of the last tenth of the logged steps."""
    samples = record.samples
    if not len(samples):
        return samples
    first = np.quantile(np.unique(samples.steps), 1 - LATE, method="higher")
    return samples.where(samples.steps >= first)


def against_random(record: SearchRecord, others: Iterable[SearchRecord]) -> AgainstRandom | None:
    """How a search does against the first random baseline of the same space, cost and quality, if any."""
    target = float(record.run.settings.to_json()["target"])
    late = _samples_near(late_samples(record), target)
    for other in others:
        if other.run.algorithm != "random" or other.bundle.sha256 != record.bundle.sha256:
            continue
        if (other.run.cost, other.run.quality) != (record.run.cost, record.run.quality):
            continue
        drawn = _samples_near(other.samples, target)
        searched, random = Spread.of(late.qualities.tolist()), Spread.of(drawn.qualities.tolist())
        if searched and random:
            return AgainstRandom(other.name, searched, random, float(drawn.qualities.max()))
    return None


def groups(records: Iterable[SearchRecord]) -> list[list[SearchRecord]]:
    """Searches that differ in nothing but their seeds, in the order of the first of each."""
    grouped: dict[str, list[SearchRecord]] = {}
    for record in records:
        grouped.setdefault(repr(_without_seed(record)), []).append(record)
    return list(grouped.values())


def _without_seed(record: SearchRecord) -> list[Any]:
    run = record.run
    settings = {name: value for name, value in run.settings.to_json().items() if name != "seed"}
    return [record.bundle.sha256, run.cost, run.data, run.quality, run.algorithm, settings]


def _samples_near(samples: Samples, target: float) -> Samples:
    return samples.where(np.abs(samples.costs / target - 1) <= BAND)
