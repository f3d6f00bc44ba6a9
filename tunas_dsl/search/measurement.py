"""What a measurement of a search's steps found: how long they take, of what, and in how much memory."""

from collections.abc import Mapping
from statistics import median

import attrs

STAGES = ("data", "forward", "backward", "optimizer", "validation", "policy")
"""The parts of a step: waiting for batches; training's two passes; the weights' update; the pass that
rates architectures; sampling, costs and the policy's update."""


@attrs.frozen(kw_only=True)
class Measurement:
    """The ``seconds`` of each step of a search in ``space``, over random architectures.

    ``stages`` are seconds of all steps together, by the names of STAGES; what is left of the
    steps belongs to none. ``images`` train in a step, shared by ``samples``, and four times as many
    validate, unless told otherwise. ``peak_bytes`` is the most memory that the process, or on a
    GPU torch, had at a time.
    """

    space: str
    device: str
    hardware: str
    software: str
    threads: int
    precision: str
    data: str | None
    images: int
    samples: int
    seconds: tuple[float, ...]
    stages: Mapping[str, float]
    peak_bytes: int

    @property
    def step(self) -> float:
        """The median of the steps in seconds."""
        return median(self.seconds)

    @property
    def images_per_second(self) -> float:
        """Training images in a second of median steps."""
        return self.images / self.step

    @property
    def shares(self) -> dict[str, float]:
        """The share of each stage in the time of all steps, and of what is none as ``other``."""
        total = sum(self.seconds)
        shares = {name: self.stages.get(name, 0.0) / total for name in STAGES}
        return {**shares, "other": max(0.0, 1 - sum(shares.values()))}
