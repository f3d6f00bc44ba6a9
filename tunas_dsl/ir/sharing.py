"""Which places of a space a decision is about: one, unless it is shared or its filters are tied."""

from collections.abc import Iterator, Mapping

from tunas_dsl.ir import space as ir

Places = Mapping[str, tuple[str, ...]]
"""For each decision by its id, its places, written as ids are: ``("b1.filters", "b2.filters")``."""


def places(space: ir.Space) -> Places:
    """Every place that each decision of ``space`` is about, in the order of the text.

    Filters and the size of the input are decided at one place each, however many layers they flow through.
    """
    found: dict[str, dict[str, None]] = {decision.id: {} for decision in space.decisions}
    if space.inputs.size.decision is not None:
        found[space.inputs.size.decision]["input.resolution"] = None
    for block in space.blocks:
        for number, layer in enumerate(block.layers):
            for decision, place in _inside(layer, f"{block.name}.{number}", block.filters):
                found[decision].setdefault(place)
        if block.filters.decision is not None:
            found[block.filters.decision].setdefault(f"{block.name}.filters")
    return {decision: tuple(those) for decision, those in found.items()}


def shared(space: ir.Space) -> frozenset[str]:
    """The decisions that are about several places."""
    return frozenset(id for id, those in places(space).items() if len(those) > 1)


def _inside(layer: ir.Layer, path: str, filters: ir.Choice[int]) -> Iterator[tuple[str, str]]:
    """The decisions about ``layer`` and what is in it, with their places, which are written as ids are."""
    match layer:
        case ir.Residual(body=body):
            yield from _inside(body, path, filters)
        case ir.Sequence(layers=layers):
            yield from _each(layers, path, filters)
        case ir.Depth(layers=layers, decision=decision):
            yield from _each(layers, path, filters)
            yield decision, f"{path}.depth"
        case ir.Alternatives(layers=layers, decision=decision):
            real = [part for part in layers if not isinstance(part, ir.Skip)]
            if len(real) > 1:
                yield from _each(layers, path, filters)
            else:
                yield from (found for part in real for found in _inside(part, path, filters))
            yield decision, f"{path}.op"
        case ir.Operation():
            yield from _settings(layer, path, filters)


def _each(layers: tuple[ir.Layer, ...], path: str, filters: ir.Choice[int]) -> Iterator[tuple[str, str]]:
    for number, layer in enumerate(layers):
        yield from _inside(layer, f"{path}.{number}", filters)


def _settings(layer: ir.Operation, path: str, filters: ir.Choice[int]) -> Iterator[tuple[str, str]]:
    decided = {name: choice.decision for name, choice in layer.settings().items()}
    if layer.has_filters and layer.outputs.channels != filters:
        decided["filters"] = layer.outputs.channels.decision
    for name, decision in decided.items():
        if decision is not None:
            yield decision, f"{path}.{name}"
