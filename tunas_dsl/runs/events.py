"""The log of a run: one JSON object a line, appended, and readable after any interruption."""

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from tunas_dsl.errors import SearchError
from tunas_dsl.storage import documents

SCHEMA = "tunas.event/1"

SNAPSHOTS = 100
"""How often a search logs what its policy thinks of every option."""

Sample = tuple[str, float, float]
"""An architecture that was rated: its index vector such as ``0:2:1``, its quality and its cost."""


def samples(
    indices: Iterable[Iterable[int]], qualities: Iterable[float], costs: Iterable[float]
) -> tuple[Sample, ...]:
    """What a step rated, for its event: K index vectors (-1 where warmup averaged), qualities, costs."""
    rows = zip(indices, qualities, costs, strict=True)
    return tuple((":".join(map(str, row)), float(quality), float(cost)) for row, quality, cost in rows)


def is_snapshot(step: int, steps: int) -> bool:
    """Whether the event of ``step`` (from 0) shows the policy: the first, the last and some between do."""
    return step % max(1, steps // SNAPSHOTS) == 0 or step == steps - 1


@attrs.frozen(kw_only=True)
class StepEvent:
    """What one step did, ``step`` counting from 0.

    ``loss``, ``accuracy`` (0 to 1, on validation images), ``reward`` and ``cost`` are means over the
    architectures sampled in the step; ``cost`` and ``argmax_cost`` are in the unit of the cost
    model, and the latter is of the most probable architecture after the step, as ``entropy`` (nats,
    over the sampled architectures) is of the policy after it. ``op_warmup`` and ``filter_warmup`` are
    the probabilities with which warmup replaced a decision. ``samples`` are the architectures one by one.
    Now and then there are ``probabilities``: of every option of every decision, after the step.
    """

    step: int
    loss: float
    accuracy: float
    reward: float
    baseline: float
    cost: float
    argmax_cost: float
    entropy: float
    weight_lr: float
    policy_lr: float
    op_warmup: float
    filter_warmup: float
    samples: tuple[Sample, ...] = ()
    probabilities: list[list[float]] | None = None


@attrs.frozen(kw_only=True)
class WeightsEvent:
    """What one step of training shared weights alone did, before a policy learns from them.

    ``step`` counts from 0; ``loss``, ``accuracy`` (0 to 1, on the training images, before the step) and
    ``cost`` are means over the step's architectures. Now and then there is the ``agreement`` of the ratings
    of some fixed architectures with those of the time before, their rank correlation by Spearman.
    """

    step: int
    phase: str
    loss: float
    accuracy: float
    cost: float
    weight_lr: float
    op_warmup: float
    filter_warmup: float
    agreement: float | None = None


@attrs.frozen(kw_only=True)
class EvaluationEvent:
    """What one step of a search without a supernet did, ``step`` counting from 0.

    As :class:`StepEvent`, with ``accuracy`` for whatever the quality is, and ``argmax_cost`` for the best
    architecture so far where there is no policy. ``evaluations`` counts architectures from the start;
    ``best`` is the best quality so far. What an algorithm does not have is left out. Of a search in several
    phases, whose steps go on counting, there is the name of the ``phase``.
    """

    step: int
    phase: str | None = None
    evaluations: int
    accuracy: float
    cost: float
    argmax_cost: float
    reward: float | None = None
    baseline: float | None = None
    entropy: float | None = None
    policy_lr: float | None = None
    best: float | None = None
    samples: tuple[Sample, ...] = ()
    probabilities: list[list[float]] | None = None


_NEEDED = {"step": ("step", "time"), "resumed": ("step",), "saved": ("step", "cpu_seconds")}
"""What each kind of event must have, a number."""

_FIGURES = {
    field.name
    for event in (StepEvent, WeightsEvent, EvaluationEvent)
    for field in attrs.fields(event)
    if field.name not in ("phase", "samples", "probabilities")
}
"""What is a number where it is there."""


class EventLog:
    """Appends to the events of one run; the file is made when the first event comes.

    A last line that an interruption cut is removed first: what it said is lost either way. ``clock`` tells
    the time and ``cpu`` the seconds that this process has computed.
    """

    def __init__(
        self,
        path: Path,
        clock: Callable[[], float] = time.time,
        cpu: Callable[[], float] = time.process_time,
    ) -> None:
        self.path = path
        self.clock = clock
        self._cpu, self._start = cpu, cpu()
        if path.exists():
            _drop_cut_line(path)

    def step(self, event: attrs.AttrsInstance) -> None:
        """Log one step, of a search or a training; what is None is left out."""
        self._append("step", attrs.asdict(event, filter=lambda _, figure: figure is not None))

    def resumed(self, step: int) -> None:
        """Log that the run goes on with ``step``; later steps logged before are void."""
        before = list(read_events(self.path)) if self.path.exists() else []  # refused before it is added to
        self._append("resumed", {"step": step})
        self._start = self._cpu() - (_spent([*before, {"event": "resumed", "step": step}]) or 0.0)

    def saved(self, step: int) -> None:
        """Log that the state after ``step`` steps was saved, and what the run has cost so far."""
        self._append("saved", {"step": step, "cpu_seconds": round(self._cpu() - self._start, 3)})

    def _append(self, kind: str, fields: dict[str, Any]) -> None:
        entry = {"schema": SCHEMA, "event": kind, "time": round(self.clock(), 3), **fields}
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry, allow_nan=False) + "\n")
        except OSError as error:
            raise SearchError(f"{self.path} cannot be written: {error.strerror}") from None


