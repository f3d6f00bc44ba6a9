"""A quality that is made up, to try searches out: it has the shape and the noise of real accuracies."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tunas_dsl.cost.extremes import maximum, minimum
from tunas_dsl.cost.layers import macs_model
from tunas_dsl.ir import space as ir
from tunas_dsl.search.activity import Activity
from tunas_dsl.search.algorithms.algorithm import Floats, Indices


class SyntheticQuality:
    """Accuracies that grow with multiply-adds, ever more slowly, and depend a little on each decision.

    The error of an architecture of M multiply-adds is ``error`` (M / M0)^-``exponent``, M0 the
    geometric mean of the smallest and the largest of the space, less the effects of the options
    taken: normal numbers, drawn once from ``seed``, that together have the standard deviation ``effects`` in
    random architectures. An accuracy is what a batch of ``images`` would show, a binomial share; without
    ``images`` it is exact.

    The defaults are of ImageNet's scale: 0.045 more accuracy for e times the multiply-adds, as among
    MobileNets, and 0.006 between random architectures of one latency.
    """

    def __init__(
        self,
        space: ir.Space,
        *,
        seed: int = 0,
        images: int | None = 512,
        error: float = 0.25,
        exponent: float = 0.18,
        effects: float = 0.006,
    ) -> None:
        self._macs = macs_model(space)
        self._middle = (minimum(self._macs).cost * maximum(self._macs).cost) ** 0.5
        self._error, self._exponent = error, exponent
        self._seed, self._images = seed, images
        self._activity = Activity(space.decisions)
        self._effects = _effects(space, seed, effects)
        self._calls = 0

    def __call__(self, architectures: Indices) -> Floats:
        """The accuracy of each of ``architectures``, ``(n, D)``, on images of its own: ``(n,)``."""
        accuracies = self.exact(architectures)
        if self._images is None:
            return accuracies
        random = np.random.default_rng([self._seed, self._calls])
        self._calls += 1
        return np.asarray(random.binomial(self._images, accuracies) / self._images)

    def exact(self, architectures: Indices) -> Floats:
        """The accuracies without noise, ``(n,)``, from 0 to 1."""
        macs = self._macs.total(architectures)
        decisions = np.arange(architectures.shape[1])
        effects = np.where(self._activity(architectures), self._effects[decisions, architectures], 0.0)
        errors = self._error * (macs / self._middle) ** -self._exponent
        return np.asarray(np.clip(1 - errors + effects.sum(axis=1), 0, 1))

    def state(self) -> dict[str, Any]:
        """How often it was asked, on which its noise depends."""
        return {"calls": self._calls}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state` gave."""
        self._calls = int(state["calls"])


def _effects(space: ir.Space, seed: int, deviation: float) -> NDArray[np.float64]:
    """The effect of every option, ``(D, C)``: zero on average over a decision's options."""
    random = np.random.default_rng([seed, len(space.decisions)])
    counts = [len(decision.options) for decision in space.decisions]
    effects = np.zeros((len(counts), max(counts, default=1)))
    for row, count in zip(effects, counts, strict=True):
        row[:count] = random.normal(size=count)
        row[:count] -= row[:count].mean()
    searched = sum(count > 1 for count in counts)
    return np.asarray(effects * deviation / max(1, searched) ** 0.5)


class ExactQuality(SyntheticQuality):
    """The same without noise: what a search that was told the noisy numbers can be judged by."""

    def __init__(self, space: ir.Space) -> None:
        super().__init__(space, images=None)
