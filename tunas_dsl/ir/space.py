"""What a space means: blocks of layers whose settings are constants or decisions.

Everything here is immutable, and a :class:`Space` that exists is valid: the checks happen
in :mod:`tunas_dsl.analysis`. A space none of whose decisions has a second option is an
architecture, so that one printer, one cost model and one builder serve both.
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from typing import Literal

import attrs

from tunas_dsl.kinds import Bottleneck as Bottleneck
from tunas_dsl.kinds import Conv as Conv
from tunas_dsl.kinds import SeparableConv as SeparableConv
from tunas_dsl.kinds.layer import Choice as Choice
from tunas_dsl.kinds.layer import Expansion as Expansion
from tunas_dsl.kinds.layer import FeatureMap as FeatureMap
from tunas_dsl.kinds.layer import LayerBase as LayerBase
from tunas_dsl.kinds.layer import Operation as Operation
from tunas_dsl.kinds.layer import Origin as Origin
from tunas_dsl.kinds.layer import Relative as Relative
from tunas_dsl.kinds.layer import Size as Size
from tunas_dsl.kinds.layer import constant as constant
from tunas_dsl.kinds.parameters import ActivationFunction as ActivationFunction
from tunas_dsl.kinds.parameters import DecisionKind as DecisionKind

Condition = tuple[tuple[str, tuple[int, ...]], ...]
"""All of these decisions must have taken one of these options: ``((id, options), ...)``."""


@attrs.frozen
class Decision:
    """One categorical variable of the policy.

    ``active`` says when the decision counts: always if it is empty, otherwise when any one of
    its conditions holds (a kernel inside a skipped layer does not count). ``largest`` is the
    option that filter warmup selects.
    """

    id: str
    kind: DecisionKind
    options: tuple[int | str, ...]
    largest: int
    active: tuple[Condition, ...] = ()
    origin: Origin | None = attrs.field(default=None, eq=False)

    @property
    def warmup(self) -> Literal["op", "filters"]:
        """What warmup does to it: an op is averaged over, filters and sizes take their largest option."""
        return "filters" if self.kind in ("filters", "expansion", "resolution") else "op"


@attrs.frozen(kw_only=True)
class Activation(LayerBase):
    """An activation function as a layer of its own."""

    function: ActivationFunction


@attrs.frozen(kw_only=True)
class GlobalPool(LayerBase):
    """Global average pool; the 1x1 spatial dimensions stay."""


@attrs.frozen(kw_only=True)
class Endpoint(LayerBase):
    """Marks the output of the layer before it as an auxiliary output; computes nothing."""


@attrs.frozen(kw_only=True)
class Skip(LayerBase):
    """Zeros of the input's shape: inside a residual, the layer is left out."""


@attrs.frozen(kw_only=True)
class Sequence(LayerBase):
    """Layers one after the other, as one layer."""

    layers: "tuple[Layer, ...]"


@attrs.frozen(kw_only=True)
class Residual(LayerBase):
    """``x + body(x)``, with no activation after the sum."""

    body: "Layer"


@attrs.frozen(kw_only=True)
class Alternatives(LayerBase):
    """Whole layers to choose from, each with weights of its own.

    An alternative is executed only where ``decision`` selects it; op warmup averages them all.
    """

    decision: str
    layers: "tuple[Layer, ...]"


@attrs.frozen(kw_only=True)
class Depth(LayerBase):
    """The first layers of a sequence: ``decision`` selects how many of ``layers``, by ``counts``.

    Where a count can be the last, its layer gives the feature map of the whole, so that every depth does.
    Op warmup averages what the depths give.
    """

    decision: str
    counts: tuple[int, ...]
    layers: "tuple[Layer, ...]"

    def reached(self, number: int) -> tuple[int, ...]:
        """The options under which layer ``number`` (from 0) is kept."""
        return tuple(option for option, count in enumerate(self.counts) if count > number)


Layer = Operation | Activation | GlobalPool | Endpoint | Skip | Sequence | Residual | Alternatives | Depth


@attrs.frozen
class Block:
    """Layers that share one decision about their filters, unless a layer has its own."""

    name: str
    filters: Choice[int]
    layers: tuple[Layer, ...]
    origin: Origin | None = attrs.field(default=None, eq=False)


@attrs.frozen
class Classifier:
    """Global average pool (if not pooled yet), dropout, and a linear layer with bias."""

    classes: int
    dropout: Fraction
    inputs: FeatureMap


@attrs.frozen
class Space:
    """A search space, or, where no decision has a second option, an architecture.

    ``decisions`` are in the reference implementation's order (facts 1.2): those of a layer
    before the choice of the layer, a block's layers before the block's filters. A decision about the
    size of the input is the first; one that several places share stands where the first of them does.
    """

    name: str
    inputs: FeatureMap
    divisor: int
    decisions: tuple[Decision, ...]
    blocks: tuple[Block, ...]
    classifier: Classifier | None

    @cached_property
    def position(self) -> Mapping[str, int]:
        """The position of each decision in an index vector, by its id."""
        return {decision.id: index for index, decision in enumerate(self.decisions)}

    @property
    def is_architecture(self) -> bool:
        """Whether nothing is left to decide."""
        return all(len(decision.options) == 1 for decision in self.decisions)

    def sites(self) -> Iterator[tuple[str, Layer]]:
        """Every item of every block with its site name ``block.layer``, numbered from 0.

        Activations, pools and endpoints count, as they do in the published tables (facts 9.1).
        """
        for block_index, block in enumerate(self.blocks):
            for layer_index, layer in enumerate(block.layers):
                yield f"{block_index}.{layer_index}", layer


def children(layer: Layer) -> tuple[Layer, ...]:
    """The layers directly inside ``layer``."""
    match layer:
        case Sequence(layers=layers) | Alternatives(layers=layers) | Depth(layers=layers):
            return layers
        case Residual(body=body):
            return (body,)
        case _:
            return ()


def walk(layer: Layer) -> Iterator[Layer]:
    """``layer`` and every layer inside it, parents first."""
    yield layer
    for child in children(layer):
        yield from walk(child)
