"""What can be wrong with what a text means: E1xx names, E2xx values, E3xx shapes and ties, W5xx style.

A right text needs none of these classes: a module of them is imported when one of its findings is made.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tunas_dsl.analysis.rules.arguments import (
        MissingArgument,
        RepeatedArgument,
        TooManyArguments,
        UnknownArgument,
    )
    from tunas_dsl.analysis.rules.decisions import (
        MixedDecision,
        NotDecidable,
        NothingToDecide,
        TwoKinds,
    )
    from tunas_dsl.analysis.rules.names import (
        CyclicDefinition,
        DuplicateName,
        Reserved,
        UnknownName,
    )
    from tunas_dsl.analysis.rules.numbers import (
        ChannelsFirst,
        LargeKernel,
        MergedOptions,
        RoundedFilters,
        SmallExpansion,
        StrideOnPixel,
    )
    from tunas_dsl.analysis.rules.shapes import (
        AlternativesDisagree,
        DepthsDisagree,
        NoFilters,
        ResidualOverStride,
        SkipOutsideResidual,
        UntiedFilters,
        WrongDepth,
    )
    from tunas_dsl.analysis.rules.statements import (
        CannotImport,
        CannotUseLayer,
        ImportCycle,
        ImportEscapes,
        MissingStatement,
        NoSpace,
        NotExported,
        RepeatedStatement,
    )
    from tunas_dsl.analysis.rules.style import (
        EarlyClassifier,
        EmptyBlock,
        IdleLayer,
        IdleSilencing,
        RepeatedOption,
        Shadowed,
        Unused,
    )
    from tunas_dsl.analysis.rules.values import (
        NotALayer,
        NotAValue,
        TooMany,
        WrongValue,
    )
    from tunas_dsl.diagnostics import Diagnostic

    RULES: tuple[type[Diagnostic], ...]

__all__ = [
    "RULES",
    "AlternativesDisagree",
    "CannotImport",
    "CannotUseLayer",
    "ChannelsFirst",
    "CyclicDefinition",
    "DepthsDisagree",
    "DuplicateName",
    "EarlyClassifier",
    "EmptyBlock",
    "IdleLayer",
    "IdleSilencing",
    "ImportCycle",
    "ImportEscapes",
    "LargeKernel",
    "MergedOptions",
    "MissingArgument",
    "MissingStatement",
    "MixedDecision",
    "NoFilters",
    "NoSpace",
    "NotALayer",
    "NotAValue",
    "NotDecidable",
    "NotExported",
    "NothingToDecide",
    "RepeatedArgument",
    "RepeatedOption",
    "RepeatedStatement",
    "Reserved",
    "ResidualOverStride",
    "RoundedFilters",
    "Shadowed",
    "SkipOutsideResidual",
    "SmallExpansion",
    "StrideOnPixel",
    "TooMany",
    "TooManyArguments",
    "TwoKinds",
    "UnknownArgument",
    "UnknownName",
    "UntiedFilters",
    "Unused",
    "WrongDepth",
    "WrongValue",
]

_MODULES = {
    "arguments": (
        "MissingArgument",
        "RepeatedArgument",
        "TooManyArguments",
        "UnknownArgument",
    ),
    "decisions": (
        "MixedDecision",
        "NotDecidable",
        "NothingToDecide",
        "TwoKinds",
    ),
    "names": (
        "CyclicDefinition",
        "DuplicateName",
        "Reserved",
        "UnknownName",
    ),
    "numbers": (
        "ChannelsFirst",
        "LargeKernel",
        "MergedOptions",
        "RoundedFilters",
        "SmallExpansion",
        "StrideOnPixel",
    ),
    "shapes": (
        "AlternativesDisagree",
        "DepthsDisagree",
        "NoFilters",
        "ResidualOverStride",
        "SkipOutsideResidual",
        "UntiedFilters",
        "WrongDepth",
    ),
    "statements": (
        "CannotImport",
        "CannotUseLayer",
        "ImportCycle",
        "ImportEscapes",
        "MissingStatement",
        "NoSpace",
        "NotExported",
        "RepeatedStatement",
    ),
    "style": (
        "EarlyClassifier",
        "EmptyBlock",
        "IdleLayer",
        "IdleSilencing",
        "RepeatedOption",
        "Shadowed",
        "Unused",
    ),
    "values": (
        "NotALayer",
        "NotAValue",
        "TooMany",
        "WrongValue",
    ),
}
"""The classes of each module."""

_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    """A class by its name, or ``RULES``, all of them."""
    if name == "RULES":
        return tuple(__getattr__(other) for other in sorted(_MODULE_OF))
    if name not in _MODULE_OF:
        raise AttributeError(name)
    found = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = found
    return found
