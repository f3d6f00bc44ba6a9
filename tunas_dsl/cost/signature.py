"""What an operation is, as a device sees it: the key by which its latency is measured and looked up.

A convolution is one operation with the batch norm and the activation behind it, an inverted bottleneck
one with all of its parts and the residual's sum: runtimes fuse them, and the published tables were measured
so.
"""

import itertools
from collections.abc import Iterator, Mapping

import attrs
import numpy as np
from numpy.typing import NDArray

from tunas_dsl import kinds
from tunas_dsl.cost.convolutions import settings
from tunas_dsl.errors import TableError
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import chosen
from tunas_dsl.kinds.layer import DEVICE

_PLAIN = ("activation", "global_pool", "classifier")

OPERATIONS = (*kinds.BUILT_IN, *_PLAIN)
"""What an entry of a latency table can be, but for layers of other distributions, in the order of a table."""


def kind_order(op: str) -> tuple[int, str]:
    """A key to sort operations by; those of other distributions are last."""
    return (OPERATIONS.index(op), "") if op in OPERATIONS else (len(OPERATIONS), op)


Shape = tuple[int, int, int]
"""Height, width, channels."""

LARGEST = 1_000_000
"""No height, width or number of channels is larger."""

MOST_RUNS = 10**12
"""No operation was measured more often."""


