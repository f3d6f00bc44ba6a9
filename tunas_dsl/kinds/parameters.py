"""The arguments of layers: what fits, whether ``|`` may decide it, and what stands where none is given."""

from typing import Literal

import attrs

DecisionKind = Literal[
    "filters", "expansion", "kernel", "squeeze_excite", "layer", "depth", "resolution", "setting"
]
ActivationFunction = Literal["relu", "relu6", "swish", "swish6", "sigmoid"]

ArgumentKind = Literal[
    "odd",
    "stride",
    "classes",
    "filters",
    "expansion",
    "switch",
    "act",
    "ratio",
    "fraction",
    "layer",
    "count",
    "resolution",
]

_DECIDES: dict[ArgumentKind, DecisionKind] = {"filters": "filters", "odd": "kernel", "expansion": "expansion"}


@attrs.frozen
class Parameter:
    """One argument of a layer: its name and kind, whether ``|`` may decide it, its default.

    ``field`` is the attribute of the layer that it becomes, ``decides`` the kind of a decision about it.
    """

    name: str
    kind: ArgumentKind
    decidable: bool = False
    default: object = None
    required: bool = False
    field: str = attrs.field(default=attrs.Factory(lambda self: self.name, takes_self=True))
    decides: DecisionKind = attrs.field(
        default=attrs.Factory(lambda self: _DECIDES.get(self.kind, "setting"), takes_self=True)
    )


FILTERS = Parameter("filters", "filters", decidable=True)
KERNEL = Parameter("kernel", "odd", decidable=True, required=True)
STRIDE = Parameter("stride", "stride", default=1)
ACT = Parameter("act", "act", default="relu")
