"""Multiply-adds and trainable parameters of every architecture of a space, from the IR alone."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from tunas_dsl.cost.convolutions import Axes, convolutions, leaves, linear, settings
from tunas_dsl.cost.factor import Factor, merge
from tunas_dsl.cost.lines import Line, taken_options
from tunas_dsl.cost.model import CostModel, Site, Unit
from tunas_dsl.ir import space as ir
from tunas_dsl.kinds import Convolution

CLASSIFIER = "classifier"
"""The name of the classifier's site."""


def macs_model(space: ir.Space) -> CostModel:
    """Multiply-adds of convolutions and linear layers at batch 1; biases and norms are not counted."""
    return _model(space, "macs", "MAdds", lambda convolution: convolution.macs)


def macs_lines(space: ir.Space, indices: Sequence[int]) -> Iterator[Line]:
    """The multiply-adds of one architecture, convolution by convolution."""
    for site, axes, parts in _parts(space):
        place = tuple(indices[position] for position in axes.decisions)
        lengths = [len(space.decisions[position].options) for position in axes.decisions]
        taken = taken_options(space, indices, axes.decisions)
        for part in parts:
            sizes = (part.inputs, part.outputs, part.pixels, part.macs)
            inputs, outputs, pixels, macs = (int(np.broadcast_to(size, lengths)[place]) for size in sizes)
            if macs:
                key = f"{part.kernel}x{part.kernel}, {inputs} -> {outputs}, {pixels} pixels"
                yield Line(site, key, float(macs), taken)


def parameters_model(space: ir.Space) -> CostModel:
    """Trainable parameters of the architecture on its own: weights, biases, gamma and beta."""
    return _model(space, "parameters", "parameters", lambda convolution: convolution.parameters)


def supernet_parameters(space: ir.Space) -> int:
    """Trainable parameters of the supernet (facts 4.3).

    It has one tensor of the largest size for each convolution; every whole-layer alternative and
    every kernel size has weights of its own.
    """
    return sum(part.largest for _, _, parts in _parts(space) for part in parts)


def _model(space: ir.Space, name: str, unit: Unit, count: Callable[[Convolution], Any]) -> CostModel:
    factors: dict[str, list[Factor]] = {}
    for site, axes, parts in _parts(space):
        factors.setdefault(site, []).append(_total(space, axes, map(count, parts)).trimmed())
    return CostModel(
        name=name,
        unit=unit,
        options=tuple(len(decision.options) for decision in space.decisions),
        intercept=0,
        sites=tuple(
            Site(site, factor.decisions, factor.table) for site in factors for factor in merge(factors[site])
        ),
    )


def _parts(space: ir.Space) -> Iterator[tuple[str, Axes, list[Convolution]]]:
    """The convolutions of each leaf that has any, with its site and the axes of their arrays."""
    for site, layer in space.sites():
        for leaf, selected in leaves(layer):
            axes = _axes(space, leaf, selected)
            used: Any = np.ones([1] * len(axes.decisions), dtype=np.int64)
            for decision, options in selected:
                used = used * axes.selected(decision, options)
            if parts := convolutions(leaf, axes, used):
                yield site, axes, parts
    if space.classifier is not None:
        channels = space.classifier.inputs.channels.decision
        axes = Axes(space, () if channels is None else (space.position[channels],))
        yield CLASSIFIER, axes, [linear(space.classifier, axes)]


def _axes(space: ir.Space, leaf: ir.Layer, selected: ir.Condition) -> Axes:
    own = {choice.decision for choice in settings(leaf) if choice.decision is not None}
    enclosing = {decision for decision, _ in selected}
    return Axes(space, tuple(sorted(space.position[id] for id in own | enclosing)))


def _total(space: ir.Space, axes: Axes, counts: Iterator[Any]) -> Factor:
    lengths = [len(space.decisions[position].options) for position in axes.decisions]
    table = np.zeros(lengths, dtype=np.int64)
    for numbers in counts:
        table += numbers
    return Factor(axes.decisions, table)
