"""The layers of an architecture one by one, with their shapes and costs."""

from collections.abc import Iterator
from itertools import count

import attrs

from tunas_dsl.cost.convolutions import Axes, convolutions, linear
from tunas_dsl.cost.layers import CLASSIFIER
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.exchange import kind_name

Shape = tuple[int, ...]
"""Channels, height, width."""


@attrs.frozen(kw_only=True)
class Row:
    """One layer of the network; ``macs`` and ``parameters`` are its own.

    ``expanded`` and ``squeezed`` are the widths inside a bottleneck, ``residual`` says whether the
    layer lies inside a residual: ``residual_of`` is the number of the innermost, which all layers of
    one residual share, from 0 in the order in which residuals begin, and ``residuals_around`` are
    those that this one lies in, outermost first. What a kind of layers has not is left out.
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
    residual_of: int | None = None
    residuals_around: tuple[int, ...] | None = None
    parameters: int
    macs: int

    @property
    def residuals(self) -> tuple[int, ...]:
        """The numbers of all residuals that the layer lies in, outermost first."""
        return () if self.residual_of is None else (*(self.residuals_around or ()), self.residual_of)


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
    numbers = count()
    for block, (site, layer) in zip(blocks, network.sites(), strict=True):
        for leaf, residuals in _flat(layer, numbers):
            yield Listed(site, leaf, _row(network, block.name, leaf, residuals))
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


def _flat(
    layer: ir.Layer, numbers: Iterator[int], residuals: tuple[int, ...] = ()
) -> Iterator[tuple[ir.Layer, tuple[int, ...]]]:
    """The layers inside ``layer`` with the numbers of the residuals around them, outermost first.

    A residual over no layers, as over a depth of 0, stands for itself: it adds its input to itself.
    """
    match layer:
        case ir.Sequence(layers=layers):
            for child in layers:
                yield from _flat(child, numbers, residuals)
        case ir.Residual(body=body):
            around = (*residuals, next(numbers))
            yield from list(_flat(body, numbers, around)) or [(layer, around)]
        case _:
            yield layer, residuals


def _row(network: ir.Space, block: str, layer: ir.Layer, residuals: tuple[int, ...]) -> Row:
    parts = convolutions(layer, Axes(network, ()), 1)
    row = Row(
        kind=kind_name(layer),
        block=block,
        input=_shape(layer.inputs),
        output=_shape(layer.outputs),
        residual=bool(residuals),
        residual_of=residuals[-1] if residuals else None,
        residuals_around=residuals[:-1] or None,
        parameters=sum(int(part.parameters) for part in parts),
        macs=sum(int(part.macs) for part in parts),
    )
    match layer:
        case ir.Operation():
            return attrs.evolve(row, **layer.attributes({}))
        case ir.Activation():
            return attrs.evolve(row, act=layer.function)
        case _:
            return row


def _shape(features: ir.FeatureMap) -> Shape:
    return (features.channels.constant, *features.size.constant)
