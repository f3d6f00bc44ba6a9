"""A bench without a device: an operation takes what a formula says, and a network a line over the sum."""

from collections.abc import Callable

import attrs
import numpy as np

from tests.cost.whole_tables import whole
from tunas_dsl.cost.lookup import operation_model


def formula(signature):
    return 0.05 + signature.macs / 1e6


@attrs.define
class Task:
    """Takes ``ms`` times what ``slowness`` says of the runs so far on the bench."""

    bench: "Bench"
    ms: float

    def __call__(self):
        self.bench.runs += 1
        return self.ms * self.bench.slowness(self.bench.runs)


@attrs.define
class Bench:
    slowness: Callable[[int], float] = lambda run: 1.0
    runs: int = 0
    prepared: list = attrs.field(factory=list)
    overhead: float = 0.3
    slope: float = 0.8
    runtime: str = "fake 1.0"
    device: str = "no device"
    threads: int = 1
    clock: str = "invented time"

    def operation(self, signature):
        self.prepared.append(signature)
        return Task(self, formula(signature))

    def network(self, architecture):
        table = whole(architecture, formula)
        nothing = np.zeros((1, len(architecture.decisions)), int)
        total = operation_model(architecture, table).total(nothing)[0]
        self.prepared.append(architecture)
        return Task(self, self.overhead + self.slope * total)
