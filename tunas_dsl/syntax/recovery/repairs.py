"""What may have been meant where a token cannot stand: repairs, the likeliest first."""

from collections.abc import Iterator

from tunas_dsl.syntax.recovery.signs import (
    equals,
    inserted,
    joined,
    odd,
    pair,
    removed,
    replaced,
    separates_layers,
    without_comma,
)
from tunas_dsl.syntax.recovery.stuck import Repair, Stuck
from tunas_dsl.syntax.recovery.wording import keyword, phrase, retyped

_PROPOSALS = (retyped, equals, pair, replaced, odd, joined, keyword, phrase, inserted, removed)


def repairs(stuck: Stuck) -> Iterator[Repair]:
    """Every repair that may help, in the order of likelihood."""
    if separates_layers(stuck):
        yield without_comma(stuck)
        return
    for proposal in _PROPOSALS:
        yield from proposal(stuck)
