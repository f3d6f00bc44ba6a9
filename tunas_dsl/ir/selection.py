"""Points of a space: what an index vector selects, and the space that is left of it."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import attrs

from tunas_dsl.errors import NotInSpace
from tunas_dsl.ir import space as ir
from tunas_dsl.kinds.layer import chosen as chosen
from tunas_dsl.kinds.layer import expanded_filters as expanded_filters

T = TypeVar("T")

AVERAGE = -1
"""In an index vector: op warmup averages all options of this decision (facts 5)."""


def check_indices(space: ir.Space, indices: Sequence[int]) -> tuple[int, ...]:
    """``indices`` as a tuple, one option number per decision of ``space``.

    Raises:
        NotInSpace: the vector has another length, or a number has no option.
    """
    if len(indices) != len(space.decisions):
        raise NotInSpace(
            f"{len(indices)} indices are given, but `{space.name}` has {len(space.decisions)} decisions"
        )
    for position, (index, decision) in enumerate(zip(indices, space.decisions, strict=True)):
        if not 0 <= index < len(decision.options):
            raise NotInSpace(
                f"index {index} at position {position} is out of range: "
                f"`{decision.id}` has the options 0 to {len(decision.options) - 1}"
            )
    return tuple(int(index) for index in indices)


def kept(layer: ir.Depth, selection: Mapping[str, int]) -> ir.Sequence:
    """The layers that are left of ``layer`` at the depth that ``selection`` picks."""
    layers = layer.layers[: layer.counts[selection[layer.decision]]]
    return ir.Sequence(inputs=layer.inputs, outputs=layer.outputs, layers=layers, origin=layer.origin)


def active_decisions(space: ir.Space, selection: Sequence[int]) -> tuple[bool, ...]:
    """For each decision, whether it counts in ``selection``, where AVERAGE keeps every option alive."""
    by_id = {d.id: index for d, index in zip(space.decisions, selection, strict=True)}

    def holds(condition: ir.Condition) -> bool:
        return all(by_id[id] == AVERAGE or by_id[id] in options for id, options in condition)

    return tuple(not d.active or any(map(holds, d.active)) for d in space.decisions)


def canonical(space: ir.Space, indices: Sequence[int]) -> tuple[int, ...]:
    """``indices`` with every decision that does not count set to 0: equal networks, equal vectors."""
    active = active_decisions(space, indices)
    return tuple(index if counts else 0 for index, counts in zip(indices, active, strict=True))


def prune(space: ir.Space, indices: Sequence[int]) -> ir.Space:
    """The architecture that ``indices`` selects: ``space`` with every decision taken.

    Of the decisions only the blocks' filters stay, with one option each, as in a space written
    without ``|``. A layer that was skipped stays as a residual around a skip; a depth becomes a sequence.

    Raises:
        NotInSpace: ``indices`` is not a vector of this space.
    """
    indices = check_indices(space, indices)
    selection = {d.id: index for d, index in zip(space.decisions, indices, strict=True)}
    own: dict[str, str] = {}  # each block's filters keep a decision of their own, tied or not
    for block in space.blocks:
        if block.filters.decision is not None:
            own.setdefault(block.filters.decision, _filters_id(block))
    pruning = _Pruning(selection, own)
    return ir.Space(
        name=space.name,
        inputs=pruning.feature_map(space.inputs),
        divisor=space.divisor,
        decisions=tuple(
            ir.Decision(_filters_id(b), "filters", (chosen(b.filters, selection),), 0, origin=b.origin)
            for b in space.blocks
        ),
        blocks=tuple(map(pruning.block, space.blocks)),
        classifier=space.classifier
        and attrs.evolve(space.classifier, inputs=pruning.feature_map(space.classifier.inputs)),
    )


def _filters_id(block: ir.Block) -> str:
    return f"{block.name}.filters"


@attrs.frozen
class _Pruning:
    """Parts of a space with every decision taken: ``selection`` picks the options.

    ``own`` are the decisions that are left, by those about the filters of blocks.
    """

    selection: Mapping[str, int]
    own: Mapping[str, str]

    def block(self, block: ir.Block) -> ir.Block:
        filters = ir.Choice((chosen(block.filters, self.selection),), _filters_id(block))
        return attrs.evolve(block, filters=filters, layers=tuple(map(self.layer, block.layers)))

    def feature_map(self, features: ir.FeatureMap) -> ir.FeatureMap:
        decision = self.own.get(features.channels.decision or "")
        channels = ir.Choice((chosen(features.channels, self.selection),), decision)
        return ir.FeatureMap(channels, self.fixed(features.size))

    def fixed(self, choice: ir.Choice[T]) -> ir.Choice[T]:
        return ir.constant(chosen(choice, self.selection))

    def layer(self, node: ir.Layer) -> ir.Layer:
        if isinstance(node, ir.Alternatives):
            return self.layer(node.layers[self.selection[node.decision]])
        if isinstance(node, ir.Depth):
            return self.layer(kept(node, self.selection))
        return attrs.evolve(
            node,
            inputs=self.feature_map(node.inputs),
            outputs=self.feature_map(node.outputs),
            **self._inside(node),
        )

    def _inside(self, node: ir.Layer) -> dict[str, Any]:
        """What a layer has beside its shapes that depends on decisions."""
        match node:
            case ir.Operation():
                values = {p.field: getattr(node, p.field) for p in node.parameters if p.name != "filters"}
                return {f: self.fixed(v) for f, v in values.items() if isinstance(v, ir.Choice)}
            case ir.Sequence(layers=layers):
                return {"layers": tuple(map(self.layer, layers))}
            case ir.Residual(body=body):
                return {"body": self.layer(body)}
            case _:
                return {}
