"""What a running training tells its caller and its log, and what it ends with."""

from typing import Literal

import attrs

Part = Literal["validation", "test"]


@attrs.frozen(kw_only=True)
class Evaluation:
    """A network on all ``images`` images of a split, with batch norm's moving averages.

    ``accuracy`` is top 1, from 0 to 1; ``loss`` is the mean cross-entropy in nats, without label smoothing.
    """

    split: Part
    images: int
    accuracy: float
    loss: float


@attrs.frozen(kw_only=True)
class TrainingEvent:
    """What one step did, ``step`` counting from 0.

    ``loss`` (with label smoothing and L2) and ``accuracy`` are of the training batch, before the step;
    ``validation`` is there after steps that complete an epoch.
    """

    step: int
    epoch: float
    loss: float
    accuracy: float
    weight_lr: float
    validation: Evaluation | None


@attrs.frozen(kw_only=True)
class TrainingProgress:
    """The state after one step: ``step`` of ``steps`` are done.

    ``loss`` and ``accuracy`` are of the training batch, ``validation`` is the last accuracy on
    validation images since the start or the resumption; ``seconds_left`` is an estimate.
    """

    step: int
    steps: int
    loss: float
    accuracy: float
    validation: float | None
    seconds_left: float


@attrs.frozen(kw_only=True)
class TrainingOutcome:
    """How a training ended: after ``step`` steps, or ``epochs`` epochs.

    ``validation`` is missing where there are no validation images or the training was interrupted,
    ``test`` also where nobody asked for it.
    """

    status: Literal["finished", "interrupted"]
    step: int
    epochs: float
    validation: Evaluation | None
    test: Evaluation | None
