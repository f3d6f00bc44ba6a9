"""Random search in a band of costs: the baseline that any search has to beat (facts 10)."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

import attrs

from tunas_dsl.runs.setting import COUNT, POSITIVE, Settings, one_of
from tunas_dsl.search.algorithms.algorithm import Floats, Indices
from tunas_dsl.search.algorithms.found import Found

Equal = Literal["decisions", "architectures"]


@attrs.frozen(kw_only=True)
class RandomSettings(Settings):
    """``n`` architectures that cost ``target``, give or take ``within``; ``batch`` are evaluated at a time.

    ``distribution`` says what is equally likely, inside the band: the options of every decision, so that a
    layer that may be skipped is skipped half of the time, or distinct architectures (facts 10 and 14).

    Raises:
        SearchError: a setting is out of range.
    """

    n: int = attrs.field(validator=COUNT)
    within: float = attrs.field(validator=POSITIVE)
    distribution: Equal = attrs.field(default="decisions", validator=one_of(get_args(Equal)))
    batch: int = attrs.field(default=1, validator=COUNT)

    @within.default
    def _a_percent(self) -> float:
        return 0.01 * float(self._checked("target"))


class RandomSearch:
    """An :class:`~.algorithm.Algorithm` that learns nothing: the best of ``drawn``."""

    def __init__(self, drawn: Indices, settings: RandomSettings) -> None:
        self.step = 0
        self._drawn, self._batch = drawn, settings.batch
        self._found = Found()

    @property
    def steps(self) -> int:
        """The batches in all."""
        return -(-len(self._drawn) // self._batch)

    def propose(self) -> Indices:
        """The next ``batch``, or what is left."""
        start = self.step * self._batch
        return self._drawn[start : start + self._batch]

    def feedback(self, indices: Indices, qualities: Floats, costs: Floats) -> None:
        """Keep the best."""
        self._found.offer(indices, qualities)
        self.step += 1

    def figures(self) -> dict[str, float]:
        """The best quality so far."""
        return {"best": self._found.quality}

    def best(self) -> tuple[int, ...]:
        """The best so far; the first one wins a tie."""
        return self._found.indices

    def state(self) -> dict[str, Any]:
        """Step and best."""
        return {"step": self.step, "found": self._found.state()}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state` gave."""
        self.step = int(state["step"])
        self._found.load_state(state["found"])
