"""The loop around what runs step after step: resumption, log, checkpoints, and interruptions."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

import attrs
from torch import Tensor

from tunas_dsl.errors import DataError, SearchError
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.exchange import space_document
from tunas_dsl.runs.events import EventLog
from tunas_dsl.runs.folder import CHECKPOINT
from tunas_dsl.runs.generations import KEPT
from tunas_dsl.runs.interruption import interruption
from tunas_dsl.runs.saving import Saver
from tunas_dsl.search.progress import Remaining
from tunas_dsl.storage import documents
from tunas_torch.runs.checkpoint import Header, load_checkpoint, save_checkpoint
from tunas_torch.runs.team import PeerError, Team


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
    keep: int = KEPT
    """How many checkpoints stay."""


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
    team: Team | None = None,
) -> None:
    """Run ``work`` to its last step, or to an interruption (Ctrl-C or SIGTERM), which ends it after a step.

    Each step is reported with an estimate of the seconds left; at the ``pace``, each ``notable`` one
    and the last are logged. A checkpoint is written at the pace and at the end; ``saved`` follows each.
    In a ``team``, rank 0 does all that; the others take over its state and go along.

    Raises:
        SearchError: the run's checkpoint does not fit, or what ``work`` raises; the last checkpoint stays.
        DataError, PeerError: images can no longer be read, another rank is gone; what was done until then is
            saved.
    """
    team = team or Team()
    if team.rank:
        _follow(work, team)
        return
    log = EventLog(place.events)
    if resume:
        _go_on(work, place, log, saved, tell)
    _share(work, team)
    saver = Saver(
        lambda: work.step_count,
        lambda: _save(work, place, saved),
        log,
        seconds=pace.checkpoint_seconds,
        steps=pace.checkpoint_steps,
    )
    remaining = Remaining(work.steps - work.step_count)
    with interruption() as interrupted:
        while work.step_count < work.steps:
            with _rescuing(work, saver):
                if team.any(interrupted()):
                    break
                event = work.step()
            with saver.rescue():
                if event.step % pace.log_every == 0 or work.step_count == work.steps or notable(event):
                    log.step(event)
                report(event, remaining.seconds(work.steps - work.step_count))
                saver.keep_pace()
        if not work.step_count:
            saver.save()
        saver.catch_up()


def _go_on(
    work: Steps[F], place: Place, log: EventLog, saved: Callable[[], None], tell: Callable[[str], None]
) -> None:
    if _restore(work, place, tell):
        saved()  # an interruption may have come between a checkpoint and what follows it
    if work.step_count < work.steps:
        log.resumed(work.step_count)


def _follow(work: Steps[F], team: Team) -> None:
    _share(work, team)
    with interruption() as interrupted:
        while work.step_count < work.steps and not team.any(interrupted()):
            work.step()


def _share(work: Steps[F], team: Team) -> None:
    """Make the state of all ranks that of rank 0, to the bit."""
    if team.size > 1:
        state = work.state()
        team.share(state)
        if team.rank:
            work.load_state(state)


def _save(work: Steps[F], place: Place, saved: Callable[[], None]) -> None:
    header = Header(work.step_count, place.space, place.settings)
    save_checkpoint(place.folder, header, work.state(), place.keep)
    saved()


@contextmanager
def _rescuing(work: Steps[F], saver: Saver) -> Iterator[None]:
    """Save what was done before a step that fails, and say so in its error."""
    try:
        yield
    except (DataError, PeerError) as error:
        saver.catch_up()
        raise type(error)(f"{error}; saved after {work.step_count} steps") from error


def fingerprint(space: ir.Space) -> str:
    """A hash of what ``space`` means."""
    return hashlib.sha256(documents.dump(space_document(space)).encode()).hexdigest()


def _restore(work: Steps[F], place: Place, tell: Callable[[str], None]) -> bool:
    """Whether there was a checkpoint to go on from."""
    found = load_checkpoint(place.folder, tell)
    if found is None:
        tell(f"{place.folder} has no checkpoint yet: starting from the first step")
        return False
    header, state = found
    for what, theirs, ours in (
        ("space", header.space, place.space),
        ("settings", header.settings, place.settings),
    ):
        if theirs != ours:
            raise SearchError(f"the {what} of {place.folder} changed after its checkpoint: start a new run")
    try:
        work.load_state(state)
    except SearchError as error:
        raise SearchError(f"{place.folder / CHECKPOINT}: {error}") from None
    return True
