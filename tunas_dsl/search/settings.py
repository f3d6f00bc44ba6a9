"""Everything that decides how a search runs, checked, with the paper's figures as defaults."""

from collections.abc import Callable
from typing import Any, Literal, get_args

import attrs

from tunas_dsl.errors import SearchError
from tunas_dsl.runs.schedule import POLICY_SCHEDULES, PolicySchedule, price_of_cost
from tunas_dsl.runs.setting import (
    AT_LEAST_ONE,
    BELOW_ONE,
    COUNT,
    FLAG,
    HOLDOUT,
    MEMORY,
    NATURAL,
    NEGATIVE,
    NOT_NEGATIVE,
    POSITIVE,
    POSITIVE_SHARE,
    PRECISION,
    RATE,
    SHARE,
    Precision,
    Settings,
    one_of,
)
from tunas_dsl.search.reinforce.reward import REWARD_KINDS, RewardKind
from tunas_dsl.search.reinforce.start import STARTS, Start

PAPER_STEPS = 27_050
"""The steps of the paper's 90-epoch search (facts 7)."""

POLICY_LR = 1.5e-3
"""The policy's first learning rate in a search of as many steps as the paper's, or of more.

The paper says 3e-4, the reference code has 16 times that (facts 12). This is 5 times that, and in shorter
searches more, so that the product of steps and learning rate stays: with it simulated searches of 300 to
27,050 steps decide, but not before they have learnt (``benchmarks/targets.py``).
"""


def first_policy_lr(steps: int) -> float:
    """The policy's first learning rate in a search of so many steps, unless another one is given."""
    return POLICY_LR * max(1.0, PAPER_STEPS / steps)


PriceOf = Literal["mean", "each"]
Critic = Literal["additive", "none"]

OptimizerName = Literal["tf-rmsprop", "tf-rmsprop-skip", "torch-rmsprop", "torch-sgd", "torch-adam"]
Execution = Literal["sliced", "masked"]
Remat = Literal["none", "switch", "auto"]
Phases = Literal["together", "apart"]

LR_PER_256: dict[OptimizerName, float] = {
    "tf-rmsprop": 0.165,
    "tf-rmsprop-skip": 0.165,
    "torch-rmsprop": 0.04,
    "torch-sgd": 0.5,
    "torch-adam": 0.01,
}
"""The weights' learning rate for each 256 images: of the first, the paper's; of the others, what did well."""

RATING_SHARE = 0.5
"""Of the time of the weights' steps, what the ratings of a policy that comes after them take by default."""

FEWEST_RATINGS = 64
RATED_TOGETHER = 4
"""So many ratings are a step of such a policy."""

SMALLEST_BATCH = 64
FEWEST_IMAGES = 32
"""So many images of an architecture batch norm wants in a step; the paper's had 128 (facts 9 of 12)."""

_PASSES = 3  # so many times as long as rating an image takes training on it

BETA_GROWTH = 100.0
COST_SAMPLES = 64


