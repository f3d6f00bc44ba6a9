"""Whether a space that was read, and not compiled here, is one that the compiler could have made."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import attrs

from tunas_dsl.ir import space as ir

_LARGEST = 1 << 16
"""No layer has more channels, no image more rows or columns."""


def check_space(space: ir.Space) -> None:
    """Hold the parts of ``space`` against each other: decisions, their options, and shapes along the layers.

    Raises:
        ValueError: they contradict each other; the message says which.
    """
    if len(space.position) != len(space.decisions):
        raise ValueError("two decisions have one id")
    counts = {decision.id: len(decision.options) for decision in space.decisions}
    for decision in space.decisions:
        _check_decision(decision, counts)
    for node in _nodes(space):
        _check_node(node, counts)
    layers = [layer for block in space.blocks for layer in block.layers]
    _check_chain(layers)
    if space.classifier and layers and space.classifier.inputs != layers[-1].outputs:
        raise ValueError("the classifier does not take what the last layer gives")


def _check_decision(decision: ir.Decision, counts: dict[str, int]) -> None:
    if not 0 <= decision.largest < counts[decision.id]:
        raise ValueError(f"`{decision.id}` has no option {decision.largest}")
    for id, options in (term for condition in decision.active for term in condition):
        if not all(0 <= option < counts.get(id, 0) for option in options):
            raise ValueError(f"`{decision.id}` depends on options that `{id}` has not")


def _check_node(node: Any, counts: dict[str, int]) -> None:
    match node:
        case ir.Choice(options=options, decision=decision):
            _check_count("a setting", len(options), decision, counts)
        case ir.FeatureMap(channels=channels, size=size):
            sides = [side for option in size.options for side in option]
            if not all(1 <= number <= _LARGEST for number in (*channels.options, *sides)):
                raise ValueError("a feature map has an absurd shape")
        case ir.Alternatives(layers=layers, decision=decision):
            _check_count("alternatives", len(layers), decision, counts)
            if any((one.inputs, one.outputs) != (node.inputs, node.outputs) for one in layers):
                raise ValueError("alternatives have different shapes")
        case ir.Depth(layers=layers, counts=depths, decision=decision):
            _check_count("depths", len(depths), decision, counts)
            if not all(0 <= depth <= len(layers) for depth in depths):
                raise ValueError("a depth is of more layers than there are")
        case ir.Sequence(layers=layers):
            _check_chain(layers)
        case ir.Residual(body=body):
            if not body.inputs == body.outputs == node.inputs == node.outputs:
                raise ValueError("a residual changes the shape")
        case ir.Operation():
            kernel: ir.Choice[int] = getattr(node, "kernel", ir.constant(1))
            if getattr(node, "stride", 1) < 1 or not all(1 <= size <= _LARGEST for size in kernel.options):
                raise ValueError("a convolution has an absurd kernel or stride")


def _check_count(what: str, count: int, decision: str | None, counts: dict[str, int]) -> None:
    wanted = 1 if decision is None else counts.get(decision)
    if count != wanted:
        raise ValueError(f"{what} of {count} options, but `{decision}` has {wanted}")


def _check_chain(layers: Iterable[ir.Layer]) -> None:
    for one, other in pairwise(layers):
        if one.outputs != other.inputs:
            raise ValueError("a layer does not take what the one before gives")


def _nodes(node: Any) -> Iterator[Any]:
    """``node`` and every object inside it."""
    if isinstance(node, tuple):
        for part in node:
            yield from _nodes(part)
    elif attrs.has(type(node)):
        yield node
        for field in attrs.fields(type(node)):
            yield from _nodes(getattr(node, field.name))
