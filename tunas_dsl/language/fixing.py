"""The fixes that findings carry, applied to a text until there are no more."""

from collections.abc import Callable, Iterable

import attrs

from tunas_dsl.diagnostics import Diagnostic, Fix
from tunas_dsl.source import Source

MAX_ROUNDS = 100
"""A fix can make room for another: with its syntax mended, a statement is read, and its names are."""

Check = Callable[[Source], tuple[Diagnostic, ...]]


@attrs.frozen
class Applied:
    """A finding whose fix was applied, in the text as it was then."""

    finding: Diagnostic
    fix: Fix


@attrs.frozen
class Fixed:
    """A text with its safe fixes applied, what they were, and what is still found."""

    source: Source
    applied: tuple[Applied, ...]
    left: tuple[Diagnostic, ...]


def fixed(source: Source, check: Check) -> Fixed:
    """Apply the safe fixes of what ``check`` finds, round by round; of two that overlap, the first.

    What would leave more errors than there were is not applied.
    """
    applied: list[Applied] = []
    state = _State(source, check(source))
    for _ in range(MAX_ROUNDS):
        chosen = _chosen(state.found, state.source)
        tried = [chosen, *([one] for one in chosen if len(chosen) > 1)] if chosen else []
        taken = next(((some, after) for some in tried if (after := state.after(some, check))), None)
        if taken is None:
            break
        applied += taken[0]
        state = taken[1]
    return Fixed(state.source, tuple(applied), state.found)


@attrs.frozen
class _State:
    """A text and what is found in it."""

    source: Source
    found: tuple[Diagnostic, ...]

    def after(self, chosen: Iterable[Applied], check: Check) -> "_State | None":
        """The state with these fixes, or None where it would be worse."""
        changed = attrs.evolve(self.source, text=_with(self.source.text, [one.fix for one in chosen]))
        after = _State(changed, check(changed))
        return after if _errors(after.found) <= _errors(self.found) else None


def _chosen(found: Iterable[Diagnostic], source: Source) -> list[Applied]:
    """The safe fixes of this text, in its order, none of which overlaps another."""
    fixes = ((diagnostic, diagnostic.fix) for diagnostic in found)
    safe = [Applied(d, f) for d, f in fixes if f and f.applicability == "safe" and f.span.source is source]
    chosen: list[Applied] = []
    for one in sorted(safe, key=lambda one: (one.fix.span.start, one.fix.span.end)):
        before = chosen[-1].fix.span if chosen else None
        if before is None or (one.fix.span.start >= before.end and one.fix.span != before):
            chosen.append(one)
    return chosen


def _with(text: str, fixes: Iterable[Fix]) -> str:
    pieces: list[str] = []
    end = 0
    for fix in fixes:
        pieces += [text[end : fix.span.start], fix.replacement]
        end = fix.span.end
    return "".join([*pieces, text[end:]])


def _errors(found: Iterable[Diagnostic]) -> int:
    return sum(diagnostic.severity == "error" for diagnostic in found)
