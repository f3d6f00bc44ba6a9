"""The built-in layers and statements with their arguments, types and defaults (the paper's)."""

from collections.abc import Container
from fractions import Fraction
from typing import Literal, get_args

import attrs

from tunas_dsl.ir import space as ir

Kind = Literal[
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

WANTED: dict[Kind, str] = {
    "odd": "an odd number of pixels from 1 to 31",
    "stride": "a stride from 1 to 32",
    "classes": "a number of classes from 1 to 100,000",
    "filters": "a number of filters from 1 to 100,000",
    "expansion": "a factor such as `3x` or a number of filters",
    "switch": "`on` or `off`",
    "act": "one of " + ", ".join(f"`{name}`" for name in get_args(ir.ActivationFunction)),
    "ratio": "a ratio above 0 and up to 1",
    "fraction": "a fraction from 0 up to, not including, 1",
    "layer": "a layer",
    "count": "a whole number of layers from 0 to 5,000",
    "resolution": "a size such as `224` or `224x192`, from 1 to 4096 pixels",
}

EXAMPLES: dict[Kind, str] = {
    "odd": "a number, such as `3`",
    "stride": "a number, such as `2`",
    "classes": "a number, such as `10`",
    "filters": "a number, such as `32`",
    "expansion": "a factor, such as `6x`",
    "ratio": "a number, such as `1/4`",
    "fraction": "a number, such as `0.2`",
    "count": "a number, such as `3`",
    "resolution": "a size, such as `224`",
}

WORDS: dict[Kind, frozenset[str]] = {
    "switch": frozenset({"on", "off"}),
    "act": frozenset(get_args(ir.ActivationFunction)),
}


@attrs.frozen
class Parameter:
    """One argument of a built-in: its name and type, whether ``|`` may decide it, its default."""

    name: str
    kind: Kind
    decidable: bool = False
    default: object = None
    required: bool = False


_FILTERS = Parameter("filters", "filters", decidable=True)
_KERNEL = Parameter("kernel", "odd", decidable=True, required=True)
_STRIDE = Parameter("stride", "stride", default=1)
_ACT = Parameter("act", "act", default="relu")

OPERATORS: dict[str, tuple[Parameter, ...]] = {
    "conv": (_KERNEL, _STRIDE, Parameter("bn", "switch", default=True), _FILTERS),
    "sepconv": (_KERNEL, _STRIDE, _ACT, _FILTERS),
    "bottleneck": (
        _KERNEL,
        Parameter("expand", "expansion", decidable=True, required=True),
        Parameter("se", "switch", decidable=True, default=False),
        _STRIDE,
        _ACT,
        Parameter("se_ratio", "ratio", default=Fraction(1, 4)),
        Parameter("se_act", "act", default="relu"),
        _FILTERS,
    ),
    "residual": (Parameter("layer", "layer", required=True),),
    "skip": (),
    "endpoint": (),
    "global_pool": (),
    **dict.fromkeys(get_args(ir.ActivationFunction), ()),
}

PARAMETERS = {name: {p.name: p for p in parameters} for name, parameters in OPERATORS.items()}

BLOCK = (_FILTERS,)
CLASSIFIER = (
    Parameter("classes", "classes", required=True),
    Parameter("dropout", "fraction", default=Fraction(0)),
)

BUILT_IN = frozenset(OPERATORS) | {"on", "off"}


def without_defaults(parameters: tuple[Parameter, ...], given: Container[str]) -> tuple[Parameter, ...]:
    """``parameters``, of which those are not required for which a file gives a default."""
    if not any(parameter.required and parameter.name in given for parameter in parameters):
        return parameters
    return tuple(attrs.evolve(p, required=p.required and p.name not in given) for p in parameters)


ALL_WORDS = frozenset[str]().union(*WORDS.values())
