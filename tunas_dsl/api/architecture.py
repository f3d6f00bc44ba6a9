"""An architecture: one point of a space, and what is done with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

from tunas_dsl.api.costs import Cost
from tunas_dsl.api.pictures import architecture_html
from tunas_dsl.backend import ExportFormat, load_backend
from tunas_dsl.diagnostics.diagnostic import suggest
from tunas_dsl.errors import NotInSpace, SearchError
from tunas_dsl.exchange.architecture_json import architecture_document
from tunas_dsl.exchange.bundle import source_sha256
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import active_decisions, check_indices, prune
from tunas_dsl.language.unparse import unparse
from tunas_dsl.storage import documents
from tunas_dsl.storage.files import write_atomically
from tunas_dsl.views.layer_rows import Row, architecture_rows

if TYPE_CHECKING:
    from tunas_dsl.api.space import Space
    from tunas_dsl.api.training import Trained


class Architecture:
    """The architecture of ``space`` with the option numbers ``indices``, one for each decision.

    ``run`` names the search that found it, if one did.

    Raises:
        NotInSpace: ``indices`` is not a vector of the space.
    """

    def __init__(self, space: Space, indices: Sequence[int], run: str | None = None) -> None:
        self.space = space
        self.indices = check_indices(space.ir, [int(index) for index in indices])
        self.run = run

    @property
    def choices(self) -> Mapping[str, int | str]:
        """The option that is taken of each decision, by the decision's id."""
        pairs = zip(self.space.decisions, self.indices, strict=True)
        return {decision.id: decision.options[index] for decision, index in pairs}

    @cached_property
    def ir(self) -> ir.Space:
        """The architecture as a space in which nothing is left to decide."""
        return prune(self.space.ir, self.indices)

    @cached_property
    def layers(self) -> tuple[Row, ...]:
        """Its layers one by one: kind, shapes, kernel, stride, widths, multiply-adds, parameters."""
        return tuple(architecture_rows(self.ir))

    @property
    def macs(self) -> int:
        """Multiply-adds for one image."""
        return sum(row.macs for row in self.layers)

    @property
    def parameters(self) -> int:
        """Trainable parameters."""
        return sum(row.parameters for row in self.layers)

    def cost(self, cost: Cost | str) -> float:
        """Its cost by ``cost``, of the same space, or by the table of that name.

        Raises:
            UserError: there is no such table, or it lacks a part of the architecture.
        """
        if isinstance(cost, str):
            return self.space.subject.cost(cost, self.indices)
        return float(cost(self.indices))

    @cached_property
    def text(self) -> str:
        """The architecture as ``.space`` text."""
        return unparse(self.ir)

    @property
    def vector(self) -> str:
        """The option numbers as the command line takes them: ``0:2:1``."""
        return ":".join(map(str, self.indices))

    def json(self, cost: Cost | None = None) -> str:
        """The JSON document about it, with its ``cost`` if one is given."""
        origin = {"space": self.space.name, "sha256": source_sha256(self.space.text), "run": self.run}
        return documents.dump(
            architecture_document(
                self.space.ir,
                self.indices,
                model=None if cost is None else cost.model,
                origin=origin,
                network_text=self.text,
            )
        )

    def save(self, path: str | Path, cost: Cost | None = None) -> None:
        """Write :meth:`json` to ``path``, whole or not at all. Raises OSError."""
        write_atomically(Path(path), self.json(cost))

    def module(self) -> Any:
        """The architecture as an ordinary ``torch.nn.Module`` with initial weights.

        Raises:
            SearchError: PyTorch is not installed.
        """
        return load_backend().module(self.ir, None)

    def train(self, data: object, *, out: str | Path | None = None, **settings: Any) -> Trained:
        """Train it from scratch on ``data``, into the run folder ``out``; see :func:`.training.train`."""
        from tunas_dsl.api.training import train

        return train(self, data, out=out, **settings)

    def export(self, format: str, path: str | Path, weights: Path | None = None) -> str:
        """Write a network that runs without this project: ``python``, ``onnx`` or ``executorch``.

        The result says how the file was checked. Without ``weights`` they are initial ones.

        Raises:
            SearchError: the format needs a package that is missing, or there is no such format.
        """
        return export_network(self.ir, format, path, weights)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Architecture) and (self.space.ir, self.indices) == (
            other.space.ir,
            other.indices,
        )

    def __hash__(self) -> int:
        return hash((self.space.name, self.indices))

    def __repr__(self) -> str:
        size = f"{self.macs / 1e6:.4g} M MAdds, {self.parameters:,} parameters"
        return f"<Architecture of {self.space.name}: {size}>"

    def _repr_html_(self) -> str:
        return architecture_html(f"an architecture of {self.space.name}", self.layers)


def export_network(network: ir.Space, format: str, path: str | Path, weights: Path | None) -> str:
    """Write ``network``, in which nothing is left to decide; gives a sentence on how the file was checked.

    Raises:
        SearchError: there is no such format, a package is missing, or the weights are of another network.
    """
    if format not in get_args(ExportFormat):
        raise SearchError(f"there is no format `{format}`: use {', '.join(get_args(ExportFormat))}")
    return load_backend().export(network, cast(ExportFormat, format), Path(path), weights)


def chosen_indices(space: ir.Space, choices: Mapping[str, int | str]) -> tuple[int, ...]:
    """The index vector of ``choices``, options by the ids of their decisions.

    Decisions that do not count may be left out, and those with one option.

    Raises:
        NotInSpace: a decision or an option is unknown, or one that counts is left out.
    """
    known = {decision.id: decision for decision in space.decisions}
    for name in choices:
        if name not in known:
            hint = suggest(name, known)
            raise NotInSpace(f"`{space.name}` has no decision `{name}`{'; ' + hint if hint else ''}")
    indices = tuple(_option_number(decision, choices) for decision in space.decisions)
    active = active_decisions(space, indices)
    for decision, counts in zip(space.decisions, active, strict=True):
        if counts and decision.id not in choices and len(decision.options) > 1:
            raise NotInSpace(f"the decision `{decision.id}` is left out: it takes {_listed(decision)}")
    return indices


def _option_number(decision: ir.Decision, choices: Mapping[str, int | str]) -> int:
    if decision.id not in choices:
        return 0
    taken = str(choices[decision.id])
    numbers = [number for number, option in enumerate(decision.options) if str(option) == taken]
    if not numbers:
        raise NotInSpace(f"`{decision.id}` takes {_listed(decision)}, not {taken}")
    return numbers[0]


def _listed(decision: ir.Decision) -> str:
    return ", ".join(map(str, decision.options))
