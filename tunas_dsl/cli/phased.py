"""A search in phases from the command line: weights, policy and short list in one run folder."""

from tunas_dsl.backend import load_backend
from tunas_dsl.cli.display.progress import Reporter, search_line
from tunas_dsl.cli.driving import trainer, trainings_of
from tunas_dsl.cli.run_folders import conclude, heading, until_ctrl_c
from tunas_dsl.cli.subjects import Subject
from tunas_dsl.search.progress import Outcome, Progress
from tunas_dsl.search.quality import Quality
from tunas_dsl.search.run import RunFolder
from tunas_dsl.training.phased import Means, PhasedSearch


def search_in_phases(
    subject: Subject, run: RunFolder, resume: bool, device: str, threads: int | None
) -> None:
    """Search from the run's first step, or from wherever its folder is; of several processes, in rank 0."""
    model = subject.model(run.cost)
    _, data = run.over_images()
    outcome: Outcome | None = None
    with until_ctrl_c(run.path, resume), Reporter(search_line(model.unit)) as reporter:
        means = _means(subject, run, resume, device, threads, reporter)
        search = PhasedSearch(subject.space, model, run, trainings_of(subject, run, data), means)
        outcome = search.search(reporter.report, reporter.tell)
    conclude(outcome, run, "tunas search")


def _means(
    subject: Subject,
    run: RunFolder,
    resume: bool,
    device: str,
    threads: int | None,
    reporter: Reporter[Progress],
) -> Means:
    backend, model = load_backend(), subject.model(run.cost)

    def weights() -> Outcome:
        return backend.search(
            subject.space,
            model,
            run,
            resume=resume,
            report=reporter.report,
            tell=reporter.tell,
            device=device,
            threads=threads,
            started=lambda: reporter.tell(heading(subject, model, run)),
        )

    def quality() -> Quality:
        return backend.shared_weights(subject.space, run, device=device, threads=threads, tell=reporter.tell)

    return Means(weights, quality, trainer(device, threads, reporter))