def read_events(path: Path) -> Iterator[dict[str, Any]]:
    """Every event in the order written; a cut last line is passed over.

    Raises:
        SearchError: a line is not an event, or of a schema that this version does not know.
    """
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines[:-1], 1):
        try:
            event = documents.parse(line.decode())
            schema = event["schema"]
            if schema == SCHEMA:
                _check(event)
        except (ValueError, KeyError):  # all that is wrong with a document is a ValueError
            raise SearchError(f"line {number} of {path} is not an event: remove it to go on") from None
        if schema != SCHEMA:
            raise SearchError(
                f"line {number} of {path} has schema {schema!r:.40}: this version reads {SCHEMA}"
            )
        yield event


def _check(event: Mapping[str, Any]) -> None:
    """Hold what is read of ``event`` against what is written. Raises KeyError or ValueError."""
    for name in (*_NEEDED.get(str(event["event"]), ()), *(event.keys() & _FIGURES)):
        documents.finite(event[name])
    if not isinstance(event.get("phase", ""), str):
        raise ValueError("no phase has that name")
    if not isinstance(event.get("step", 0), int) or not 0 <= event.get("step", 0) < 2**53:
        raise ValueError("no step has that number")


def step_history(path: Path) -> list[dict[str, Any]]:
    """The steps that led to the present state: each logged step once, in order, after all resumptions.

    Raises:
        SearchError: as :func:`read_events`.
    """
    history: list[dict[str, Any]] = []
    for event in read_events(path):
        if event["event"] == "resumed":
            history = [step for step in history if step["step"] < event["step"]]
        elif event["event"] == "step":
            history.append(event)
    return history


def cpu_seconds(path: Path) -> float | None:
    """The seconds of all cores that led to the state that was saved last, where the log says so.

    They are those of the process that keeps the run, from the opening of its log on. What was computed after
    a state that the run was resumed from, and lost, is not among them.

    Raises:
        SearchError: as :func:`read_events`.
    """
    return _spent(read_events(path))


def _spent(events: Iterable[dict[str, Any]]) -> float | None:
    saved: list[dict[str, Any]] = []
    for event in events:
        if event["event"] == "resumed":
            saved = [state for state in saved if state["step"] <= event["step"]]
        elif event["event"] == "saved":
            saved.append(event)
    return float(saved[-1]["cpu_seconds"]) if saved else None


def _drop_cut_line(path: Path) -> None:
    with path.open("rb+") as file:
        text = file.read()
        end = text.rfind(b"\n") + 1
        if end < len(text):
            file.truncate(end)
            os.fsync(file.fileno())
