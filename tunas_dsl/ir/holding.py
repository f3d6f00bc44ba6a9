"""What stands for a space: the IR itself, or an object that has one, such as a space of the library."""

from typing import Protocol

from tunas_dsl.ir import space as ir


class HoldsSpace(Protocol):
    """What has a space as IR."""

    @property
    def ir(self) -> ir.Space:
        """The space."""


SpaceLike = ir.Space | HoldsSpace


def space_of(like: SpaceLike) -> ir.Space:
    """The IR that ``like`` is or has."""
    return like if isinstance(like, ir.Space) else like.ir
