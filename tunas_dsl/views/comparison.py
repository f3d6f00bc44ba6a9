"""Two spaces, or two architectures, side by side: what one has and the other has not, and what that costs."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import attrs

from tunas_dsl.ir import space as ir
from tunas_dsl.ir.exchange import kind_name
from tunas_dsl.ir.selection import active_decisions
from tunas_dsl.ir.words import Words, options, sizes
from tunas_dsl.views.layer_rows import Listed, layer_rows
from tunas_dsl.views.summary import SpaceSummary, summarise

What = Literal["input", "divisor", "block", "classifier", "decision", "choice", "detail"]
Sign = Literal["added", "removed", "changed"]
Number = int | float


@attrs.frozen
class Change:
    """Something that differs, as lines of text; where one side has it not, that side is nothing."""

    what: What
    name: str
    before: tuple[str, ...] | None
    after: tuple[str, ...] | None

    @property
    def sign(self) -> Sign:
        """Which sides have it."""
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"


@attrs.frozen
class Figure:
    """A number of both sides, such as ``parameters, largest``."""

    name: str
    before: Number
    after: Number


@attrs.frozen
class Comparison:
    """All that differs between two sides, whose names do not count, and their sizes."""

    kind: Literal["spaces", "architectures"]
    names: tuple[str, str]
    changes: tuple[Change, ...]
    figures: tuple[Figure, ...]

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not self.changes


Choices = Mapping[str, str]
"""The option taken of each decision that counts, by its id."""


def compare_spaces(one: ir.Space, other: ir.Space) -> Comparison:
    """The changes from ``one`` to ``other``: images, blocks, decisions by their ids, sizes."""
    first, second = summarise(one), summarise(other)
    changes = [*_settings(first, second), *_blocks(_block_lines(first), _block_lines(second))]
    changes += _differing("decision", _decision_lines(one), _decision_lines(other))
    figures = _paired(_space_figures(first), _space_figures(second))
    return Comparison("spaces", (one.name, other.name), _whole(changes, one, other), figures)


def compare_architectures(
    one: ir.Space,
    other: ir.Space,
    choices: tuple[Choices, Choices] | None = None,
    latencies: tuple[Number, Number] | None = None,
) -> Comparison:
    """The changes between two networks in which nothing is left to decide.

    Between points of one space also those of the ``choices``; ``latencies`` are in ms.
    """
    first, second = summarise(one), summarise(other)
    changes = [*_settings(first, second), *_blocks(_layer_lines(one), _layer_lines(other))]
    if choices is not None:
        lines = ({id: (choice,) for id, choice in side.items()} for side in choices)
        changes += _differing("choice", *lines)
    figures = list(_paired(_network_figures(first), _network_figures(second)))
    if latencies is not None:
        figures.append(Figure("latency_ms", *latencies))
    names = (one.name, other.name)
    return Comparison("architectures", names, _whole(changes, one, other), tuple(figures))


def choices_of(space: ir.Space, indices: Sequence[int]) -> Choices:
    """What ``indices`` take in ``space``; what is decided inside a layer that was skipped has no effect."""
    active = active_decisions(space, indices)
    taken = zip(space.decisions, indices, active, strict=True)
    return {
        decision.id: str(decision.options[index])
        for decision, index, counts in taken
        if counts and len(decision.options) > 1
    }


def comparison_fields(comparison: Comparison) -> dict[str, Any]:
    """``comparison`` as the document that ``tunas diff --format json`` prints."""
    return {
        "kind": comparison.kind,
        "same": comparison.same,
        "names": list(comparison.names),
        "changes": [{"sign": change.sign, **attrs.asdict(change)} for change in comparison.changes],
        "figures": {
            figure.name: [_exact(figure.name, figure.before), _exact(figure.name, figure.after)]
            for figure in comparison.figures
        },
    }


def _exact(name: str, number: Number) -> Number | str:
    """Counts of points as texts: they are too large for the numbers of most readers of JSON."""
    return str(number) if name in ("architectures", "combinations") else number


def _settings(one: SpaceSummary, other: SpaceSummary) -> Iterator[Change]:
    told = {
        "input": [f"{sizes(s.sizes)} x {s.channels}" for s in (one, other)],
        "divisor": [str(s.divisor) for s in (one, other)],
    }
    for name, (before, after) in told.items():
        if before != after:
            yield Change("input" if name == "input" else "divisor", name, (before,), (after,))


Lines = Mapping[str, tuple[str, ...]]
"""What there is of a kind, by name, each as lines of text."""


def _blocks(one: Lines, other: Lines) -> Iterator[Change]:
    for change in _differing("block", one, other):
        yield attrs.evolve(change, what="classifier") if change.name == "classifier" else change


def _differing(what: What, one: Lines, other: Lines) -> Iterator[Change]:
    for name in dict.fromkeys([*one, *other]):
        before, after = one.get(name), other.get(name)
        if before != after:
            yield Change(what, name, before, after)


def _block_lines(summary: SpaceSummary) -> Lines:
    lines = {}
    for block in summary.blocks:
        tied = f"@{block.tied}" if block.tied else ""
        filters = ("classes " if block.name == "classifier" else "filters ") + options(block.filters) + tied
        output = (f"output {sizes(block.sizes)}",) if block.sizes else ()
        lines[block.name] = (filters, *block.layers, *output)
    return lines


def _layer_lines(network: ir.Space) -> Lines:
    lines: dict[str, tuple[str, ...]] = {}
    rows = list(layer_rows(network))
    inside = Counter(number for listed in rows for number in listed.row.residuals)
    passed: Counter[int] = Counter()
    for listed in rows:
        passed.update(listed.row.residuals)
        places = [(passed[number], inside[number]) for number in listed.row.residuals]
        name = listed.row.block or "classifier"
        channels, *size = listed.row.output
        shape = "x".join(map(str, [*size, channels]))
        lines[name] = (*lines.get(name, ()), f"{_told(listed, places)}  {shape}")
    return lines


def _told(listed: Listed, places: Sequence[tuple[int, int]]) -> str:
    """A layer, and for each residual around it, which of how many layers inside it this is."""
    if listed.layer is None:
        return "linear"
    if isinstance(listed.layer, ir.Skip):
        return "skipped"
    if isinstance(listed.layer, ir.Residual):  # over no layers
        return "doubled"
    residuals = (", residual" if of == 1 else f", residual {number} of {of}" for number, of in places)
    return Words().layer(listed.layer) + "".join(residuals)


def _decision_lines(space: ir.Space) -> Lines:
    kinds = {
        part.decision: "|".join(kind_name(layer) for layer in part.layers)
        for _, layer in space.sites()
        for part in ir.walk(layer)
        if isinstance(part, ir.Alternatives)
    }
    return {
        decision.id: (
            f"{decision.kind.replace('_', '-')} {kinds.get(decision.id) or options(decision.options)}",
        )
        for decision in space.decisions
    }


def _whole(changes: list[Change], one: ir.Space, other: ir.Space) -> tuple[Change, ...]:
    """``changes``; where they leave out what differs, such as the order of decisions, that it does."""
    if changes or _nameless(one) == _nameless(other):
        return tuple(changes)
    ids = [[decision.id for decision in space.decisions] for space in (one, other)]
    what = "the order of the decisions" if ids[0] != ids[1] else "a setting that is not shown"
    return (Change("detail", what, ("one way",), ("another way",)),)


def _nameless(space: ir.Space) -> ir.Space:
    """``space`` without names that mean nothing: its own, and how whole layers are written."""
    decisions = tuple(
        attrs.evolve(decision, options=tuple(range(len(decision.options))))
        if decision.kind == "layer"
        else decision
        for decision in space.decisions
    )
    return attrs.evolve(space, name="", decisions=decisions)


def _space_figures(summary: SpaceSummary) -> dict[str, Number]:
    return {
        "architectures": summary.architectures,
        "combinations": summary.combinations,
        "decisions": len(summary.decisions),
        "supernet": summary.supernet_parameters,
        "parameters, smallest": summary.parameters.smallest,
        "parameters, largest": summary.parameters.largest,
        "parameters, mean": summary.parameters.mean,
        "macs, smallest": summary.macs.smallest,
        "macs, largest": summary.macs.largest,
        "macs, mean": summary.macs.mean,
    }


def _network_figures(summary: SpaceSummary) -> dict[str, Number]:
    return {"parameters": summary.parameters.largest, "macs": summary.macs.largest}


def _paired(one: Mapping[str, Number], other: Mapping[str, Number]) -> tuple[Figure, ...]:
    return tuple(Figure(name, number, other[name]) for name, number in one.items())
