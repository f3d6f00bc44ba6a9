"""A search from the command line, with what it says while it runs and at its end."""

from typing import Any

from tunas_dsl.api.searching import Device, Listener, run_driven, run_supernet
from tunas_dsl.api.subjects import Subject
from tunas_dsl.cli.display.progress import Reporter, in_a_line, search_line, training_line
from tunas_dsl.cli.run_folders import conclude, until_ctrl_c
from tunas_dsl.search.algorithms.own import AlgorithmClass
from tunas_dsl.search.progress import Outcome
from tunas_dsl.search.run import RunFolder
from tunas_dsl.training.progress import TrainingProgress


def drive(
    subject: Subject,
    run: RunFolder,
    resume: bool,
    command: str,
    device: Device,
    own: AlgorithmClass | None = None,
) -> None:
    """Search without a supernet from the run's first step, or from its last state on.

    ``command`` is how to go on with it after an interruption, which ends the program; ``own`` makes the
    algorithm where it is none that comes along.
    """
    best = "argmax" if run.algorithm == "reinforce" else "best"
    line = search_line(subject.model(run.cost).unit, "quality", best)
    outcome: Outcome | None = None
    with until_ctrl_c(run.path, resume), Reporter(line) as reporter:
        outcome = run_driven(subject, run, listener_of(reporter), device, resume=resume, own=own)
    conclude(outcome, run, command)


def drive_supernet(subject: Subject, run: RunFolder, resume: bool, device: Device) -> None:
    """Search over a supernet from the run's first step, or from its last checkpoint on."""
    outcome: Outcome | None = None
    with until_ctrl_c(run.path, resume), Reporter(search_line(subject.model(run.cost).unit)) as reporter:
        outcome = run_supernet(subject, run, listener_of(reporter), device, resume=resume)
    conclude(outcome, run, "tunas search")


def listener_of(reporter: Reporter[Any]) -> Listener:
    """What lets the terminal show a search, and the trainings of one below its state."""

    def report_training(name: str, progress: TrainingProgress) -> None:
        reporter.within(f"training {name}: {in_a_line(progress, training_line(progress))}")

    return Listener(reporter.report, reporter.tell, report_training)
