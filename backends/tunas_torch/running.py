"""A search from its run folder to its result: resumption, log, checkpoints, and interruptions."""

import hashlib
import time
from collections.abc import Callable

import torch

from tunas_dsl import documents
from tunas_dsl.cost.model import CostModel
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.exchange import space_document
from tunas_dsl.search.errors import SearchError
from tunas_dsl.search.events import EventLog, StepEvent
from tunas_dsl.search.interruption import interruption
from tunas_dsl.search.progress import Outcome, Progress, Remaining
from tunas_dsl.search.run import RunFolder
from tunas_torch.checkpoint import Header, load_checkpoint, save_checkpoint
from tunas_torch.data import open_data
from tunas_torch.search import Search
from tunas_torch.supernet import Supernet


def start_search(
    space: ir.Space, model: CostModel, run: RunFolder, device: str, threads: int | None
) -> Search:
    """A search at its first step, with the data that ``run`` names.

    Raises:
        SearchError: the space has no classifier, or fewer classes than the data, or there is no such device.
        DataError: the data cannot be used.
    """
    settings, source = run.over_images()
    if threads is not None:
        torch.set_num_threads(threads)
    if space.classifier is None:
        raise SearchError(f"`{space.name}` has no classifier, so that there is no accuracy to search for")
    try:
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError):  # the latter without CUDA
        raise SearchError(f"there is no device `{device}` on this machine: use `cpu`") from None
    height, width = max(space.inputs.size.options)  # a resolution decision only makes them smaller
    shape = (space.inputs.channels.constant, height, width)
    data = open_data(source, image_shape=shape, seed=settings.seed)
    if len(data.class_names) > space.classifier.classes:
        raise SearchError(
            f"`{data.name}` has {len(data.class_names)} classes, "
            f"but the classifier of `{space.name}` only {space.classifier.classes}"
        )
    supernet = Supernet(space, seed=settings.seed).to(device)
    return Search(supernet, model, data, settings)


def run_search(
    search: Search,
    run: RunFolder,
    *,
    resume: bool,
    report: Callable[[Progress], None],
    tell: Callable[[str], None],
    log_every: int = 10,
    checkpoint_steps: int = 500,
    checkpoint_seconds: float = 300.0,
) -> Outcome:
    """Run ``search`` to its last step, or to an interruption (Ctrl-C or SIGTERM), which ends it after a step.

    A checkpoint is written after every ``checkpoint_steps`` steps or ``checkpoint_seconds`` seconds,
    and at the end.

    Raises:
        SearchError: the loss is not finite, or the run's checkpoint does not fit; the last checkpoint stays.
    """
    steps = search.settings.steps
    log = EventLog(run.events)
    if resume:
        _restore(search, run, tell)
        if search.step_count < steps:
            log.resumed(search.step_count)
    remaining = Remaining(steps - search.step_count)
    saved, saved_at = search.step_count, time.monotonic()
    with interruption() as interrupted:
        while search.step_count < steps and not interrupted():
            event = search.step()
            if event.step % log_every == 0 or search.step_count == steps:
                log.step(event)
            report(_progress(event, steps, remaining.seconds(steps - search.step_count)))
            due = time.monotonic() - saved_at >= checkpoint_seconds
            if due or search.step_count - saved >= checkpoint_steps:
                _save(search, run)
                saved, saved_at = search.step_count, time.monotonic()
        if saved < search.step_count or not resume:
            _save(search, run)
    outcome = _outcome(search)
    if outcome.status == "finished":
        run.write_result(outcome)
    return outcome


def _restore(search: Search, run: RunFolder, tell: Callable[[str], None]) -> None:
    found = load_checkpoint(run.path, tell)
    if found is None:
        tell(f"{run.path} has no checkpoint yet: starting from the first step")
        return
    header, state = found
    for what, theirs, ours in (
        ("space", header.space, _fingerprint(search.supernet.space)),
        ("settings", header.settings, run.fingerprint),
    ):
        if theirs != ours:
            raise SearchError(f"the {what} of {run.path} changed after its checkpoint: start a new run")
    search.load_state(state)


def _save(search: Search, run: RunFolder) -> None:
    space = search.supernet.space
    header = Header(search.step_count, _fingerprint(space), run.fingerprint)
    save_checkpoint(run.path, header, search.state())
    logits = {
        decision.id: row[: len(decision.options)]
        for decision, row in zip(space.decisions, search.policy.logits.tolist(), strict=True)
    }
    run.write_policy(search.step_count, logits)


def _fingerprint(space: ir.Space) -> str:
    return hashlib.sha256(documents.dump(space_document(space)).encode()).hexdigest()


def _progress(event: StepEvent, steps: int, seconds_left: float) -> Progress:
    return Progress(
        step=event.step + 1,
        steps=steps,
        accuracy=event.accuracy,
        reward=event.reward,
        sampled_cost=event.cost,
        argmax_cost=event.argmax_cost,
        entropy=event.entropy,
        seconds_left=seconds_left,
    )


def _outcome(search: Search) -> Outcome:
    return Outcome(
        status="finished" if search.step_count == search.settings.steps else "interrupted",
        step=search.step_count,
        indices=search.policy.argmax(),
        cost=search.argmax_cost(),
        unit=search.model.unit,
    )
