"""A space, and all that is asked of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from tunas_dsl.api.architecture import Architecture, chosen_indices
from tunas_dsl.api.costs import Cost, Rows, Statistics
from tunas_dsl.api.pictures import space_html
from tunas_dsl.api.subjects import Subject, load_indices, load_subject
from tunas_dsl.cost.counting import architectures, combinations
from tunas_dsl.cost.distribution import Distribution, uniform_architectures, uniform_decisions
from tunas_dsl.cost.layers import parameters_model
from tunas_dsl.cost.lookup import Missing
from tunas_dsl.cost.sampling import sample
from tunas_dsl.errors import NotInSpace, SamplingError
from tunas_dsl.exchange.bundle import MANIFEST
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.space import Decision
from tunas_dsl.views.summary import summarise

if TYPE_CHECKING:
    from tunas_dsl.api.runs import Run

PARAMS = "params"


def load(path: str | Path) -> Space:
    """The space called ``path``: a shipped name, a ``.space`` file, a bundle, or a search's run folder.

    Of an architecture (JSON, a ``net.config``, the folder of a training) it is the space with that
    architecture alone.

    Raises:
        OSError, UserError: there is none, or it cannot be used.
    """
    inside = Path(path) / "bundle"
    name = str(inside) if (inside / MANIFEST).is_file() else str(path)
    return Space(load_subject(name))


class Space:
    """A search space. ``ir`` is what the compiler makes of its ``text``."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject

    @property
    def ir(self) -> ir.Space:
        """The space as blocks, layers and decisions."""
        return self.subject.space

    @property
    def name(self) -> str:
        """Its name."""
        return self.ir.name

    @property
    def text(self) -> str:
        """The text that it was compiled from."""
        return self.subject.text

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """The decisions, in the order of the entries of index vectors."""
        return self.ir.decisions

    def count(self) -> int:
        """The number of distinct architectures, exactly (facts 4.3)."""
        return architectures(self.ir)

    def combinations(self) -> int:
        """The number of index vectors: the product of the numbers of options."""
        return combinations(self.ir)

    def cost(self, name: str | Path, missing: Missing = "error") -> Cost:
        """What architectures cost by ``name``: a latency table's name or file, ``macs``, or ``params``.

        ``missing`` says what stands for operations that a table lacks: ``interpolate``, ``fit``, or an error.

        Raises:
            TableError: there is no such table, or it does not fit the space.
        """
        if str(name) == PARAMS:
            return Cost(parameters_model(self.ir))
        return Cost(attrs.evolve(self.subject, missing=missing).model(str(name)))

    def sample(
        self,
        n: int,
        *,
        cost: Cost | str | None = None,
        within: tuple[float, float] | None = None,
        seed: int = 0,
        distribution: str = "decisions",
    ) -> Rows:
        """``n`` random architectures as index vectors, ``(n, D)``; the same ``seed`` gives the same ones.

        With ``within``, those whose ``cost`` lies between the two, both included. Every option of every
        decision is equally likely, or with the ``distribution`` "architectures" every architecture.

        Raises:
            SamplingError: no architecture costs that, or ``within`` comes without a cost.
        """
        if within is not None and cost is None:
            raise SamplingError("`within` is about a cost: give one, such as cost=space.cost('macs')")
        model = None if cost is None else self._cost(cost).model
        return sample(self.ir, n, seed, model, within, self._distribution(distribution))

    def statistics(
        self, cost: Cost | str, *, distribution: str = "decisions", tick: float | None = None
    ) -> Statistics:
        """Exact statistics of ``cost`` over all architectures; ``distribution`` is as in :meth:`sample`."""
        return Statistics(self._cost(cost).model, self._distribution(distribution), tick)

    def architecture(
        self, what: Mapping[str, int | str] | Architecture | str | Path | Any = None
    ) -> Architecture:
        """An architecture of this space.

        ``what`` is an index vector (a row of :meth:`sample`, or text such as ``0:2:1``), options by the ids
        of their decisions, a file (JSON, ``.space``, or one of once-for-all's), or an architecture of
        another space that this one has, too. Without it, the only one.

        Raises:
            OSError, UserError: the space has no such architecture, or the file cannot be read.
        """
        if what is None or isinstance(what, str | Path):
            return Architecture(self, load_indices(self.ir, None if what is None else str(what)))
        if isinstance(what, Architecture):
            return what if what.space.ir == self.ir else Architecture(self, self._found(what))
        if isinstance(what, Mapping):
            return Architecture(self, chosen_indices(self.ir, what))
        row = np.asarray(what)
        if row.ndim != 1 or not np.issubdtype(row.dtype, np.integer):
            raise NotInSpace(
                f"an architecture is one row of integers, not an array of {row.shape} {row.dtype}"
            )
        return Architecture(self, row.tolist())

    def search(self, quality: Any = None, **settings: Any) -> Run:
        """Search this space; see :func:`tunas_dsl.api.runs.search` for the arguments."""
        from tunas_dsl.api.runs import search

        return search(self, quality, **settings)

    def __repr__(self) -> str:
        return (
            f"<Space {self.name}: {len(self.decisions)} decisions, {about(self.combinations())} combinations>"
        )

    def _repr_html_(self) -> str:
        return space_html(summarise(self.ir))

    def _cost(self, cost: Cost | str) -> Cost:
        return cost if isinstance(cost, Cost) else self.cost(cost)

    def _found(self, other: Architecture) -> tuple[int, ...]:
        from tunas_dsl.ir.matching import find_indices

        return find_indices(self.ir, other.ir)

    def _distribution(self, name: str) -> Distribution:
        if name == "decisions":
            return uniform_decisions(self.ir)
        if name == "architectures":
            return uniform_architectures(self.ir)
        raise SamplingError(f"there is no distribution `{name}`: use decisions or architectures")


def about(number: int) -> str:
    """A large integer in a few characters: ``7.89e21``."""
    digits = str(number)
    return (
        f"{number:,}"
        if len(digits) < 7
        else re.sub(r"\.?0+e", "e", f"{digits[0]}.{digits[1:3]}e{len(digits) - 1}")
    )
