"""A latency table bound to a space: its entries found by what they mean, not by where they stand."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import NoReturn

import attrs
import numpy as np

from tunas_dsl.cost.convolutions import leaves, settings
from tunas_dsl.cost.factor import Factor
from tunas_dsl.cost.labels import Description, about, describe, meaning, own_decisions, text
from tunas_dsl.cost.lines import Line, taken_options
from tunas_dsl.cost.model import CostModel, Site
from tunas_dsl.cost.table import LatencyTable, TableSite
from tunas_dsl.errors import TableError
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import prune


def latency_model(space: ir.Space, table: LatencyTable) -> CostModel:
    """The latency of every point of ``space`` in ms, by ``table``.

    The space may have fewer options than the table (a pruned space does), but none more.

    Raises:
        TableError: the table lacks an option of the space, or what it tells apart is something else.
    """
    layers = dict(space.sites())
    sites = tuple(_Binding(space, table.name, layers, entry).site() for entry in table.sites)
    bound = {position for site in sites for position in site.decisions}
    for position, decision in enumerate(space.decisions):
        if len(decision.options) > 1 and position not in bound:
            raise TableError(
                f"table {table.name}: no site depends on the decision `{decision.id}` of `{space.name}`, "
                f"which has {len(decision.options)} options"
            )
    options = tuple(len(decision.options) for decision in space.decisions)
    return CostModel(table.name, "ms", options, table.intercept, sites)


def site_lines(space: ir.Space, indices: Sequence[int], table: LatencyTable) -> Iterator[Line]:
    """The latency of one architecture, site by site; the table need not cover the rest of the space.

    Raises:
        TableError: the table lacks what the architecture is made of.
    """
    network = prune(space, indices)
    whole, layers = dict(space.sites()), dict(network.sites())
    for entry in table.sites:
        binding = _Binding(network, table.name, layers, entry)
        binding.check_site()
        places = {axis: int(binding.places(axis).table.item()) for axis in entry.options}
        labels = {axis: entry.options[axis][place] for axis, place in places.items()}
        key = " ".join(
            str(label) if axis == "option" else f"{axis}={label}" for axis, label in labels.items()
        )
        taken = taken_options(space, indices, _depends(space, whole[entry.site], entry))
        yield Line(entry.site, key, float(entry.ms[tuple(places.values())]), taken)


def _depends(space: ir.Space, layer: ir.Layer, entry: TableSite) -> Iterator[int]:
    """The decisions by which an entry is found."""
    for axis in entry.options:
        shape = layer.inputs if axis == "in" else layer.outputs
        ids = own_decisions(layer) if axis == "option" else [shape.channels.decision]
        yield from (space.position[id] for id in ids if id is not None)


@attrs.frozen(eq=False)
class _Binding:
    """One site of a table and the layer of the space that it is about."""

    space: ir.Space
    table: str
    layers: Mapping[str, ir.Layer]
    entry: TableSite

    def site(self) -> Site:
        """The entries of the table, one axis for each decision about the layer."""
        self.check_site()
        places = [self.places(axis) for axis in self.entry.options]
        decisions = tuple(sorted({position for factor in places for position in factor.decisions}))
        self.check_complete(decisions)
        entries = self.entry.ms[tuple(factor.over(decisions) for factor in places)]
        return Site(self.entry.site, decisions, np.asarray(entries))

    def check_site(self) -> None:
        if self.entry.site not in self.layers:
            self.fail(f"`{self.space.name}` has no such layer")

    @property
    def layer(self) -> ir.Layer:
        return self.layers[self.entry.site]

    def places(self, axis: str) -> Factor:
        """Where along ``axis`` of the table the entry lies, for every way to take some decisions."""
        inputs, outputs = self.layer.inputs.channels, self.layer.outputs.channels
        match axis:
            case "in":
                return self.filter_places(axis, inputs)
            case "filters" if (inputs.decision, inputs.options) != (outputs.decision, outputs.options):
                self.fail(
                    "the table has one axis `filters`, but input and output filters differ in the space"
                )
            case "out" | "filters":
                return self.filter_places(axis, outputs)
            case _:
                return self.option_places()

    def filter_places(self, axis: str, filters: ir.Choice[int]) -> Factor:
        listed = self.entry.options[axis]
        for option in filters.options:
            if option not in listed:
                id = "the filters" if filters.decision is None else f"`{filters.decision}`"
                self.fail(f"{id} can be {option}, but the table has {axis} {', '.join(map(str, listed))}")
        places = np.array([listed.index(option) for option in filters.options])
        if filters.decision is None:
            return Factor((), places[0])
        return Factor((self.space.position[filters.decision],), places)

    def option_places(self) -> Factor:
        meanings = {str(label): meaning(str(label)) for label in self.entry.options["option"]}
        labels = list(meanings)
        positions = sorted({self.space.position[id] for id in own_decisions(self.layer)})
        decisions = [self.space.decisions[position] for position in positions]
        lengths = [len(decision.options) for decision in decisions]
        places = np.zeros(lengths, dtype=np.int64)
        found: dict[int, Description] = {}
        for indices in itertools.product(*map(range, lengths)):
            selection = {decision.id: index for decision, index in zip(decisions, indices, strict=True)}
            description = describe(self.layer, selection)
            places[indices] = place = self.label_of(description, meanings)
            if found.setdefault(place, description) != description:
                self.fail_alike(labels[place], found[place], description)
        return Factor(tuple(positions), places)

    def label_of(self, description: Description, meanings: Mapping[str, Description]) -> int:
        """The number of the only label that says what ``description`` says, or less."""
        fitting = [
            number for number, said in enumerate(meanings.values()) if said.items() <= description.items()
        ]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            both = " and ".join(f"`{list(meanings)[number]}`" for number in fitting)
            self.fail(f"for `{text(description)}` the table has several entries: {both}")
        for key, option in description.items():
            known = sorted({said[key] for said in meanings.values() if key in said})
            if known and option not in known:
                self.fail(f"{about(self.layer, key)} can be {option}, but the table has {', '.join(known)}")
        self.fail(f"the space can have `{text(description)}`, for which the table has no entry")

    def check_complete(self, bound: Sequence[int]) -> None:
        own = own_decisions(self.layer)
        shapes = (choice.decision for leaf, _ in leaves(self.layer) for choice in settings(leaf))
        for id in (*own, *filter(None, shapes)):
            position = self.space.position[id]
            if position not in bound and len(self.space.decisions[position].options) > 1:
                self.fail(
                    f"the space decides `{id}`, but the table has the same entry for all of its options"
                )

    def fail_alike(self, label: str, one: Description, other: Description) -> NoReturn:
        key = next(key for key in {**one, **other} if one.get(key) != other.get(key))
        self.fail(
            f"{about(self.layer, key)} makes it `{text(one)}` or `{text(other)}`, "
            f"but the table has one entry for both: `{label}`"
        )

    def fail(self, what: str) -> NoReturn:
        raise TableError(f"table {self.table}, site {self.entry.site}: {what}")
