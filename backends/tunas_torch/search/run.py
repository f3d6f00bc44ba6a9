"""A search from its run folder to its result."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from tunas_dsl.cost.model import CostModel
from tunas_dsl.errors import DataError, RankError
from tunas_dsl.ir import space as ir
from tunas_dsl.runs.events import StepEvent, WeightsEvent
from tunas_dsl.search.choice import choose
from tunas_dsl.search.outlook import check_decisions
from tunas_dsl.search.phases import phases
from tunas_dsl.search.progress import Argmax, Outcome, Progress
from tunas_dsl.search.run import RunFolder
from tunas_torch.runs.loop import PACE, Pace, Place, fingerprint, run_steps
from tunas_torch.runs.precision import check_precision
from tunas_torch.runs.starting import images_of, use
from tunas_torch.runs.team import assemble
from tunas_torch.search.memory_budget import recomputed
from tunas_torch.search.steps import Search
from tunas_torch.search.weights import WeightsSearch
from tunas_torch.supernet import Supernet


def start_search(
    space: ir.Space,
    model: CostModel,
    run: RunFolder,
    device: str,
    threads: int | None,
    images: object | None = None,
) -> Search:
    """A search at its first step, with the data that ``run`` names, or on ``images``, a pair of data sets.

    Raises:
        SearchError: the space has no classifier, or fewer classes than the data, or there is no such device,
            or a step does not fit into the memory that there may be.
        DataError: the data cannot be used.
    """
    settings, _ = run.over_images()
    check_decisions(space)
    place = use(device, threads)
    check_precision(settings.precision, place)
    team = assemble(place)
    data = images_of(space, run, settings.seed, settings.holdout, images=images)
    supernet = Supernet(space, execution=settings.execution, seed=settings.seed).to(place)
    kind = WeightsSearch if settings.apart else Search
    search = kind(supernet, model, data, settings, team)
    supernet.recomputed = recomputed(search)
    return search


def run_search(
    search: Search,
    run: RunFolder,
    *,
    resume: bool,
    report: Callable[[Progress], None],
    tell: Callable[[str], None],
    pace: Pace = PACE,
) -> Outcome:
    """Run ``search`` to its last step, or to an interruption (Ctrl-C or SIGTERM), which ends it after a step.

    Where other phases come after these steps, there is no result yet.

    Raises:
        SearchError: the loss is not finite, or the run's checkpoint does not fit; the last checkpoint stays.
    """
    space, settings = search.supernet.space, search.settings
    total = phases(settings)[0].total if settings.apart else search.steps

    def write_policy() -> None:
        logits = {
            decision.id: row[: len(decision.options)]
            for decision, row in zip(space.decisions, search.policy.logits.tolist(), strict=True)
        }
        run.write_policy(search.step_count, logits)

    with _saying_who(search.team.rank):
        run_steps(
            search,
            Place(run.path, run.events, fingerprint(space), run.fingerprint, run.keep),
            resume=resume,
            report=lambda event, seconds_left: report(Progress.after(event, total, seconds_left)),
            saved=write_policy,
            tell=tell,
            notable=_is_notable,
            pace=pace,
            team=search.team,
        )
    outcome = _outcome(search)
    if outcome.status == "finished" and not search.team.rank and not settings.apart:
        run.write_result(outcome)
    search.team.leave()
    return outcome


def _is_notable(event: StepEvent | WeightsEvent) -> bool:
    """Whether the log shows more of a step than of others."""
    return (event.probabilities if isinstance(event, StepEvent) else event.agreement) is not None


@contextmanager
def _saying_who(rank: int) -> Iterator[None]:
    """What a rank other than 0 meets alone becomes an error that says which one."""
    try:
        yield
    except DataError as error:
        if not rank:
            raise
        raise RankError(f"rank {rank}: {error}") from error


def _outcome(search: Search) -> Outcome:
    argmax = Argmax(indices=search.policy.argmax(), cost=search.argmax_cost())
    finished = search.step_count == search.steps
    indices = argmax.indices
    if finished and not search.settings.apart:
        indices = choose(search.supernet.space, search.model, search.settings, search.probabilities())
    return Outcome(
        status="finished" if finished else "interrupted",
        step=search.step_count,
        indices=indices,
        cost=float(search.model.total(np.array([indices]))[0]),
        unit=search.model.unit,
        argmax=argmax,
    )