@attrs.frozen(kw_only=True)
class PolicySettings(Settings):
    """How the policy learns; ``policy_delay`` is a share of the ``steps``.

    ``beta_growth`` is by how much ``beta`` grows after a share ``settling`` of the learning, and
    ``cost_samples`` how many architectures a step costs (without evaluating them) for the cost's part of the
    gradient. With a ``price`` of the mean, that part is about the average cost alone until ``beta`` begins to
    grow. The policy begins with all options equally likely or, with ``start`` on-target, so that it costs the
    target on average. None of this is the paper's, which has a growth of 1, 0 samples, a price of each and a
    uniform start; it lets short searches end on the target. With a ``critic``, which foresees qualities, the
    evaluations only correct what it says. The steps are divided into ``rounds``, searches of their own, of
    which the best is kept; None is as many as are of use if the quality has no noise. All of it is for the
    absolute reward; with another one the defaults are the paper's.

    Raises:
        SearchError: a setting is out of range, or two contradict each other.
    """

    steps: int = attrs.field(validator=COUNT)
    reward: RewardKind = attrs.field(default="absolute", validator=one_of(REWARD_KINDS))
    beta: float = attrs.field(default=-0.10, validator=NEGATIVE)
    beta_growth: float = attrs.field(validator=AT_LEAST_ONE)
    settling: float = attrs.field(default=0.75, validator=BELOW_ONE)
    cost_samples: int = attrs.field(validator=NATURAL)
    price: PriceOf = attrs.field(validator=one_of(get_args(PriceOf)))
    start: Start = attrs.field(validator=one_of(STARTS))
    critic: Critic = attrs.field(validator=one_of(get_args(Critic)))
    samples_per_step: int = attrs.field(default=4, validator=COUNT)
    policy_lr: float = attrs.field(validator=RATE)
    policy_lr_schedule: PolicySchedule = attrs.field(
        default="exponential", validator=one_of(POLICY_SCHEDULES)
    )
    policy_delay: float = attrs.field(default=0.0, validator=BELOW_ONE)
    baseline_momentum: float = attrs.field(default=0.95, validator=BELOW_ONE)
    entropy_bonus: float = attrs.field(default=0.0, validator=NOT_NEGATIVE)
    hierarchical: bool = attrs.field(default=True, validator=FLAG)
    rounds: int | None = attrs.field(validator=attrs.validators.optional(COUNT))

    @rounds.default
    def _some_if_foreseen(self) -> int | None:
        return None if self.critic == "additive" else 1

    @rounds.validator
    def _divided(self, _: "attrs.Attribute[int]", value: int | None) -> None:
        if value is not None and value > self.steps:
            raise SearchError(f"`rounds` is {value}, but must not exceed `steps`, which is {self.steps}")

    @beta_growth.default
    def _growing_if_absolute(self) -> float:
        return BETA_GROWTH if self.reward == "absolute" else 1.0

    @start.default
    def _on_target_if_absolute(self) -> Start:
        return "on-target" if self.reward == "absolute" else "uniform"

    @cost_samples.default
    def _many_if_absolute(self) -> int:
        return COST_SAMPLES if self.reward == "absolute" else 0

    @cost_samples.validator
    def _separable(self, _: "attrs.Attribute[int]", value: int) -> None:
        if value and self.reward != "absolute":
            raise SearchError(
                f"`cost_samples` is {value}, but must be 0 with the reward `{self.reward}`: only the "
                f"absolute one is a sum of quality and cost"
            )
        if value == 1:
            raise SearchError("`cost_samples` is 1, but must be 0, or 2 and more to be compared")

    @price.default
    def _mean_if_separate(self) -> PriceOf:
        return "mean" if self.cost_samples else "each"

    @price.validator
    def _separate(self, _: "attrs.Attribute[str]", value: str) -> None:
        if value == "mean" and not self.cost_samples:
            raise SearchError("`price` is mean, but must be each where `cost_samples` is 0")

    @critic.default
    def _additive_if_separate(self) -> Critic:
        return "additive" if self.cost_samples else "none"

    @critic.validator
    def _from_samples(self, _: "attrs.Attribute[str]", value: str) -> None:
        if value == "additive" and not self.cost_samples:
            raise SearchError("`critic` is additive, but must be none where `cost_samples` is 0")

    @policy_lr.default
    def _scaled_by_steps(self) -> float:
        return first_policy_lr(int(self._checked("steps")))

    @property
    def delay_steps(self) -> int:
        """The step from which the policy learns."""
        return int(self.policy_delay * self.steps)

    @property
    def settling_step(self) -> float:
        """The step after which ``beta`` grows, and each architecture has its price."""
        return self.delay_steps + self.settling * (self.steps - self.delay_steps)

    def prices_each(self, step: int) -> bool:
        """Whether at ``step`` every architecture is to meet the target, and not only their mean."""
        return self.price == "each" or step > self.settling_step

    def beta_at(self, step: int) -> float:
        """The ``beta`` of ``step``."""
        return price_of_cost(step, self.steps, self.settling_step, self.beta, self.beta_growth)


