"""Who makes a mistake that shows inside a layer of one's own: its definition, or some of its uses.

Before: what was found inside definitions, with the uses that led there. After: each mistake once, at the
definition where every use makes it, else at the uses that do.
"""

from collections.abc import Sequence

import attrs

from tunas_dsl.analysis.scope import Binding
from tunas_dsl.diagnostics import Diagnostic, Note, Report
from tunas_dsl.source import Span

_Place = tuple[str, int, int]


@attrs.frozen(eq=False)
class Use:
    """A layer of one's own where it is used."""

    binding: Binding
    span: Span

    @property
    def place(self) -> _Place:
        """Where it is used, to tell uses apart."""
        return _place(self.span)


Found = tuple[Diagnostic, tuple[Use, ...]]
"""A finding, and the uses that led to it, the outermost first."""


class Blame:
    """Findings inside layers of one's own, kept until all uses of these are known."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._uses: dict[int, set[_Place]] = {}
        self._found: dict[tuple[str, _Place], dict[tuple[_Place, ...], Found]] = {}

    def enter(self, use: Use) -> None:
        """Count a use, whether it makes a mistake or not."""
        self._uses.setdefault(id(use.binding), set()).add(use.place)

    def add(self, diagnostic: Diagnostic, uses: tuple[Use, ...]) -> None:
        """Report what stands in no definition; keep the rest. Of each way to it, the first is kept."""
        if not uses:
            self._add(diagnostic)
            return
        found = self._found.setdefault((diagnostic.code, _place(diagnostic.span)), {})
        found.setdefault(tuple(use.place for use in uses), (diagnostic, uses))

    def settle(self) -> None:
        """Report what was kept."""
        for found in self._found.values():
            self._settle(list(found.values()))
        self._found.clear()

    def _settle(self, found: Sequence[Found]) -> None:
        """Report one mistake of a definition at its place, or at the uses that make it."""
        use = found[0][1][-1]
        wrong: dict[_Place, list[Found]] = {}
        for diagnostic, uses in found:
            wrong.setdefault(uses[-1].place, []).append((_at_use(diagnostic, uses[-1]), uses[:-1]))
        uses_in_all = len(self._uses[id(use.binding)])
        if len(wrong) == uses_in_all and not (uses_in_all == 1 and use.binding.parameters):
            self._add(found[0][0])
            return
        for part in wrong.values():
            diagnostic, around = part[0]
            if around:
                self._settle(part)
            else:
                self._add(diagnostic)

    def _add(self, diagnostic: Diagnostic) -> None:
        """Report a finding; a warning about what has an error, too, can wait until that is mended."""
        about = diagnostic.cause.span if diagnostic.cause else diagnostic.span
        if diagnostic.severity == "error" or not self._report.has_error_inside(about):
            self._report.add(diagnostic)


def _at_use(diagnostic: Diagnostic, use: Use) -> Diagnostic:
    """The same finding at the use that makes it, with a note at what it stood at first."""
    definition = diagnostic.cause or Note(diagnostic.span, f"here, in `{use.binding.name.text}`")
    return attrs.evolve(diagnostic, span=use.span, cause=definition)


def _place(span: Span) -> _Place:
    return span.source.path, span.start, span.end
