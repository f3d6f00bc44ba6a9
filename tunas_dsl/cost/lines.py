"""The cost of one architecture as a sum that a person can check, line by line."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from tunas_dsl.cost.model import CostModel
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import active_decisions


@attrs.frozen
class Line:
    """One number of the sum: of what ``site`` (``block.layer``), and by which ``key`` it was found.

    ``taken`` has the options, by the decisions' ids, on which it depends; decisions of one option, and those
    that do not count, are left out. ``estimated`` says that it is not the table's own.
    """

    site: str
    key: str
    cost: float
    taken: Mapping[str, int | str]
    estimated: bool = False


def taken_options(space: ir.Space, indices: Sequence[int], positions: Iterable[int]) -> dict[str, int | str]:
    """The options that ``indices`` selects of those decisions at ``positions`` that matter, by id."""
    active = active_decisions(space, indices)
    decisions = {position: space.decisions[position] for position in sorted(set(positions))}
    return {
        decision.id: decision.options[indices[position]]
        for position, decision in decisions.items()
        if active[position] and len(decision.options) > 1
    }


def model_lines(space: ir.Space, indices: Sequence[int], model: CostModel) -> Iterator[Line]:
    """The lines of a cost model of which no more is known than its numbers."""
    for site in model.sites:
        cost = float(site.table[tuple(indices[position] for position in site.decisions)])
        yield Line(site.name, "", cost, taken_options(space, indices, site.decisions))


def layer_name(space: ir.Space, site: str) -> str:
    """The site ``1.0`` as people say it: ``b1.0``, the first layer of the block `b1`."""
    block, dot, layer = site.partition(".")
    return f"{space.blocks[int(block)].name}.{layer}" if dot else site
