"""A search without a supernet from the command line, whatever its algorithm."""

from pathlib import Path

import click

from tunas_dsl.backend import load_backend
from tunas_dsl.cli.progress import Reporter, search_line
from tunas_dsl.cli.run_folders import cleared_if_empty, conclude, heading
from tunas_dsl.cli.subjects import Subject
from tunas_dsl.ir import space as ir
from tunas_dsl.search.algorithms import start_algorithm
from tunas_dsl.search.driver import Driver
from tunas_dsl.search.progress import Outcome
from tunas_dsl.search.quality import Evaluator, Quality, load_quality
from tunas_dsl.search.ranks import alone
from tunas_dsl.search.run import RunFolder

SHARED = "supernet:"


def drive(subject: Subject, run: RunFolder, resume: bool, command: str) -> Outcome:
    """Search from the run's first step, or from its last state on; ``command`` is how to go on with it."""
    alone("a search without a supernet")
    space, model, name = subject.space, subject.model(run.cost), str(run.quality)
    outcome: Outcome | None = None
    with cleared_if_empty(run.path, resume):
        try:
            evaluator = Evaluator(name, _quality(name, space), space)
            driver = Driver(space, model, run, start_algorithm(space, model, run.settings), evaluator)
            click.echo(heading(subject, model, run), err=True)
            best = "argmax" if run.algorithm == "reinforce" else "best"
            with Reporter(search_line(model.unit, "quality", best)) as reporter:
                outcome = driver.search(resume=resume, report=reporter.report, tell=reporter.tell)
        except KeyboardInterrupt:
            pass
    conclude(outcome, run, command)
    assert outcome is not None  # an interruption has ended the program
    return outcome


def _quality(name: str, space: ir.Space) -> Quality:
    if not name.startswith(SHARED):
        return load_quality(name, space)
    run = RunFolder.open(Path(name.removeprefix(SHARED)))
    return load_backend().shared_weights(space, run, lambda sentence: click.echo(sentence, err=True))
