"""The loop around what runs step after step: resumption, log, checkpoints, and interruptions."""

import hashlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol, TypeVar

import attrs
from torch import Tensor

from tunas_dsl import documents
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.exchange import space_document
from tunas_dsl.search.errors import SearchError
from tunas_dsl.search.events import EventLog
from tunas_dsl.search.interruption import interruption
from tunas_dsl.search.progress import Remaining
from tunas_torch.checkpoint import Header, load_checkpoint, save_checkpoint


class Event(attrs.AttrsInstance, Protocol):
    """What a step did; ``step`` counts from 0."""

    @property
    def step(self) -> int:
        """The number of the step."""
        ...


E = TypeVar("E", bound=Event, covariant=True)
F = TypeVar("F", bound=Event)


class Steps(Protocol[E]):
    """A search or a training: ``step_count`` of ``steps`` are done."""

    step_count: int

    @property
    def steps(self) -> int:
        """How many there are in all."""
        ...

    def step(self) -> E:
        """The next one."""
        ...

    def state(self) -> dict[str, Tensor]:
        """Everything that the next step depends on, by name."""
        ...

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Take over what :meth:`state` gave."""
        ...


@attrs.frozen
class Place:
    """Where a run is kept: its folder and log, and fingerprints of what its checkpoints belong to."""

    folder: Path
    events: Path
    space: str
    settings: str


@attrs.frozen
class Pace:
    """How often steps are logged, and how often a checkpoint is written."""

    log_every: int = 10
    checkpoint_steps: int = 500
    checkpoint_seconds: float = 300.0


PACE = Pace()


def run_steps(
    work: Steps[F],
    place: Place,
    *,
    resume: bool,
    report: Callable[[F, float], None],
    saved: Callable[[], None],
    tell: Callable[[str], None],
    notable: Callable[[F], bool] = lambda _: False,
    pace: Pace,
) -> None:
    """Run ``work`` to its last step, or to an interruption (Ctrl-C or SIGTERM), which ends it after a step.

    Each step is reported with an estimate of the seconds left; at the ``pace``, each ``notable`` one
    and the last are logged. A checkpoint is written at the pace and at the end; ``saved`` follows each.

    Raises:
        SearchError: the run's checkpoint does not fit, or what ``work`` raises; the last checkpoint stays.
    """

    def save() -> None:
        save_checkpoint(place.folder, Header(work.step_count, place.space, place.settings), work.state())
        saved()

    log = EventLog(place.events)
    if resume:
        _restore(work, place, tell)
        if work.step_count < work.steps:
            log.resumed(work.step_count)
    remaining = Remaining(work.steps - work.step_count)
    last, last_at = work.step_count, time.monotonic()
    with interruption() as interrupted:
        while work.step_count < work.steps and not interrupted():
            event = work.step()
            if event.step % pace.log_every == 0 or work.step_count == work.steps or notable(event):
                log.step(event)
            report(event, remaining.seconds(work.steps - work.step_count))
            due = time.monotonic() - last_at >= pace.checkpoint_seconds
            if due or work.step_count - last >= pace.checkpoint_steps:
                save()
                last, last_at = work.step_count, time.monotonic()
        if last < work.step_count or not resume:
            save()


def fingerprint(space: ir.Space) -> str:
    """A hash of what ``space`` means."""
    return hashlib.sha256(documents.dump(space_document(space)).encode()).hexdigest()


def _restore(work: Steps[F], place: Place, tell: Callable[[str], None]) -> None:
    found = load_checkpoint(place.folder, tell)
    if found is None:
        tell(f"{place.folder} has no checkpoint yet: starting from the first step")
        return
    header, state = found
    for what, theirs, ours in (
        ("space", header.space, place.space),
        ("settings", header.settings, place.settings),
    ):
        if theirs != ours:
            raise SearchError(f"the {what} of {place.folder} changed after its checkpoint: start a new run")
    work.load_state(state)
