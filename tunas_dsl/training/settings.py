"""Everything that decides how an architecture is trained, checked, with the paper's recipe as defaults."""

import attrs

from tunas_dsl.errors import SearchError
from tunas_dsl.runs.schedule import WEIGHT_WARMUP
from tunas_dsl.runs.setting import (
    BELOW_ONE,
    COUNT,
    FLAG,
    HOLDOUT,
    NOT_NEGATIVE,
    POSITIVE,
    PRECISION,
    Precision,
    RunSettings,
    setting,
)

BN_MOMENTUM = 0.99
"""The share of batch norm's moving averages that a step keeps (facts 2.5)."""

FORGOTTEN = 10.0
"""After a training, the moving averages' initial values weigh about exp(-FORGOTTEN) at most."""

_TWO = setting("an integer of at least 2, since batch norm needs a spread", lambda count: count >= 2, (int,))


@attrs.frozen(kw_only=True)
class TrainingSettings(RunSettings):
    """The settings of a training, whose length is given by ``epochs`` or by ``steps``.

    Defaults are those of the paper's Appendix E.1, and the reference code's where it is silent
    (facts 8 and 12); the learning rate is 0.165 for each 256 images. ``weight_warmup`` is a share of
    the steps, ``bn_momentum`` the share of the moving averages that a step keeps: 0.99, or less in
    trainings that are too short to forget the averages' initial values. ``holdout`` is the
    share of the training images that validates, or their count, where there are no others; with ``full``,
    the validation images train too. ``evaluate_every`` is in epochs, ``precision`` that of
    training, not of evaluation.

    Raises:
        SearchError: a setting is out of range, or two contradict each other.
    """

    epochs: float | None = attrs.field(default=None, validator=attrs.validators.optional(POSITIVE))
    steps: int | None = attrs.field(default=None, validator=attrs.validators.optional(COUNT))
    full: bool = attrs.field(default=False, validator=FLAG)
    holdout: float | None = attrs.field(default=None, validator=attrs.validators.optional(HOLDOUT))
    batch_size: int = attrs.field(default=64, validator=_TWO)
    weight_lr: float = attrs.field(validator=POSITIVE)
    weight_warmup: float = attrs.field(default=WEIGHT_WARMUP, validator=BELOW_ONE)
    dropout: float = attrs.field(default=0.0, validator=BELOW_ONE)
    label_smoothing: float = attrs.field(default=0.1, validator=BELOW_ONE)
    l2: float = attrs.field(default=4e-5, validator=NOT_NEGATIVE)
    bn_momentum: float | None = attrs.field(default=None, validator=attrs.validators.optional(BELOW_ONE))
    rmsprop_decay: float = attrs.field(default=0.9, validator=BELOW_ONE)
    rmsprop_momentum: float = attrs.field(default=0.9, validator=BELOW_ONE)
    rmsprop_epsilon: float = attrs.field(default=0.1, validator=POSITIVE)
    evaluate_every: float = attrs.field(default=1.0, validator=POSITIVE)
    precision: Precision = attrs.field(default="float32", validator=PRECISION)

    @weight_lr.default
    def _scaled_by_batch(self) -> float:
        return 0.165 * int(self._checked("batch_size")) / 256

    def __attrs_post_init__(self) -> None:
        if (self.epochs is None) == (self.steps is None):
            how = "neither is given" if self.epochs is None else "both are given"
            raise SearchError(f"a training lasts as long as `epochs` or `steps` says, but {how}")

    def steps_for(self, images: int) -> int:
        """The steps of a training on ``images`` images; the last batch that is not full is left out."""
        if self.steps is not None:
            return self.steps
        return max(1, int((self.epochs or 0) * images / self.batch_size))

    def bn_momentum_for(self, steps: int) -> float:
        """The share of batch norm's moving averages that a step keeps in a training of ``steps`` steps."""
        if self.bn_momentum is not None:
            return self.bn_momentum
        return min(BN_MOMENTUM, max(0.0, 1 - FORGOTTEN / steps))

    def evaluates(self, step: int, images: int) -> bool:
        """Whether ``step`` steps complete another ``evaluate_every`` epochs of ``images`` images."""
        period = self.evaluate_every * images / self.batch_size
        return int(step / period) > int((step - 1) / period)
