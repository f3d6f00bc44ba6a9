"""A latency table bound to a space: its entries found by what they mean, not by where they stand."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import NoReturn

import attrs
import numpy as np

from tunas_dsl.cost.convolutions import leaves, settings
from tunas_dsl.cost.factor import Factor
from tunas_dsl.cost.model import CostModel, Site
from tunas_dsl.cost.table import LatencyTable, TableError, TableSite
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.exchange import KINDS
from tunas_dsl.ir.selection import chosen

Description = Mapping[str, str]
"""What a layer is, or what a label says of it: ``{"layer": "sepconv", "kernel": "3"}``."""

FIXED = "fixed"
"""The label of a layer about which nothing but filters is decided."""


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


@attrs.frozen(eq=False)
class _Binding:
    """One site of a table and the layer of the space that it is about."""

    space: ir.Space
    table: str
    layers: Mapping[str, ir.Layer]
    entry: TableSite

    def site(self) -> Site:
        """The entries of the table, one axis for each decision about the layer."""
        if self.entry.site not in self.layers:
            self.fail(f"`{self.space.name}` has no such layer")
        places = [self.places(axis) for axis in self.entry.options]
        decisions = tuple(sorted({position for factor in places for position in factor.decisions}))
        self.check_complete(decisions)
        entries = self.entry.ms[tuple(factor.over(decisions) for factor in places)]
        return Site(self.entry.site, decisions, np.asarray(entries))

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
                about = "the filters" if filters.decision is None else f"`{filters.decision}`"
                self.fail(f"{about} can be {option}, but the table has {axis} {', '.join(map(str, listed))}")
        places = np.array([listed.index(option) for option in filters.options])
        if filters.decision is None:
            return Factor((), places[0])
        return Factor((self.space.position[filters.decision],), places)

    def option_places(self) -> Factor:
        meanings = {str(label): _meaning(str(label)) for label in self.entry.options["option"]}
        labels = list(meanings)
        positions = sorted({self.space.position[id] for id in _own_decisions(self.layer)})
        decisions = [self.space.decisions[position] for position in positions]
        lengths = [len(decision.options) for decision in decisions]
        places = np.zeros(lengths, dtype=np.int64)
        found: dict[int, Description] = {}
        for indices in itertools.product(*map(range, lengths)):
            selection = {decision.id: index for decision, index in zip(decisions, indices, strict=True)}
            description = _describe(self.layer, selection)
            places[indices] = place = self.label_of(description, meanings)
            if found.setdefault(place, description) != description:
                self.fail_alike(labels[place], found[place], description)
        return Factor(tuple(positions), places)

    def label_of(self, description: Description, meanings: Mapping[str, Description]) -> int:
        """The number of the only label that says what ``description`` says, or less."""
        fitting = [
            number
            for number, meaning in enumerate(meanings.values())
            if meaning.items() <= description.items()
        ]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            both = " and ".join(f"`{list(meanings)[number]}`" for number in fitting)
            self.fail(f"for `{_text(description)}` the table has several entries: {both}")
        for key, option in description.items():
            known = sorted({meaning[key] for meaning in meanings.values() if key in meaning})
            if known and option not in known:
                self.fail(f"{_about(self.layer, key)} can be {option}, but the table has {', '.join(known)}")
        self.fail(f"the space can have `{_text(description)}`, for which the table has no entry")

    def check_complete(self, bound: Sequence[int]) -> None:
        own = _own_decisions(self.layer)
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
            f"{_about(self.layer, key)} makes it `{_text(one)}` or `{_text(other)}`, "
            f"but the table has one entry for both: `{label}`"
        )

    def fail(self, what: str) -> NoReturn:
        raise TableError(f"table {self.table}, site {self.entry.site}: {what}")


def _own_decisions(layer: ir.Layer) -> list[str]:
    """The decisions about ``layer`` but those about its shape, each once."""
    return list(dict.fromkeys(id for _, id in _decided(layer)))


def _decided(layer: ir.Layer) -> Iterator[tuple[str, str]]:
    """What is decided about ``layer``, in the words of labels, and by which decision."""
    for part in ir.walk(layer):
        if isinstance(part, ir.Alternatives):
            yield "layer", part.decision
        if isinstance(part, ir.Conv | ir.SeparableConv | ir.Bottleneck) and part.kernel.decision:
            yield "kernel", part.kernel.decision
        if isinstance(part, ir.Bottleneck) and part.expansion.decision:
            yield "expand", part.expansion.decision
        if isinstance(part, ir.Bottleneck) and part.squeeze_excite.decision:
            yield "se", part.squeeze_excite.decision


def _about(layer: ir.Layer, key: str) -> str:
    """The decision about ``key``, or where there is none, the one that it comes from."""
    decided = dict(reversed(list(_decided(layer))))
    id = decided.get(key) or decided.get("layer") or next(iter(decided.values()), None)
    return f"the {key}" if id is None else f"`{id}`"


def _describe(layer: ir.Layer, selection: Mapping[str, int]) -> Description:
    match layer:
        case ir.Alternatives(decision=decision, layers=layers):
            return _describe(layers[selection[decision]], selection)
        case ir.Residual(body=body):
            return _describe(body, selection)
        case ir.Sequence(layers=layers):
            parts = (_text(_describe(part, selection)) for part in layers)
            return {"layer": "sequence", "of": ", ".join(parts)}
    description = {"layer": KINDS[type(layer)]}
    if isinstance(layer, ir.Conv | ir.SeparableConv | ir.Bottleneck):
        description["kernel"] = str(chosen(layer.kernel, selection))
    if isinstance(layer, ir.Bottleneck):
        description["expand"] = str(chosen(layer.expansion, selection))
        description["se"] = "on" if chosen(layer.squeeze_excite, selection) else "off"
    return description


def _meaning(label: str) -> Description:
    """What a label says: ``kernel=3 se=on``, or the name of a kind of layers, or nothing (``fixed``)."""
    words = (word for word in label.split() if word != FIXED)
    pairs = (word.partition("=") if "=" in word else ("layer", "=", word) for word in words)
    return {key: option for key, _, option in pairs}


def _text(description: Description) -> str:
    settings = [f"{key}={option}" for key, option in description.items() if key != "layer"]
    return " ".join([description["layer"], *settings])
