"""The layers of an architecture one by one, with their shapes and costs."""

from collections.abc import Iterator

import attrs

from tunas_dsl.cost.convolutions import Axes, convolutions, linear
from tunas_dsl.cost.layers import CLASSIFIER
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.exchange import KINDS
from tunas_dsl.ir.selection import expanded_filters, squeezed_filters

Shape = tuple[int, ...]
"""Channels, height, width."""


@attrs.frozen(kw_only=True)
class Row:
    """One layer of the network; ``macs`` and ``parameters`` are its own.

    ``expanded`` and ``squeezed`` are the widths inside a bottleneck, ``residual`` says whether the
    layer lies inside a residual. What a kind of layers has not is left out.
    """

    kind: str
    block: str | None = None
    kernel: int | None = None
    stride: int | None = None
    input: Shape
    output: Shape
    expanded: int | None = None
    squeezed: int | None = None
    act: str | None = None
    residual: bool
    parameters: int
    macs: int


@attrs.frozen
class Listed:
    """A layer with the site that it belongs to; ``layer`` is nothing for the classifier."""

    site: str
    layer: ir.Layer | None
    row: Row


def architecture_rows(network: ir.Space) -> Iterator[Row]:
    """The layers of a space in which nothing is left to decide, one by one; the classifier is the last."""
    return (listed.row for listed in layer_rows(network))


def layer_rows(network: ir.Space) -> Iterator[Listed]:
    """The rows of :func:`architecture_rows` with the layers that they are of."""
    blocks = (block for block in network.blocks for _ in block.layers)
    for block, (site, layer) in zip(blocks, network.sites(), strict=True):
        for leaf, residual in _flat(layer):
            yield Listed(site, leaf, _row(network, block.name, leaf, residual))
    if network.classifier is not None:
        yield Listed(CLASSIFIER, None, _classifier(network, network.classifier))


def _classifier(network: ir.Space, classifier: ir.Classifier) -> Row:
    part = linear(classifier, Axes(network, ()))
    return Row(
        kind="classifier",
        input=_shape(classifier.inputs),
        output=(classifier.classes,),
        residual=False,
        parameters=int(part.parameters),
        macs=int(part.macs),
    )


def _flat(layer: ir.Layer, residual: bool = False) -> Iterator[tuple[ir.Layer, bool]]:
    match layer:
        case ir.Sequence() | ir.Residual():
            for child in ir.children(layer):
                yield from _flat(child, residual or isinstance(layer, ir.Residual))
        case _:
            yield layer, residual


def _row(network: ir.Space, block: str, layer: ir.Layer, residual: bool) -> Row:
    parts = convolutions(layer, Axes(network, ()), 1)
    row = Row(
        kind=KINDS[type(layer)],
        block=block,
        input=_shape(layer.inputs),
        output=_shape(layer.outputs),
        residual=residual,
        parameters=sum(int(part.parameters) for part in parts),
        macs=sum(int(part.macs) for part in parts),
    )
    match layer:
        case ir.Conv():
            return attrs.evolve(row, kernel=layer.kernel.constant, stride=layer.stride)
        case ir.SeparableConv():
            return attrs.evolve(row, kernel=layer.kernel.constant, stride=layer.stride, act=layer.act)
        case ir.Activation():
            return attrs.evolve(row, act=layer.function)
        case ir.Bottleneck():
            expanded = expanded_filters(
                layer.expansion.constant, layer.inputs.channels.constant, layer.divisor
            )
            return attrs.evolve(
                row,
                kernel=layer.kernel.constant,
                stride=layer.stride,
                act=layer.act,
                expanded=expanded,
                squeezed=squeezed_filters(layer, expanded) if layer.squeeze_excite.constant else None,
            )
        case _:
            return row


def _shape(features: ir.FeatureMap) -> Shape:
    return (features.channels.constant, *features.size.constant)
