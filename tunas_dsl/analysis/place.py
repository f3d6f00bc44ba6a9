"""Where a layer stands: everything about its surroundings that its meaning depends on."""

from typing import NamedTuple

from tunas_dsl.analysis.blame import Use
from tunas_dsl.analysis.scope import Binding, Scope
from tunas_dsl.ir import space as ir


class Place(NamedTuple):
    """Where a layer stands: what flows in, the block's filters, its path, and when it is active.

    What flows in is not ``known`` behind a layer that was reported; then it is not held against others.
    """

    inputs: ir.FeatureMap
    filters: ir.Choice[int] | None
    block: str
    path: str
    scope: Scope
    active: tuple[ir.Condition, ...] = ()
    in_residual: bool = False
    inside: tuple[Binding, ...] = ()
    known: bool = True
    depth: int = 0
    around: int = 1
    uses: tuple[Use, ...] = ()

    def active_with(self, decision: str, options: tuple[int, ...]) -> tuple[ir.Condition, ...]:
        """The conditions under which this place is active, and ``decision`` has one of ``options``."""
        step = decision, options
        return tuple((*outer, step) for outer in self.active) or ((step,),)
