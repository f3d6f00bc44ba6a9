"""What can be wrong with the text itself: codes E001 to E099, imported when the first finding is made."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tunas_dsl.syntax.findings import (
        RULES,
        LooseParenthesis,
        MergeConflict,
        Misphrased,
        Missing,
        NotANumber,
        NotText,
        Surplus,
        TooLarge,
        TooManyDigits,
        UnexpectedEnd,
        UnexpectedText,
        UnknownCharacter,
        UnknownStatement,
        WrongSign,
        first_of,
        spaced,
    )

__all__ = [
    "RULES",
    "LooseParenthesis",
    "MergeConflict",
    "Misphrased",
    "Missing",
    "NotANumber",
    "NotText",
    "Surplus",
    "TooLarge",
    "TooManyDigits",
    "UnexpectedEnd",
    "UnexpectedText",
    "UnknownCharacter",
    "UnknownStatement",
    "WrongSign",
    "first_of",
    "spaced",
]


def __getattr__(name: str) -> Any:
    """A class, or what makes one, by its name; ``RULES`` are all of them."""
    if name not in __all__:
        raise AttributeError(name)
    return getattr(import_module("tunas_dsl.syntax.findings"), name)