@attrs.frozen
class Signature:
    """An operation in inference mode at batch 1, so exactly that equal ones take equal time.

    ``expanded`` is the width inside a bottleneck, ``squeezed`` that inside its squeeze-and-excite. ``act`` is
    the activation inside (or behind a ``conv``); in a table, None stands for any. ``residual`` says that the
    input is added to the output.
    """

    op: str
    input: Shape
    output: Shape
    kernel: int = 1
    stride: int = 1
    expanded: int | None = None
    squeezed: int | None = None
    act: str | None = None
    residual: bool = False

    @property
    def flaw(self) -> str | None:
        """Why there can be no such operation, or None."""
        inside = (self.expanded, self.squeezed)
        sizes = (*self.input, *self.output, self.kernel, self.stride, *inside)
        if any(size is not None and not 1 <= size <= LARGEST for size in sizes):
            return f"a size is not from 1 to {LARGEST:,}"
        kind = None if self.op in _PLAIN else kinds.find_kind(self.op)
        if kind is None:
            return ir.Operation.flaw(self)
        for before, after in zip(self.input[:2], self.output[:2], strict=True):
            wanted = -(-before // self.stride)
            if after != wanted:
                return f"with stride {self.stride}, {before} pixels become {wanted}, not {after}"
        return kind.flaw(self)

    @property
    def macs(self) -> int:
        """Multiply-adds, as :func:`tunas_dsl.cost.layers.macs_model` counts them."""
        if self.op == "classifier":
            return self.input[2] * self.output[2]
        kind = None if self.op in _PLAIN else kinds.find_kind(self.op)
        return kind.macs(self) if kind else 0

    @property
    def elements(self) -> int:
        """Numbers that are read and written: those of the input and of the output."""
        return int(np.prod(self.input) + np.prod(self.output))

    def __str__(self) -> str:
        """``bottleneck 56x56x24 -> 28x28x40 kernel=5 stride=2 expanded=72 act=relu``."""
        shapes = f"{'x'.join(map(str, self.input))} -> {'x'.join(map(str, self.output))}"
        defaults = {"kernel": 1, "stride": 1, "residual": False}
        names = ("kernel", "stride", "expanded", "squeezed", "act")
        said = [f"{n}={getattr(self, n)}" for n in names if getattr(self, n) not in (None, defaults.get(n))]
        return " ".join([self.op, shapes, *said, *(["residual"] if self.residual else [])])


@attrs.frozen(eq=False)
class Operation:
    """One operation of a space, and what it is for every way to take the decisions about it.

    ``signatures`` is an array of objects with an axis for each of ``decisions``, positions in the index
    vector. The operation is run where ``condition`` holds.
    """

    site: str
    decisions: tuple[int, ...]
    signatures: NDArray[np.object_]
    condition: ir.Condition
    origin: ir.Origin | None


def operations(space: ir.Space) -> Iterator[Operation]:
    """Every operation of ``space`` that takes time, in the order of the network.

    Endpoints and skips take none; nor does an activation behind a convolution, which is part of it.
    """
    chain = list(space.sites())
    following: list[ir.Layer | None] = [*(layer for _, layer in chain[1:]), None]
    fused = False
    for (site, layer), after in zip(chain, following, strict=True):
        act = _activation(layer, after)
        if not fused:
            yield from _walk(space, site, layer, _Context(act))
        fused = act is not None
    if space.classifier is not None:
        yield from _classifier(space, space.classifier)


@attrs.frozen
class _Context:
    """What surrounds a layer: the activation behind it, a residual around it, when it is run."""

    act: str | None = None
    residual: bool = False
    condition: ir.Condition = ()


def _activation(layer: ir.Layer, after: ir.Layer | None) -> str | None:
    """The activation behind ``layer`` that becomes part of it."""
    return after.function if isinstance(after, ir.Activation) and _ends_in_conv(layer) else None


def _ends_in_conv(layer: ir.Layer) -> bool:
    match layer:
        case ir.Alternatives(layers=layers):
            return all(map(_ends_in_conv, layers))
        case _:
            return isinstance(layer, ir.Conv)


def _walk(space: ir.Space, site: str, layer: ir.Layer, context: _Context) -> Iterator[Operation]:
    match layer:
        case ir.Skip() | ir.Endpoint():
            return
        case ir.Residual(body=body):
            yield from _walk(space, site, body, attrs.evolve(context, residual=True))
        case ir.Alternatives(decision=decision, layers=layers):
            for option, alternative in enumerate(layers):
                yield from _walk(space, site, alternative, _under(context, decision, (option,)))
        case ir.Depth(decision=decision, layers=layers):
            outside = attrs.evolve(context, act=None, residual=False)
            for number, part in enumerate(layers):
                yield from _walk(space, site, part, _under(outside, decision, layer.reached(number)))
        case ir.Sequence(layers=layers):
            yield from _sequence(space, site, layers, context)
        case _:
            yield _operation(space, site, layer, context)


def _under(context: _Context, decision: str, options: tuple[int, ...]) -> _Context:
    return attrs.evolve(context, condition=(*context.condition, (decision, options)))


def _sequence(
    space: ir.Space, site: str, layers: tuple[ir.Layer, ...], context: _Context
) -> Iterator[Operation]:
    """The last layer's output is what a residual around the sequence is added to."""
    fused = False
    for number, layer in enumerate(layers):
        last = number == len(layers) - 1
        after = None if last else layers[number + 1]
        act = _activation(layer, after) or (context.act if last else None)
        if not fused:
            inside = attrs.evolve(context, act=act, residual=context.residual and last)
            yield from _walk(space, site, layer, inside)
        fused = after is not None and act is not None


def _operation(space: ir.Space, site: str, layer: ir.Layer, context: _Context) -> Operation:
    own = {choice.decision for choice in settings(layer) if choice.decision is not None}
    return _enumerated(space, site, sorted(own, key=space.position.__getitem__), layer, context)


def _enumerated(space: ir.Space, site: str, ids: list[str], layer: ir.Layer, context: _Context) -> Operation:
    lengths = [len(space.decisions[space.position[id]].options) for id in ids]
    found = np.empty(lengths, dtype=object)
    for indices in itertools.product(*map(range, lengths)):
        found[indices] = _signature(layer, dict(zip(ids, indices, strict=True)), context)
    positions = tuple(space.position[id] for id in ids)
    return Operation(site, positions, found, context.condition, layer.origin)


def _signature(layer: ir.Layer, selection: Mapping[str, int], context: _Context) -> Signature:
    before, after = _shape(layer.inputs, selection), _shape(layer.outputs, selection)
    residual = context.residual
    match layer:
        case ir.Operation():
            attributes = {"act": context.act, **layer.attributes(selection)}
            if layer.name not in kinds.BUILT_IN:
                _check_said(layer)
            return Signature(layer.name, before, after, residual=residual, **attributes)
        case ir.Activation(function=function):
            return Signature("activation", before, after, act=function, residual=residual)
        case ir.GlobalPool():
            return Signature("global_pool", before, after)
        case _:
            raise ValueError(f"{type(layer).__name__} is no operation of its own")


def _check_said(layer: ir.Operation) -> None:
    """Hold a layer of another distribution against what a table can say: what differs is not one entry."""
    for parameter in layer.parameters:
        if parameter.name != "filters" and parameter.field not in DEVICE:
            raise TableError(f"no latency table can say `{parameter.name}` of the layer `{layer.name}`")


def _shape(features: ir.FeatureMap, selection: Mapping[str, int]) -> Shape:
    return (*chosen(features.size, selection), chosen(features.channels, selection))


def _classifier(space: ir.Space, classifier: ir.Classifier) -> Iterator[Operation]:
    """The pool, where nothing pooled before, and the linear layer."""
    features = classifier.inputs
    if features.size.options != ((1, 1),):
        pooled = ir.FeatureMap(features.channels, ir.constant((1, 1)))
        yield _operation(space, "classifier", ir.GlobalPool(inputs=features, outputs=pooled), _Context())
    channels = features.channels
    found = np.empty([len(channels.options)] if channels.decision else [], dtype=object)
    for number, width in enumerate(channels.options):
        linear = Signature("classifier", (1, 1, width), (1, 1, classifier.classes))
        found[(number,) if channels.decision else ()] = linear
    positions = (space.position[channels.decision],) if channels.decision else ()
    yield Operation("classifier", positions, found, (), None)