def _not_together(what: str) -> Callable[[Any, Any, Any], None]:
    """Refuses all but ``what`` where the weights are trained while the policy learns from them."""

    def check(settings: "SearchSettings", field: "attrs.Attribute[Any]", value: Any) -> None:
        if settings.phases == "together" and str(value) != what:
            raise SearchError(
                f"`{field.name}` is {value!r}, but must be {what} in a search over a supernet, unless its "
                f"`phases` are apart: what weights say of an architecture changes while they are trained"
            )

    return check


@attrs.frozen(kw_only=True)
class SearchSettings(PolicySettings):
    """The settings of a search over a supernet.

    ``batch_size`` and ``validation_batch_size`` are the images of a step, shared by the
    ``samples_per_step`` architectures that it trains and rates. ``op_warmup``, ``filter_warmup`` and
    ``policy_delay`` are shares of the steps.

    Defaults are the paper's, and the reference code's where the paper is silent, brought to scale: the
    weights' learning rate is 0.165 for each 256 images, there are 4 validation images for each
    training image, and the policy's first learning rate grows as the steps get fewer, by 27,050 / steps,
    so that the product of steps and learning rate stays. ``samples_per_step`` was 32 there.

    ``holdout`` is the share of the training images that validates, or their count, where there are no others.

    ``optimizer`` is of the weights: TensorFlow's RMSProp as in the paper, which also moves the weights that a
    step does not use; the same without that (``-skip``); or one of PyTorch's. ``execution`` says how a
    part of the weights is used, by slices or, slowly, by masks; both compute the same. ``precision``
    is that of convolutions and matrix products. With ``remat``, what op warmup averages is computed again
    in backward instead of being kept: all of it (``switch``), or as little as lets a step fit into
    ``memory``, such as 8GB (``auto``; without ``memory``, into most of the machine's).

    With ``phases`` together, weights and policy learn in the same steps, as in the paper. With phases apart
    all ``steps`` are the weights', trained on architectures whose cost is within the share ``band`` of the
    target; then a policy learns from ``ratings`` of architectures by these weights on ``rating_images``
    validation images; then the ``short_list`` best on target are trained alone, of which the best is the
    result (see :mod:`tunas_dsl.search.phases`).

    Raises:
        SearchError: a setting is out of range, or two contradict each other.
    """

    phases: Phases = attrs.field(default="together", validator=one_of(get_args(Phases)))
    samples_per_step: int = attrs.field(validator=COUNT)
    policy_delay: float = attrs.field(validator=BELOW_ONE)
    critic: Critic = attrs.field(validator=[one_of(get_args(Critic)), _not_together("none")])
    rounds: int | None = attrs.field(validator=[attrs.validators.optional(COUNT), _not_together("1")])
    batch_size: int = attrs.field(validator=COUNT)
    validation_batch_size: int = attrs.field(validator=COUNT)
    holdout: float | None = attrs.field(default=None, validator=attrs.validators.optional(HOLDOUT))
    optimizer: OptimizerName = attrs.field(default="tf-rmsprop", validator=one_of(get_args(OptimizerName)))
    execution: Execution = attrs.field(default="sliced", validator=one_of(get_args(Execution)))
    remat: Remat = attrs.field(default="none", validator=one_of(get_args(Remat)))
    memory: str | None = attrs.field(default=None, validator=attrs.validators.optional(MEMORY))
    precision: Precision = attrs.field(default="float32", validator=PRECISION)
    weight_lr: float = attrs.field(validator=POSITIVE)
    op_warmup: float = attrs.field(default=0.25, validator=SHARE)
    filter_warmup: float = attrs.field(default=0.25, validator=SHARE)
    label_smoothing: float = attrs.field(default=0.1, validator=BELOW_ONE)
    l2: float = attrs.field(default=4e-5, validator=NOT_NEGATIVE)
    rmsprop_decay: float = attrs.field(default=0.9, validator=BELOW_ONE)
    rmsprop_momentum: float = attrs.field(default=0.9, validator=BELOW_ONE)
    rmsprop_epsilon: float = attrs.field(default=0.1, validator=POSITIVE)
    band: float = attrs.field(default=0.1, validator=POSITIVE_SHARE)
    rating_images: int = attrs.field(validator=COUNT)
    ratings: int = attrs.field(validator=NATURAL)
    short_list: int = attrs.field(validator=NATURAL)

    @samples_per_step.default
    def _one_if_apart(self) -> int:
        return 1 if self.apart else 4

    @policy_delay.default
    def _a_quarter_if_together(self) -> float:
        return 0.0 if self.apart else 0.25

    @critic.default
    def _additive_if_apart(self) -> Critic:
        return "additive" if self.apart and self.cost_samples else "none"

    @rounds.default
    def _some_if_apart(self) -> int | None:
        return None if self.apart and self.critic == "additive" else 1

    @rating_images.default
    def _fewer_if_many_are_rated(self) -> int:
        return 1024 if self.apart else 2048

    @ratings.default
    def _a_share_of_the_time(self) -> int:
        images = int(self._checked("steps")) * int(self._checked("batch_size"))
        affordable = int(RATING_SHARE * _PASSES * images / int(self._checked("rating_images")))
        return max(FEWEST_RATINGS, affordable) if self.apart else 0

    @short_list.default
    def _some_of_the_best(self) -> int:
        return 8 if self.apart else 0

    @property
    def apart(self) -> bool:
        """Whether the policy learns after the weights."""
        return self.phases == "apart"

    @batch_size.default
    def _enough_for_batch_norm(self) -> int:
        return max(SMALLEST_BATCH, FEWEST_IMAGES * int(self._checked("samples_per_step")))

    @validation_batch_size.default
    def _scaled_by_training(self) -> int:
        return 4 * int(self._checked("batch_size"))

    @weight_lr.default
    def _scaled_by_batch(self) -> float:
        return LR_PER_256[self._checked("optimizer")] * int(self._checked("batch_size")) / 256

    def of_policy(self) -> PolicySettings:
        """The settings of a policy that learns from ratings, after the weights: in steps of its own."""
        names = {field.name for field in attrs.fields(PolicySettings)}
        own = {name: setting for name, setting in self.to_json().items() if name in names}
        together = min(self.ratings, RATED_TOGETHER)
        own["samples_per_step"], own["steps"] = together, self.ratings // together
        own["policy_lr"] *= first_policy_lr(own["steps"]) / first_policy_lr(self.steps)
        return PolicySettings(**own)

    def __attrs_post_init__(self) -> None:
        if self.memory is not None and self.remat != "auto":
            raise SearchError("`memory` is of use with `remat` = auto alone, which works towards it")
        self._check_phases()
        for name in ("op_warmup", "filter_warmup"):
            if not self.apart and getattr(self, name) > self.policy_delay:
                raise SearchError(
                    f"`{name}` is {getattr(self, name)}, but must not exceed `policy_delay`, which is "
                    f"{self.policy_delay}: the policy cannot learn from decisions that warmup replaces"
                )
        for name in ("batch_size", "validation_batch_size"):
            if getattr(self, name) % self.samples_per_step:
                raise SearchError(
                    f"`{name}` is {getattr(self, name)}, but must be a multiple of `samples_per_step`, "
                    f"which is {self.samples_per_step}"
                )

    def _check_phases(self) -> None:
        if self.apart:
            if self.policy_delay:
                raise SearchError(
                    f"`policy_delay` is {self.policy_delay}, but must be 0 where `phases` are apart: the "
                    f"policy learns after all `steps`"
                )
            if not self.ratings:
                raise SearchError("`ratings` is 0, but must be at least 1 where `phases` are apart")
            self.of_policy()  # which checks what it takes over
        for name in ("ratings", "short_list"):
            if not self.apart and getattr(self, name):
                raise SearchError(f"`{name}` is of use with `phases` = apart alone, or with --preset small")
