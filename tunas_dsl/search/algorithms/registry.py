"""The algorithms by name: what settings each has, and how it starts in a space."""

from collections.abc import Callable, Mapping

from tunas_dsl.cost.distribution import Distribution, uniform_architectures, uniform_decisions
from tunas_dsl.cost.model import CostModel
from tunas_dsl.cost.sampling import sample
from tunas_dsl.ir import space as ir
from tunas_dsl.runs.setting import Settings
from tunas_dsl.search.algorithms.algorithm import Algorithm, Band
from tunas_dsl.search.algorithms.evolution import Evolution, EvolutionSettings
from tunas_dsl.search.algorithms.optuna_search import OptunaSearch, OptunaSettings
from tunas_dsl.search.algorithms.own import AlgorithmClass, OwnSettings
from tunas_dsl.search.algorithms.random_search import Equal, RandomSearch, RandomSettings
from tunas_dsl.search.outlook import check_decisions
from tunas_dsl.search.reinforce.algorithm import Reinforce
from tunas_dsl.search.reinforce.restarts import Restarts, is_divided
from tunas_dsl.search.settings import PolicySettings

SETTINGS: Mapping[str, type[Settings]] = {
    "reinforce": PolicySettings,
    "random": RandomSettings,
    "evolution": EvolutionSettings,
    "optuna": OptunaSettings,
}

DISTRIBUTIONS: Mapping[Equal, Callable[[ir.Space], Distribution]] = {
    "decisions": uniform_decisions,
    "architectures": uniform_architectures,
}


def settings_kind(algorithm: str) -> type[Settings]:
    """What settings an algorithm of this name has; those that do not come along have the same, plain ones."""
    return SETTINGS.get(algorithm, OwnSettings)


def start_algorithm(
    space: ir.Space, model: CostModel, settings: Settings, own: AlgorithmClass | None = None
) -> Algorithm:
    """The algorithm that ``settings`` are for, at its first step; ``own`` makes one that does not come along.

    Raises:
        SamplingError: random architectures are needed, and there are none, or too few, at the target.
        SearchError: nothing is left to decide, or a package is needed that is not installed.
    """
    check_decisions(space)
    match settings:
        case OwnSettings():
            if own is None:
                raise TypeError("settings of an algorithm of one's own, without the class that has them")
            return own(space, model.total, settings)
        case PolicySettings():
            kind = Restarts if is_divided(space.decisions, settings) else Reinforce
            return kind(space.decisions, model.total, settings)
        case RandomSettings():
            band = (settings.target - settings.within, settings.target + settings.within)
            distribution = DISTRIBUTIONS[settings.distribution](space)
            drawn = sample(space, settings.n, settings.seed, model, band, distribution)
            return RandomSearch(drawn, settings)
        case EvolutionSettings():
            low, high = settings.target - settings.within, settings.target + settings.within
            count = min(settings.population, settings.n)
            first = sample(space, count, settings.seed, model, (low, high))
            return Evolution(space.decisions, Band(model.total, low, high), first, settings)
        case OptunaSettings():
            return OptunaSearch(space.decisions, settings)
    raise TypeError(f"no algorithm has settings of {type(settings).__name__}")
