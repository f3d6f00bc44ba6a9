"""An architecture as JSON, for people and other tools (``grammars/architecture.schema.json``)."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import attrs
import cattrs
import numpy as np

from tunas_dsl import __version__
from tunas_dsl.cost.model import CostModel
from tunas_dsl.errors import ArchitectureError, DocumentError
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import active_decisions, check_indices, prune
from tunas_dsl.storage.documents import check_schema, parse, strict_converter, structure
from tunas_dsl.views.layer_rows import Row, architecture_rows

_PLACES = 6
"""Multiply-adds are whole numbers: of a million, so many decimals are exact, and more are rounding."""

SCHEMA = "tunas.architecture/1"


@attrs.frozen
class Origin:
    """The space that an architecture comes from, the SHA-256 of its text, and the run that found it."""

    space: str
    sha256: str
    run: str | None = None


@attrs.frozen
class Taken:
    """A decision and what was taken: the option ``choice``, number ``chosen``.

    Where it is not ``active``, the network does not depend on it.
    """

    id: str
    kind: ir.DecisionKind
    options: tuple[int | str, ...]
    chosen: int
    choice: int | str
    active: bool


@attrs.frozen
class Totals:
    """Of the whole network; the cost by ``model`` in ms is ``latency_ms``, in other units ``cost``."""

    parameters: int
    macs: int
    model: str | None = None
    latency_ms: float | None = None
    cost: float | None = None
    unit: str | None = None


@attrs.frozen
class ArchitectureDocument:
    """An architecture: where it comes from, what was decided, and what it is.

    ``indices`` has the option number of each decision, in order; ``network`` is the architecture
    as ``.space`` text, in which nothing is left to decide.
    """

    tool: str
    origin: Origin
    decisions: tuple[Taken, ...]
    indices: tuple[int, ...]
    layers: tuple[Row, ...]
    totals: Totals
    network: str

    @property
    def choices(self) -> Mapping[str, int | str]:
        """The option taken of each decision, by its id."""
        return {decision.id: decision.choice for decision in self.decisions}


def architecture_document(
    space: ir.Space,
    indices: Sequence[int],
    *,
    model: CostModel | None,
    origin: Mapping[str, str | None],
    network_text: str,
) -> dict[str, Any]:
    """The JSON-able document of the architecture of ``space`` that ``indices`` selects.

    ``origin`` has the keys of :class:`Origin`; ``model`` costs points of ``space``.

    Raises:
        NotInSpace: ``indices`` is not a vector of this space.
    """
    indices = check_indices(space, indices)
    layers = tuple(architecture_rows(prune(space, indices)))
    document = ArchitectureDocument(
        tool=f"tunas-dsl {__version__}",
        origin=Origin(**origin),  # type: ignore[arg-type]
        decisions=tuple(_choices(space, indices)),
        indices=indices,
        layers=layers,
        totals=_totals(layers, indices, model),
        network=network_text,
    )
    return {"schema": SCHEMA, **_converter().unstructure(document)}


def read_architecture(path_or_text: Path | str) -> ArchitectureDocument:
    """The architecture in a file, given as a path, or in a text.

    Raises:
        ArchitectureError: the file cannot be read, or is no architecture of this version.
    """
    is_file = isinstance(path_or_text, Path)
    try:
        text = path_or_text.read_text(encoding="utf-8") if isinstance(path_or_text, Path) else path_or_text
        document = parse(text)
        check_schema(document, SCHEMA)
        body = {key: value for key, value in document.items() if key != "schema"}
        return _check(structure(_converter(), body, ArchitectureDocument))
    except (OSError, UnicodeDecodeError, DocumentError) as error:
        where = path_or_text if is_file else "the architecture"
        what = error.strerror if isinstance(error, OSError) else error
        raise ArchitectureError(f"{where}: {what}") from None


@cache
def _converter() -> cattrs.Converter:
    return strict_converter()


def _check(document: ArchitectureDocument) -> ArchitectureDocument:
    if len(document.indices) != len(document.decisions):
        counts = f"{len(document.indices)} entries for {len(document.decisions)} decisions"
        raise DocumentError(f"$.indices has {counts}")
    for number, (index, taken) in enumerate(zip(document.indices, document.decisions, strict=True)):
        in_range = 0 <= index < len(taken.options)
        if not in_range or taken.chosen != index or taken.options[index] != taken.choice:
            raise DocumentError(
                f"$.indices[{number}] is {index!s:.40}, but $.decisions[{number}], `{taken.id}`, "
                f"has number {taken.chosen!s:.40}, {taken.choice!s:.40}, of {len(taken.options)} options"
            )
    return document


def _choices(space: ir.Space, indices: Sequence[int]) -> Iterator[Taken]:
    active = active_decisions(space, indices)
    for decision, index, counts in zip(space.decisions, indices, active, strict=True):
        options = decision.options
        yield Taken(decision.id, decision.kind, options, index, options[index], counts)


def _totals(layers: Sequence[Row], indices: Sequence[int], model: CostModel | None) -> Totals:
    totals = Totals(sum(row.parameters for row in layers), sum(row.macs for row in layers))
    if model is None:
        return totals
    cost = float(model.total(np.array([indices]))[0])
    if model.unit == "ms":
        return attrs.evolve(totals, model=model.name, latency_ms=cost)
    cost = round(cost, _PLACES)
    return attrs.evolve(totals, model=model.name, cost=cost, unit=model.unit)
