"""Channel ties: filters that a residual makes equal become one decision.

Before: each block's filters are a decision of their own. After: where a residual joins two
decisions, both places name the first of them.
"""

from typing import Any, TypeVar

import attrs

from tunas_dsl.analysis import rules
from tunas_dsl.analysis.settings import either
from tunas_dsl.diagnostics import Report
from tunas_dsl.ir import space as ir
from tunas_dsl.source import Span

T = TypeVar("T")


class Ties:
    """Pairs of filters that must be equal, collected while the layers are lowered."""

    def __init__(self, report: Report, spans: dict[str, Span], input_span: Span) -> None:
        self.report = report
        self.spans = spans
        self.input_span = input_span
        self.guessed: list[ir.Choice[int]] = []  # filters that were reported, and stand for any
        self._first: dict[str, str] = {}

    def guess(self, filters: int) -> ir.Choice[int]:
        """Filters that could not be read: whatever they are tied to fits."""
        self.guessed.append(ir.constant(filters))
        return self.guessed[-1]

    def is_guessed(self, channels: ir.Choice[int]) -> bool:
        """Whether nothing is known of these filters."""
        return any(channels is guess for guess in self.guessed)

    def tie(self, before: ir.Choice[int], after: ir.Choice[int], span: Span, *, named: bool = False) -> None:
        """Require equal filters; two decisions with the same options become one.

        ``named`` says that what stands at ``span`` is part of a layer of one's own, used elsewhere.
        """
        if self.is_guessed(before) or self.is_guessed(after):
            return
        if before.options != after.options:
            self.report.add(
                rules.UntiedFilters(
                    span=span,
                    before=" or ".join(map(str, before.options)),
                    after=" or ".join(map(str, after.options)),
                    first=self.spans.get(before.decision or "", self.input_span),
                    second=self.spans.get(after.decision or "") if named else None,
                )
            )
        elif len(before.options) > 1 and before.decision and after.decision:
            first, other = self.find(before.decision), self.find(after.decision)
            if first != other:
                self._first[other] = first

    def find(self, id: str) -> str:
        """The decision that stands for ``id``."""
        while id in self._first:
            id = self._first[id]
        return id

    def apply(self, space: ir.Space) -> ir.Space:
        """``space`` with every tied decision replaced by the one that it is tied to."""
        if not self._first:
            return space
        active = {d.id: d.active for d in space.decisions}
        for id in self._first:
            active[self.find(id)] = either(active[self.find(id)], active[id])
        kept = tuple(attrs.evolve(d, active=active[d.id]) for d in space.decisions if self.find(d.id) == d.id)
        renamed: ir.Space = _rename(attrs.evolve(space, decisions=()), self)
        return attrs.evolve(renamed, decisions=kept)


def _rename(node: Any, ties: Ties) -> Any:
    """``node`` with every tied filters choice renamed; the same object where nothing changed."""
    if isinstance(node, ir.Choice):
        id = node.decision and ties.find(node.decision)
        return node if id == node.decision else attrs.evolve(node, decision=id)
    if isinstance(node, tuple):
        return tuple(_rename(item, ties) for item in node)
    if attrs.has(type(node)):
        fields = {f.name: getattr(node, f.name) for f in attrs.fields(type(node))}
        changed = {name: new for name, old in fields.items() if (new := _rename(old, ties)) is not old}
        return attrs.evolve(node, **changed) if changed else node
    return node
