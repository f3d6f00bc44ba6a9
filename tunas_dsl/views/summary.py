"""What a space is, as data that tables and documents show: its blocks, decisions and sizes."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import attrs

from tunas_dsl.cost.counting import architectures, combinations, logits
from tunas_dsl.cost.extremes import maximum, minimum
from tunas_dsl.cost.layers import macs_model, parameters_model, supernet_parameters
from tunas_dsl.cost.model import CostModel
from tunas_dsl.cost.shares import by_block, cost_by_site, mean_by_site
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import expanded_filters
from tunas_dsl.ir.sharing import places, shared
from tunas_dsl.ir.words import Words, times

_APART = (ir.Depth, ir.GlobalPool)
"""What has a line of its own: an activation after it would read like a part of it."""


@attrs.frozen
class Part:
    """What a block costs, in parameters or multiply-adds.

    ``mean`` is over all index vectors, every option equally likely; ``largest`` is its part in the
    architecture that costs the most. Shares are of the whole network, from 0 to 1.
    """

    mean: float
    mean_share: float
    largest: int
    largest_share: float


@attrs.frozen
class BlockSummary:
    """A block, or the classifier, whose ``filters`` are its classes and which has no ``sizes``.

    ``layers`` has a text for each run of equal layers; an activation goes with the layer before it.
    ``sizes`` are those of the output, ``pooled`` those before it where the last layer is a global pool.
    ``tied`` is the decision about its filters where other places share it.
    """

    name: str
    layers: tuple[str, ...]
    sizes: tuple[ir.Size, ...]
    pooled: tuple[ir.Size, ...]
    filters: tuple[int, ...]
    tied: str | None
    parameters: Part
    macs: Part


@attrs.frozen
class DecisionSummary:
    """A decision: its places, when it counts (empty for always), and where it was written.

    ``widths`` are the smallest and largest number of filters that each option of an expansion can mean.
    """

    id: str
    kind: ir.DecisionKind
    options: tuple[int | str, ...]
    places: tuple[str, ...]
    widths: tuple[tuple[int, int], ...]
    active: tuple[ir.Condition, ...]
    origin: str | None


@attrs.frozen
class Range:
    """The smallest, the largest and the mean cost of an architecture; the mean is over all index vectors."""

    smallest: float
    largest: float
    mean: float


@attrs.frozen
class SpaceSummary:
    """A space: exact counts, its blocks with the classifier as the last, its decisions.

    ``combinations`` counts index vectors, ``architectures`` what is distinct (facts 4.3).
    """

    name: str
    sizes: tuple[ir.Size, ...]
    channels: int
    divisor: int
    blocks: tuple[BlockSummary, ...]
    decisions: tuple[DecisionSummary, ...]
    combinations: int
    architectures: int
    logits: int
    supernet_parameters: int
    parameters: Range
    macs: Range


def summarise(space: ir.Space) -> SpaceSummary:
    """All that is shown of ``space``."""
    parameters, macs = _costs(space, parameters_model(space)), _costs(space, macs_model(space))
    return SpaceSummary(
        name=space.name,
        sizes=space.inputs.size.options,
        channels=space.inputs.channels.constant,
        divisor=space.divisor,
        blocks=_blocks(space, parameters[1], macs[1]),
        decisions=_decisions(space),
        combinations=combinations(space),
        architectures=architectures(space),
        logits=logits(space),
        supernet_parameters=supernet_parameters(space),
        parameters=parameters[0],
        macs=macs[0],
    )


def told(layers: Sequence[ir.Layer], words: Words) -> tuple[str, ...]:
    """A text for each run of equal layers; an activation goes with the layer before it."""
    groups: list[list[ir.Layer]] = []
    for layer in _spliced(layers, words):
        if isinstance(layer, ir.Activation) and groups and not isinstance(groups[-1][0], _APART):
            groups[-1].append(layer)
        else:
            groups.append([layer])
    lines: list[tuple[str, int]] = []
    for text in (", ".join(words.runs(group)) for group in groups):
        if lines and lines[-1][0] == text:
            lines[-1] = (text, lines[-1][1] + 1)
        else:
            lines.append((text, 1))
    return tuple(text if number == 1 else times(number, text) for text, number in lines)


def _spliced(layers: Sequence[ir.Layer], words: Words) -> Iterator[ir.Layer]:
    """``layers`` with those of a sequence in its place, unless the sequence is repeated."""
    texts = [words.layer(layer) for layer in layers]
    for number, layer in enumerate(layers):
        repeated = texts[number] in texts[max(0, number - 1) : number] + texts[number + 1 : number + 2]
        if isinstance(layer, ir.Sequence) and not repeated:
            yield from _spliced(layer.layers, words)
        else:
            yield layer


def cost_range(model: CostModel) -> Range:
    """Between what the costs of architectures lie, in the unit of ``model``."""
    mean = sum(mean_by_site(model).values()) + model.intercept
    return Range(minimum(model).cost, maximum(model).cost, mean)


def _costs(space: ir.Space, model: CostModel) -> tuple[Range, list[Part]]:
    """Of the whole space in whole numbers, and of each block."""
    most = maximum(model)
    means = by_block(space, mean_by_site(model))
    largest = by_block(space, cost_by_site(model, most.indices))
    whole_mean, whole_largest = sum(means) or 1.0, sum(largest) or 1.0
    parts = [
        Part(mean, mean / whole_mean, round(cost), cost / whole_largest)
        for mean, cost in zip(means, largest, strict=True)
    ]
    return Range(round(minimum(model).cost), round(most.cost), sum(means)), parts


def _blocks(space: ir.Space, parameters: list[Part], macs: list[Part]) -> tuple[BlockSummary, ...]:
    tied = shared(space)
    rows = []
    for block, *costs in zip(space.blocks, parameters, macs, strict=False):
        output = block.layers[-1].outputs if block.layers else space.inputs
        decision = block.filters.decision
        rows.append(
            BlockSummary(
                block.name,
                told(block.layers, Words(tied, block.filters)),
                output.size.options,
                _pooled(block.layers),
                block.filters.options if decision is not None else output.channels.options,
                decision if decision in tied else None,
                *costs,
            )
        )
    if space.classifier is not None:
        text = ("linear" + _dropout(space.classifier.dropout),)
        classes = (space.classifier.classes,)
        rows.append(BlockSummary("classifier", text, (), (), classes, None, parameters[-1], macs[-1]))
    return tuple(rows)


def _pooled(layers: Sequence[ir.Layer]) -> tuple[ir.Size, ...]:
    """The sizes before the global pool that ``layers`` end in, if they do."""
    if not layers:
        return ()
    last = layers[-1]
    if isinstance(last, ir.Sequence):
        return _pooled(last.layers)
    return last.inputs.size.options if isinstance(last, ir.GlobalPool) else ()


def _dropout(rate: Fraction) -> str:
    return f", dropout {float(rate):g}" if rate else ""


def _decisions(space: ir.Space) -> tuple[DecisionSummary, ...]:
    about, widths = places(space), _widths(space)
    return tuple(
        DecisionSummary(
            id=decision.id,
            kind=decision.kind,
            options=decision.options,
            places=about[decision.id],
            widths=widths.get(decision.id, ()),
            active=decision.active,
            origin=str(decision.origin) if decision.origin else None,
        )
        for decision in space.decisions
    )


def _widths(space: ir.Space) -> dict[str, tuple[tuple[int, int], ...]]:
    """For each decision about an expansion, the filters that its options can mean."""
    found: dict[str, list[tuple[int, int]]] = {}
    bottlenecks = (
        part
        for _, layer in space.sites()
        for part in ir.walk(layer)
        if isinstance(part, ir.Bottleneck) and part.expansion.decision
    )
    for layer in bottlenecks:
        inputs = layer.inputs.channels.options
        own: list[tuple[int, int]] = []
        for option in layer.expansion.options:
            filters = [expanded_filters(option, number, layer.divisor) for number in inputs]
            own.append((min(filters), max(filters)))
        id = layer.expansion.decision or ""
        both = zip(found.get(id, own), own, strict=True)
        found[id] = [(min(a[0], b[0]), max(a[1], b[1])) for a, b in both]
    return {id: tuple(ranges) for id, ranges in found.items()}


def space_fields(summary: SpaceSummary) -> dict[str, Any]:
    """``summary`` as the document that ``tunas show --format json`` prints."""
    return {
        "name": summary.name,
        "input": {"sizes": [list(size) for size in summary.sizes], "channels": summary.channels},
        "divisor": summary.divisor,
        "decisions": [attrs.asdict(decision) for decision in summary.decisions],
        "combinations": str(summary.combinations),
        "architectures": str(summary.architectures),
        "logits": summary.logits,
        "parameters": {"supernet": summary.supernet_parameters, **attrs.asdict(summary.parameters)},
        "macs": attrs.asdict(summary.macs),
        "blocks": [attrs.asdict(block) for block in summary.blocks],
    }
