"""What can be wrong with what a text means: E1xx names, E2xx values, E3xx shapes and ties, W5xx style."""

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

RULES: tuple[type[Diagnostic], ...] = tuple(globals()[name] for name in __all__ if name != "RULES")
"""All of them."""
