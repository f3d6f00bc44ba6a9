"""A training from its run folder to its result, and the evaluation of what it left there."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import torch

from tunas_dsl.errors import SearchError
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import prune
from tunas_dsl.training.progress import (
    Evaluation,
    Part,
    TrainingEvent,
    TrainingOutcome,
    TrainingProgress,
)
from tunas_dsl.training.run import TrainingFolder
from tunas_torch.data import ImageData
from tunas_torch.data.joining import with_validation
from tunas_torch.network import Network
from tunas_torch.runs.loop import PACE, Pace, Place, fingerprint, run_steps
from tunas_torch.runs.precision import check_precision
from tunas_torch.runs.starting import images_of, use
from tunas_torch.training.evaluation import evaluate
from tunas_torch.training.steps import Training
from tunas_torch.training.trained import (
    card_for,
    check_classes,
    load_network,
    normalised_by,
    prepare_image,
    save_network,
)


def start_training(
    architecture: ir.Space,
    run: TrainingFolder,
    device: str,
    threads: int | None,
    images: object | None = None,
) -> Training:
    """A training at its first step, with the data that ``run`` names, or on ``images``, a pair of data sets.

    Raises:
        SearchError: there is no classifier, or one of too few classes, or there is no such device.
        DataError: the data cannot be used.
    """
    place = use(device, threads)
    check_precision(run.settings.precision, place)
    data = _images(architecture, run, keep=True, images=images)
    return Training(Network(architecture, seed=run.settings.seed).to(place), data, run.settings)


def run_training(
    training: Training,
    run: TrainingFolder,
    *,
    test: bool,
    resume: bool,
    report: Callable[[TrainingProgress], None],
    tell: Callable[[str], None],
    pace: Pace = PACE,
) -> TrainingOutcome:
    """Run ``training`` to its last step, or to an interruption, which ends it after a step.

    Raises:
        SearchError: the loss is not finite, or the run's checkpoint does not fit; the last checkpoint stays.
    """
    network = training.network

    def save_weights() -> None:
        save_network(run.weights, network, card_for(network, training.data, training.step_count))

    run_steps(
        training,
        Place(run.path, run.events, fingerprint(network.architecture), run.fingerprint, run.keep),
        resume=resume,
        report=lambda event, seconds_left: report(_progress(training, event, seconds_left)),
        saved=save_weights,
        tell=tell,
        notable=lambda event: event.validation is not None,
        pace=pace,
    )
    if training.step_count < training.steps:
        return _outcome(training, "interrupted")
    outcome = _outcome(
        training, "finished", validation=training.validate(), test=training.evaluate("test") if test else None
    )
    run.write_result(outcome)
    return outcome


def evaluate_training(
    architecture: ir.Space,
    run: TrainingFolder,
    split: Part,
    device: str,
    threads: int | None,
    tell: Callable[[str], None],
) -> Evaluation:
    """How good the weights of ``run`` are, as of its last checkpoint; images are prepared as in training.

    Raises:
        SearchError: there are none yet, or they are another network's, or there are no such images.
        DataError: the data cannot be used.
    """
    place = use(device, threads)
    network, card = load_network(run.weights)
    if network.architecture != prune(architecture, [0] * len(architecture.decisions)):
        raise SearchError(f"{run.weights} is not of the architecture in {run.architecture}")
    data = _images(architecture, run, keep=False)
    for note in data.notes:
        tell(note)
    check_classes(card, data, run.weights)
    return evaluate(network.to(place), normalised_by(card, data), split)


@torch.no_grad()
def classify_image(
    run: TrainingFolder, image: Path, device: str, threads: int | None
) -> list[tuple[str, float]]:
    """The classes of the picture in a file by the weights of ``run``, the most probable first.

    Raises:
        SearchError: there are no weights yet, or they do not say how images were prepared.
        DataError: the file is no image.
    """
    place = use(device, threads)
    network, card = load_network(run.weights)
    pixels = torch.from_numpy(prepare_image(card, image)).to(place)
    logits = network.to(place)(pixels)[0, : len(card.class_names)]
    found = zip(card.class_names, logits.double().softmax(0).tolist(), strict=True)
    return sorted(found, key=lambda pair: -pair[1])


def _images(
    architecture: ir.Space, run: TrainingFolder, *, keep: bool, images: object | None = None
) -> ImageData:
    settings = run.settings
    data = images_of(architecture, run, settings.seed, settings.holdout, keep=keep, images=images)
    return with_validation(data) if run.settings.full else data


def _progress(training: Training, event: TrainingEvent, seconds_left: float) -> TrainingProgress:
    return TrainingProgress(
        step=event.step + 1,
        steps=training.steps,
        loss=event.loss,
        accuracy=event.accuracy,
        validation=None if training.last is None else training.last.accuracy,
        seconds_left=seconds_left,
    )


def _outcome(
    training: Training,
    status: Literal["finished", "interrupted"],
    validation: Evaluation | None = None,
    test: Evaluation | None = None,
) -> TrainingOutcome:
    return TrainingOutcome(
        status=status, step=training.step_count, epochs=training.epochs, validation=validation, test=test
    )
