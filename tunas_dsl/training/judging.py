"""The judge of the judge: random architectures are rated by shared weights and trained alone, one by one."""

from collections.abc import Callable

import attrs
import numpy as np

from tunas_dsl.cost.band import band_ends
from tunas_dsl.cost.model import CostModel
from tunas_dsl.cost.sampling import sample
from tunas_dsl.errors import SearchError
from tunas_dsl.ir import space as ir
from tunas_dsl.runs.interruption import InterruptedStep, interruption
from tunas_dsl.search.activity import Activity
from tunas_dsl.search.progress import Remaining
from tunas_dsl.search.quality import Quality
from tunas_dsl.search.run import RunFolder
from tunas_dsl.training.quality import TrainedQuality
from tunas_dsl.training.ranking import Judged, Ranking, write_ranking

_DRAWS = 32
"""So many times as many are drawn as are wanted, of which those that are equal count once."""


@attrs.frozen
class Verdict:
    """The state after the training of ``judged``, the ``step``-th of ``steps``; an estimate of the rest."""

    step: int
    steps: int
    judged: Judged
    seconds_left: float


def drawn(
    space: ir.Space, model: CostModel, target: float, ranking: Ranking, count: int
) -> list[tuple[int, ...]]:
    """``count`` distinct architectures of the ranking's band, or all there are; fewer are the first of more.

    Raises:
        SamplingError: there are none.
    """
    vectors = sample(space, _DRAWS * count, ranking.seed, model, band_ends(target, ranking.within))
    rows = Activity(space.decisions).canonical(vectors).tolist()
    return list(dict.fromkeys(map(tuple, rows)))[:count]


def judge(
    space: ir.Space,
    model: CostModel,
    run: RunFolder,
    ranking: Ranking,
    count: int,
    *,
    rating: Quality,
    training: TrainedQuality,
    report: Callable[[Verdict], None],
) -> Ranking:
    """The ``ranking`` with ``count`` architectures, written to the folder of ``run`` after each.

    What is in it already is rated anew, since weights may have been trained on.

    Raises:
        InterruptedStep: an interruption ended a training, which can go on.
        SearchError, DataError: a training failed, or the images cannot be used.
    """
    before = len(ranking.judged)
    rows = drawn(space, model, run.settings.target, ranking, max(count, before))
    ratings = np.asarray(rating(np.array(rows)), dtype=float).tolist()
    costs = model.total(np.array(rows)).tolist()
    done: list[Judged] = []
    remaining = Remaining(len(rows))
    with interruption() as interrupted:
        for row, cost, rated in zip(rows, costs, ratings, strict=True):
            if interrupted():
                raise InterruptedStep
            (accuracy,) = training(np.array([row]))
            done.append(Judged(indices=row, cost=cost, rating=rated, accuracy=accuracy))
            ranking = attrs.evolve(ranking, judged=tuple(done))
            if len(done) >= before:
                write_ranking(run.path, ranking)
            left = remaining.seconds(len(rows) - len(done))
            report(Verdict(len(done), len(rows), done[-1], left))
    return ranking


def check_same(ranking: Ranking, wanted: Ranking, where: str) -> None:
    """Refuse to go on with a ``ranking``, which is ``where`` it says, in another way than it began.

    Raises:
        SearchError: band, seed or recipe differ.
    """
    ours, theirs = ({**attrs.asdict(one), **one.recipe} for one in (wanted, ranking))
    for name in ("within", "seed", *sorted(wanted.recipe.keys() | ranking.recipe.keys())):
        if ours.get(name) != theirs.get(name):
            raise SearchError(
                f"`{name}` is {ours.get(name)!r}, but {where} was begun with {theirs.get(name)!r}: leave it "
                f"out to go on, or delete that folder to begin anew"
            )
