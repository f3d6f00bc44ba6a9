"""A search without a supernet from the command line, whatever its algorithm."""

from pathlib import Path
from typing import Any

from tunas_dsl.backend import load_backend
from tunas_dsl.cli.display.progress import Reporter, in_a_line, search_line, training_line
from tunas_dsl.cli.run_folders import conclude, heading, until_ctrl_c
from tunas_dsl.cli.subjects import Subject
from tunas_dsl.errors import SearchError
from tunas_dsl.exchange.bundle import source_sha256
from tunas_dsl.ir import space as ir
from tunas_dsl.runs.folder import TRAININGS
from tunas_dsl.runs.ranks import alone
from tunas_dsl.search.algorithms.own import AlgorithmClass, OwnSettings
from tunas_dsl.search.algorithms.registry import start_algorithm
from tunas_dsl.search.driver import Driver
from tunas_dsl.search.progress import Outcome, Progress
from tunas_dsl.search.quality import SHARED, TRAINING, Evaluator, Quality, load_quality
from tunas_dsl.search.run import RunFolder
from tunas_dsl.training.progress import TrainingOutcome, TrainingProgress
from tunas_dsl.training.quality import Train, TrainedQuality, Trainings, settled
from tunas_dsl.training.run import TrainingFolder


def drive(
    subject: Subject,
    run: RunFolder,
    resume: bool,
    command: str,
    device: str,
    threads: int | None,
    own: AlgorithmClass | None = None,
) -> Outcome:
    """Search from the run's first step, or from its last state on; ``command`` is how to go on with it.

    ``own`` makes the algorithm where it is none that comes along. A quality that trains, or that rates with
    trained weights, does so on the ``device`` with so many ``threads``.

    Raises:
        SearchError: the algorithm is one of somebody's own, and was not named.
    """
    alone("a search without a supernet")
    if own is None and isinstance(run.settings, OwnSettings):
        raise SearchError(
            f"{run.path} was begun by `{run.algorithm}`, whose code is not in the folder: add "
            f"--algorithm {run.algorithm} if you trust it"
        )
    space, model, name = subject.space, subject.model(run.cost), str(run.quality)
    best = "argmax" if run.algorithm == "reinforce" else "best"
    outcome: Outcome | None = None
    with until_ctrl_c(run.path, resume), Reporter(search_line(model.unit, "quality", best)) as reporter:
        quality = _quality(subject, run, device, threads, reporter)
        algorithm = start_algorithm(space, model, run.settings, own)
        driver = Driver(space, model, run, algorithm, Evaluator(name, quality, space))
        reporter.tell(heading(subject, model, run))
        outcome = driver.search(resume=resume, report=reporter.report, tell=reporter.tell)
    conclude(outcome, run, command)
    assert outcome is not None  # an interruption has ended the program
    return outcome


def _quality(
    subject: Subject, run: RunFolder, device: str, threads: int | None, reporter: Reporter[Progress]
) -> Quality:
    name = str(run.quality)
    if name.startswith(TRAINING):
        shared = trainings_of(subject, run, name.removeprefix(TRAINING))
        return TrainedQuality(subject.space, shared, trainer(device, threads, reporter))
    if name.startswith(SHARED):
        searched = RunFolder.open(Path(name.removeprefix(SHARED)))
        return load_backend().shared_weights(
            subject.space, searched, device=device, threads=threads, tell=reporter.tell
        )
    return load_quality(name, subject.space)


def trainer(device: str, threads: int | None, reporter: Reporter[Progress]) -> Train:
    """What trains an architecture of a search, and shows how far it is below the search's state."""
    backend = load_backend()
    said: set[str] = set()

    def tell(sentence: str) -> None:
        if sentence not in said:  # what is done to images is the same in all trainings
            said.add(sentence)
            reporter.tell(sentence)

    def train(network: ir.Space, training: TrainingFolder, resume: bool) -> TrainingOutcome:
        def report(progress: TrainingProgress) -> None:
            line = in_a_line(progress, training_line(progress))
            reporter.within(f"training {training.path.name}: {line}")

        return backend.train(
            network,
            training,
            test=False,
            resume=resume,
            report=report,
            tell=tell,
            device=device,
            threads=threads,
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


def _recipe(run: RunFolder) -> dict[str, Any]:
    """The settings of the run's trainings, checked again: the folder may come from elsewhere."""
    try:
        return settled(run.recipe or {})
    except SearchError as error:
        raise SearchError(f"{run.path / 'settings.json'}: `recipe`: {error}") from None
