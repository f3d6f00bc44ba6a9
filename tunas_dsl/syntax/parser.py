"""Text to syntax tree. What cannot be read is reported and left out, and the rest is read."""

import re
from collections.abc import Sequence
from typing import TypeVar

import attrs

from tunas_dsl.budgets import MAX_CHARACTERS, MAX_NESTING, MAX_WORDS, spend
from tunas_dsl.diagnostics import Report
from tunas_dsl.source import Source, Span
from tunas_dsl.syntax import rules, tree
from tunas_dsl.syntax.automaton import Stuck
from tunas_dsl.syntax.builder import build
from tunas_dsl.syntax.conflicts import find_conflicts, one_side
from tunas_dsl.syntax.lexer import Lexer, Token

S = TypeVar("S", bound=tree.Statement)

MAX_ERRORS = 20
"""Syntax errors of a file that are reported; whoever has more has not written a space."""


def parse(source: Source, report: Report) -> tree.File | None:
    """The tree of ``source``, or None where its text cannot be read, which ``report`` then says.

    A statement with a syntax error that cannot be mended is left out, and named in ``File.broken``; what
    follows is read as if it were not there.
    """
    if not _has_sane_size(source, report):
        return None
    conflicts = find_conflicts(source)
    for conflict in conflicts[:MAX_ERRORS]:
        report.add(rules.MergeConflict(span=conflict.first, whole=conflict.span))
        report.leave_out(conflict.span)
    if len(conflicts) >= MAX_ERRORS:
        return None
    lexer = Lexer(source, report, MAX_ERRORS, one_side(source, conflicts))
    tokens = lexer.tokens()
    if lexer.found >= MAX_ERRORS or not _has_sane_length(source, tokens, report):
        return None
    try:
        return _without(build(source, tokens, report), lexer.doubtful, [])
    except Stuck:
        from tunas_dsl.syntax.recovery import Recovery  # which a right text does not need

        recovery = Recovery(source, report, tokens, MAX_ERRORS - lexer.found)
    mended = recovery.mended()
    if mended is None:
        return None
    file = build(source, mended, report)
    return _without(file, [*lexer.doubtful, *recovery.doubtful], recovery.broken)


def _has_sane_length(source: Source, tokens: Sequence[Token], report: Report) -> bool:
    """Guards the passes behind the lexer, each of which takes its time for every word."""
    if len(tokens) > MAX_WORDS:
        limit = f"{MAX_WORDS:,} words, numbers and signs"
        span = Span(source, tokens[MAX_WORDS].start, tokens[MAX_WORDS].end)
        report.add(rules.TooLarge(span=span, what="this file", limit=limit))
        return False
    spend(len(tokens), Span(source, 0, 0))
    return True


def _without(file: tree.File, doubtful: list[int], broken: list[tree.Broken]) -> tree.File:
    """``file`` without the statements in which something doubtful stands; these count as broken."""
    broken = list(broken)
    definitions = _certain(file.definitions, doubtful, broken)
    space = file.space
    if space is not None and doubtful:
        space = attrs.evolve(space, statements=_certain(space.statements, doubtful, broken))
    return attrs.evolve(file, definitions=definitions, space=space, broken=tuple(broken))


def _certain(statements: tuple[S, ...], doubtful: list[int], broken: list[tree.Broken]) -> tuple[S, ...]:
    kept: list[S] = []
    for statement in statements:
        span = statement.span
        if any(span.start <= place < span.end for place in doubtful):
            name = getattr(statement, "name", None)
            keyword = type(statement).__name__.lower()
            broken.append(tree.Broken(keyword, name and name.text, span=span))
        else:
            kept.append(statement)
    return tuple(kept)


def _has_sane_size(source: Source, report: Report) -> bool:
    """Guards the recursive passes behind the parser, which otherwise could run out of stack."""
    if len(source.text) > MAX_CHARACTERS:
        limit = f"{MAX_CHARACTERS:,} characters"
        report.add(rules.TooLarge(span=Span(source, 0, 0), what="this file", limit=limit))
        return False
    depth = 0
    for match in re.finditer(r"#[^\n]*|[({]|[)}]", source.text):
        if match[0].startswith("#"):
            continue
        depth += 1 if match[0] in "({" else -1
        if depth > MAX_NESTING:
            span = Span(source, match.start(), match.end())
            report.add(rules.TooLarge(span=span, what="this nesting", limit=f"{MAX_NESTING} levels"))
            return False
    return True
