"""The built-in layers and statements with their arguments, types and defaults (the paper's)."""

from collections.abc import Container
from fractions import Fraction
from typing import get_args

import attrs

from tunas_dsl import kinds
from tunas_dsl.ir import space as ir
from tunas_dsl.kinds.parameters import FILTERS, ArgumentKind
from tunas_dsl.kinds.parameters import Parameter as Parameter

Kind = ArgumentKind

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


OPERATORS: dict[str, tuple[Parameter, ...]] = {
    **{name: kind.parameters for name, kind in kinds.BUILT_IN.items()},
    "residual": (Parameter("layer", "layer", required=True),),
    "skip": (),
    "endpoint": (),
    "global_pool": (),
    **dict.fromkeys(get_args(ir.ActivationFunction), ()),
}

ACTIVATIONS = frozenset(get_args(ir.ActivationFunction))


def parameters_of(name: str) -> tuple[Parameter, ...] | None:
    """The arguments of a layer of the language, or of an installed distribution's; None for any other name.

    Raises:
        KindError: a distribution announces the layer, and it cannot be used.
    """
    if name in OPERATORS:
        return OPERATORS[name]
    kind = kinds.outside_kind(name)
    return None if kind is None else kind.parameters


BLOCK = (FILTERS,)
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
