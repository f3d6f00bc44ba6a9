"""What every search algorithm is: it proposes architectures, and hears how good they are.

An algorithm knows the decisions of a space (ids, numbers of options, when they count) and what it is told; no
weights, no layers. Whatever evaluates architectures, a function, a supernet or a cluster, can drive it.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

import attrs
import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.integer[Any]]
"""N architectures as index vectors, ``(N, D)``: an option number for each decision of the space, in order."""

Floats = NDArray[np.float64]


class Algorithm(Protocol):
    """A search of ``steps`` proposals, of which ``step`` have had their feedback."""

    @property
    def step(self) -> int:
        """The proposals so far that had their feedback."""

    @property
    def steps(self) -> int:
        """The proposals in all."""

    def propose(self) -> Indices:
        """The architectures to evaluate next, ``(K, D)``; the same ones until there is feedback."""

    def feedback(self, indices: Indices, qualities: Floats, costs: Floats) -> None:
        """Learn that the proposed ``indices``, ``(K, D)``, have these qualities and costs, ``(K,)`` each."""

    def figures(self) -> Mapping[str, float]:
        """What the log should say of the last feedback, by name."""

    def best(self) -> tuple[int, ...]:
        """The index vector that the search would end with now."""

    def state(self) -> dict[str, Any]:
        """Everything that the next step depends on, as JSON; floats come back from it to the bit."""

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state` gave."""


class PolicyRows(Protocol):
    """A policy as far as it is logged and saved."""

    @property
    def probabilities(self) -> Floats:
        """The probability of every option, ``(D, C)``; 0 where there is no option."""

    def rows(self) -> list[list[float]]:
        """The logits of each decision, one for each of its options."""


@runtime_checkable
class LearnsPolicy(Protocol):
    """An algorithm that has a policy, which the log and the run folder show as it learns."""

    @property
    def policy(self) -> PolicyRows:
        """The policy as of now."""


@runtime_checkable
class MayEndWithBest(Protocol):
    """An algorithm that may end with the best that it evaluated in the place of its policy's choice."""

    @property
    def exact(self) -> bool:
        """Whether it does."""


@attrs.frozen(eq=False)
class Band:
    """The architectures that cost ``low`` to ``high``, both included, by ``cost``: ``(N, D)`` to ``(N,)``."""

    cost: Callable[[Indices], Floats]
    low: float
    high: float

    def holds(self, indices: Indices) -> NDArray[np.bool_]:
        """Which of ``indices``, ``(N, D)``, lie in it: ``(N,)``."""
        costs = self.cost(indices)
        return np.asarray((self.low <= costs) & (costs <= self.high))
