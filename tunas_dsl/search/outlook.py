"""What can be said of a search before its first step: is there anything to decide, and enough to see.

Three figures decide whether a search can end in something of use: the images that each architecture's batch
norms see, where the target lies among architectures, and how many evaluations there are for each option.
"""

from collections.abc import Iterator

import numpy as np

from tunas_dsl.cost.model import CostModel
from tunas_dsl.cost.sampling import sample
from tunas_dsl.errors import SearchError
from tunas_dsl.ir import space as ir
from tunas_dsl.search.settings import FEWEST_IMAGES, PolicySettings, SearchSettings

EDGE = 0.1
"""A target below this quantile of random architectures, or above 1 minus it, is at the edge of a space."""

_DRAWN = 1 << 16  # so that a quantile is known to some 0.2 points


def check_decisions(space: ir.Space) -> None:
    """Refuse a search where nothing is left to decide.

    Raises:
        SearchError: every decision of ``space`` has one option, or there is none.
    """
    if space.is_architecture:
        raise SearchError(
            f"`{space.name}` leaves nothing to decide, so that there is nothing to search: "
            f"`tunas train` trains it, `tunas cost` says what it costs"
        )


def target_quantile(space: ir.Space, model: CostModel, target: float) -> float:
    """The share of random architectures, all options equally likely, that cost less than ``target``.

    The paper's targets lie at 0.24 to 0.32. The same 65,536 architectures are drawn every time.
    """
    return float((_costs(space, model) < target).mean())


def outlook(space: ir.Space, model: CostModel, settings: PolicySettings, ranks: int = 1) -> list[str]:
    """Sentences about a search with ``settings`` in so many processes, warnings among them."""
    return [
        *_images(settings, ranks),
        *_evaluations(space, settings, ranks),
        *_target(space, model, settings.target),
    ]


def _images(settings: PolicySettings, ranks: int) -> Iterator[str]:
    if not isinstance(settings, SearchSettings):
        return
    architectures = settings.samples_per_step * ranks
    training = settings.batch_size // architectures
    validation = settings.rating_images if settings.apart else settings.validation_batch_size // architectures
    yield f"images of an architecture: {training:,} in training, {validation:,} in validation"
    if training < FEWEST_IMAGES:
        fewer = f" or fewer --samples-per-step than {settings.samples_per_step}" if architectures > 1 else ""
        yield (
            f"warning: batch norm sees {training:,} images of an architecture, and wants {FEWEST_IMAGES} or "
            f"more: give --batch-size {FEWEST_IMAGES * architectures} or more{fewer}"
        )
    if validation < FEWEST_IMAGES:
        yield (
            f"warning: architectures are rated on {validation:,} images, and batch norm wants "
            f"{FEWEST_IMAGES} or more: give --validation-batch-size {FEWEST_IMAGES * architectures} or more"
        )


def _evaluations(space: ir.Space, settings: PolicySettings, ranks: int) -> Iterator[str]:
    options = sum(len(decision.options) for decision in space.decisions if len(decision.options) > 1)
    evaluations = (settings.steps - settings.delay_steps) * settings.samples_per_step * ranks
    if isinstance(settings, SearchSettings) and settings.apart:
        evaluations = settings.ratings
    yield f"evaluations from which the policy learns: {evaluations:,}, {evaluations / options:.3g} an option"


def _target(space: ir.Space, model: CostModel, target: float) -> Iterator[str]:
    costs = _costs(space, model)
    share = float((costs < target).mean())
    yield f"the target is at the {100 * share:.0f} % quantile of random architectures"
    if not EDGE <= share <= 1 - EDGE:
        low, high = np.quantile(costs, [EDGE, 1 - EDGE])
        yield (
            f"warning: {'few' if 0 < share < 1 else 'no'} architectures are as "
            f"{'cheap' if share < EDGE else 'dear'} as the target: from {low:.4g} to {high:.4g} {model.unit} "
            f"there is more to choose from"
        )


def _costs(space: ir.Space, model: CostModel) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return model.total(sample(space, _DRAWN, seed=0))
