"""How a run that goes on is doing: time left, and the decisions that are about to settle."""

from collections.abc import Sequence

import attrs
import numpy as np

from tunas_dsl.report.reading import SearchRecord
from tunas_dsl.search.phases import phases
from tunas_dsl.search.settings import SearchSettings

SETTLED = 0.95
"""A decision is settled where one option has this probability."""

_BARS = "▁▂▃▄▅▆▇█"


@attrs.frozen
class Settling:
    """A decision that is not settled: the option that leads, its probability, and its change lately."""

    id: str
    leader: int | str
    probability: float
    change: float


def settling(record: SearchRecord) -> list[Settling]:
    """The decisions that are not settled in the last snapshot of the policy, those nearest to it first.

    The change is since the snapshot a tenth of all snapshots before.
    """
    if not record.snapshots:
        return []
    last = record.snapshots[-1][1]
    before = record.snapshots[max(0, len(record.snapshots) - 1 - max(1, len(record.snapshots) // 10))][1]
    found = []
    for decision, now, then in zip(record.space.decisions, last, before, strict=True):
        leader = int(np.argmax(now))
        if now[leader] < SETTLED:
            change = now[leader] - then[leader]
            found.append(Settling(decision.id, decision.options[leader], now[leader], change))
    return sorted(found, key=lambda one: -one.probability)


def seconds_left(record: SearchRecord) -> float | None:
    """An estimate from the pace of the last logged steps; none where it has finished or only begun."""
    if record.finished or len(record.steps) < 2 or (steps := _steps(record)) is None:
        return None
    first, last = record.steps[-min(len(record.steps), 20)], record.steps[-1]
    done = last["step"] - first["step"]
    return None if done <= 0 else (steps - 1 - last["step"]) * (last["time"] - first["time"]) / done


def _steps(record: SearchRecord) -> int | None:
    """The steps in all; of a search in phases, whose steps take different times, up to the phase's end."""
    settings = record.run.settings
    if isinstance(settings, SearchSettings) and settings.apart:
        name = record.steps[-1].get("phase")
        return next((phase.first + phase.steps for phase in phases(settings) if phase.name == name), None)
    steps: int | None = settings.to_json().get("steps")
    return steps


def sparkline(numbers: Sequence[float], width: int = 48) -> str:
    """A row of bars, one for each part of ``numbers``, from the lowest to the highest."""
    parts = np.array_split(np.array(numbers), min(width, len(numbers)))
    means = np.array([part.mean() for part in parts])
    spread = float(means.max() - means.min()) or 1.0
    levels = np.round((means - means.min()) / spread * (len(_BARS) - 1)).astype(int)
    return "".join(_BARS[level] for level in levels)
