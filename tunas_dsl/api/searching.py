"""A search from its run folder to its outcome: over a supernet, or with any algorithm and quality."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

from tunas_dsl.api.subjects import Subject
from tunas_dsl.backend import load_backend
from tunas_dsl.cost.model import CostModel
from tunas_dsl.errors import SearchError
from tunas_dsl.exchange.bundle import source_sha256
from tunas_dsl.ir import space as ir
from tunas_dsl.runs.folder import TRAININGS
from tunas_dsl.runs.ranks import alone, rank, ranks
from tunas_dsl.search.algorithms.own import AlgorithmClass, OwnSettings
from tunas_dsl.search.algorithms.registry import start_algorithm
from tunas_dsl.search.driver import Driver
from tunas_dsl.search.outlook import outlook
from tunas_dsl.search.progress import Outcome, Progress
from tunas_dsl.search.quality import SHARED, TRAINING, Evaluator, Quality, load_quality
from tunas_dsl.search.run import RunFolder
from tunas_dsl.search.settings import PolicySettings
from tunas_dsl.training.phased import Means, PhasedSearch
from tunas_dsl.training.progress import TrainingOutcome, TrainingProgress
from tunas_dsl.training.quality import Train, TrainedQuality, Trainings, settled
from tunas_dsl.training.run import TrainingFolder


@attrs.frozen
class Listener:
    """Who hears of a search: of each step, of each step of a training, and sentences for the user."""

    report: Callable[[Progress], None] = lambda _: None
    tell: Callable[[str], None] = lambda _: None
    report_training: Callable[[str, TrainingProgress], None] = lambda _, __: None


@attrs.frozen
class Device:
    """Where it is computed, such as ``cpu`` or ``cuda:1``, with how many threads (nothing for all)."""

    name: str = "cpu"
    threads: int | None = None


def run_driven(
    subject: Subject,
    run: RunFolder,
    listener: Listener,
    device: Device,
    *,
    resume: bool,
    quality: Quality | None = None,
    own: AlgorithmClass | None = None,
) -> Outcome:
    """Search without a supernet from the run's first step, or from its last state on.

    ``quality`` stands for what the run names, and ``own`` makes an algorithm that does not come along. A
    quality that trains, or that rates with trained weights, computes on the ``device``.

    Raises:
        UserError: the quality fails, the run's state does not fit, or its algorithm is somebody's own, and
            was not named.
    """
    alone("a search without a supernet")
    if own is None and isinstance(run.settings, OwnSettings):
        raise SearchError(
            f"{run.path} was begun by `{run.algorithm}`, whose code is not in the folder: add "
            f"--algorithm {run.algorithm} if you trust it"
        )
    space, model = subject.space, subject.model(run.cost)
    rating = _named_quality(subject, run, listener, device) if quality is None else quality
    driver = Driver(
        space,
        model,
        run,
        start_algorithm(space, model, run.settings, own),
        Evaluator(str(run.quality), rating, space),
    )
    listener.tell(heading(subject.space, model, run))
    return driver.search(resume=resume, report=listener.report, tell=listener.tell)


def run_supernet(
    subject: Subject,
    run: RunFolder,
    listener: Listener,
    device: Device,
    *,
    resume: bool,
    images: object | None = None,
) -> Outcome:
    """Search over a supernet, on what ``run`` names, or on ``images`` that are given as objects.

    If the run says so it is a search in phases: weights, then a policy, then a short list.

    Raises:
        UserError: the images cannot be used, the loss is not finite, or the run's checkpoint does not fit.
    """
    model, backend = subject.model(run.cost), load_backend()

    def search_weights() -> Outcome:
        return backend.search(
            subject.space,
            model,
            run,
            resume=resume,
            report=listener.report,
            tell=listener.tell,
            device=device.name,
            threads=device.threads,
            started=lambda: listener.tell(heading(subject.space, model, run)),
            images=images,
        )

    if rank() or not run.in_phases:  # of several processes, that of rank 0 goes on after the weights
        return search_weights()

    def open_quality() -> Quality:
        return _shared_weights(subject, run, listener, device, images)

    means = Means(search_weights, open_quality, trainer(listener, device, images))
    shared = trainings_of(subject, run, run.over_images()[1])
    return PhasedSearch(subject.space, model, run, shared, means).search(listener.report, listener.tell)


def heading(space: ir.Space, model: CostModel, run: RunFolder) -> str:
    """What is about to be searched, and for a policy what there is to learn from, a line each."""
    how = run.algorithm if run.quality is not None else f"{run.settings.to_json()['steps']} steps"
    expected = (
        outlook(space, model, run.settings, ranks()) if isinstance(run.settings, PolicySettings) else []
    )
    sentence = (
        f"searching {space.name} ({len(space.decisions)} decisions) with "
        f"{run.quality or run.data} for {run.settings.target:g} {model.unit} by {model.name}, {how}, "
        f"seed {run.settings.seed}, into {run.path}"
    )
    return "\n".join([sentence, *expected])


def trainer(listener: Listener, device: Device, images: object | None = None) -> Train:
    """What trains an architecture of a search, and lets the listener hear of it."""
    backend = load_backend()
    sentences: set[str] = set()

    def tell_once(sentence: str) -> None:
        if sentence not in sentences:  # what is done to images is the same in all trainings
            sentences.add(sentence)
            listener.tell(sentence)

    def train(network: ir.Space, training: TrainingFolder, resume: bool) -> TrainingOutcome:
        return backend.train(
            network,
            training,
            test=False,
            resume=resume,
            report=lambda progress: listener.report_training(training.path.name, progress),
            tell=tell_once,
            device=device.name,
            threads=device.threads,
            images=images,
        )

    return train


def trainings_of(subject: Subject, run: RunFolder, data: str) -> Trainings:
    """What the trainings in a search's folder share."""
    return Trainings(
        folder=run.path / TRAININGS,
        data=data,
        recipe=_recipe(run),
        sha256=source_sha256(subject.text),
        keep=run.keep,
    )


def _named_quality(subject: Subject, run: RunFolder, listener: Listener, device: Device) -> Quality:
    name = str(run.quality)
    if name.startswith(TRAINING):
        shared = trainings_of(subject, run, name.removeprefix(TRAINING))
        return TrainedQuality(subject.space, shared, trainer(listener, device))
    if name.startswith(SHARED):
        searched = RunFolder.open(Path(name.removeprefix(SHARED)))
        return _shared_weights(subject, searched, listener, device)
    return load_quality(name, subject.space)


def _shared_weights(
    subject: Subject, run: RunFolder, listener: Listener, device: Device, images: object | None = None
) -> Quality:
    return load_backend().shared_weights(
        subject.space, run, device=device.name, threads=device.threads, tell=listener.tell, images=images
    )


def _recipe(run: RunFolder) -> dict[str, Any]:
    """The settings of the run's trainings, checked again: the folder may come from elsewhere."""
    try:
        return settled(run.recipe or {})
    except SearchError as error:
        raise SearchError(f"{run.path / 'settings.json'}: `recipe`: {error}") from None
