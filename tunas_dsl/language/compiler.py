"""Text to space in one call: parse, resolve names, lower."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs

from tunas_dsl.analysis import rules
from tunas_dsl.analysis.definitions import Files, Loader, check_names
from tunas_dsl.analysis.lower import lower
from tunas_dsl.analysis.silencing import check_silencing
from tunas_dsl.budgets import MAX_WORK, OverBudget, work
from tunas_dsl.diagnostics import Report, SpaceError
from tunas_dsl.ir import space as ir
from tunas_dsl.language.sources import Folder, read_source
from tunas_dsl.source import Source, Span
from tunas_dsl.syntax import rules as syntax_rules
from tunas_dsl.syntax.parser import parse

MAX_RECURSION = 10_000


@attrs.frozen
class Compiled:
    """What a text means. ``space`` is missing where there are errors, or only definitions.

    ``sources`` are the text and those that it imports, each once.
    """

    space: ir.Space | None
    report: Report
    sources: tuple[Source, ...]

    @property
    def text(self) -> str:
        """All of the text that the space is made of, imported files after the file itself."""
        first, *others = (source.text for source in self.sources)
        names = (source.path.rsplit("/", 1)[-1] for source in self.sources[1:])
        return first + "".join(f"\n# {name}\n{text}" for name, text in zip(names, others, strict=True))


def compile_source(source: Source, load: Loader | None = None) -> Compiled:
    """What ``source`` means, and everything that was found. Imports are read by ``load``."""
    with _prepared(), work():
        return _compiled(source, load)


def _compiled(source: Source, load: Loader | None) -> Compiled:
    report = Report()
    files = Files(load or Folder.of(source).load, report)
    space = None
    try:
        tree = parse(source, report)
        if tree is not None:
            scope = files.scope(tree, source)
            space = lower(tree, scope, report)
            check_names(tree, scope, report)
            if space is not None:
                check_silencing(source, report)
            if not (tree.space or tree.definitions or tree.imports or report.has_errors):
                report.add(rules.NoSpace(span=Span(source, 0, 0)))
    except OverBudget as error:
        if not report.has_errors:
            limit = f"{MAX_WORK:,} steps"
            report.add(syntax_rules.TooLarge(span=error.span, what="the work of checking this", limit=limit))
    except RecursionError:  # definitions that use each other thousands deep
        report.add(
            syntax_rules.TooLarge(span=Span(source, 0, 0), what="the depth of definitions", limit="the stack")
        )
    return Compiled(None if report.has_errors else space, report, tuple(files.sources) or (source,))


@contextmanager
def _prepared() -> Iterator[None]:
    """Deep recursion, for layers in layers; no garbage collection: all objects of a tree are in use."""
    collects, deepest = gc.isenabled(), sys.getrecursionlimit()
    gc.disable()
    sys.setrecursionlimit(max(deepest, MAX_RECURSION))
    try:
        yield
    finally:
        sys.setrecursionlimit(deepest)
        if collects:
            gc.enable()


def check_text(source: Source, load: Loader | None = None) -> tuple[ir.Space | None, Report]:
    """The space that ``source`` means, and everything that was found; None where there are errors."""
    compiled = compile_source(source, load)
    return compiled.space, compiled.report


def compiled_space(source: Source) -> tuple[ir.Space, str]:
    """The space in ``source``, and all of its text. Raises :class:`SpaceError` where there is none."""
    compiled = compile_source(source)
    if compiled.space is None:
        if not compiled.report.has_errors:
            compiled.report.add(rules.NoSpace(span=Span(source, 0, 0)))
        raise SpaceError(compiled.report)
    return compiled.space, compiled.text


def compile_text(text: str, path: str = "-") -> ir.Space:
    """The space that ``text`` means. Raises :class:`SpaceError` with a report where it has errors."""
    return compiled_space(Source(path, text))[0]


def load_space(path: str | Path) -> ir.Space:
    """The space in a file, or the shipped one of that name.

    Raises:
        OSError: there is no such file.
        SpaceError: it has errors; its ``report`` says which.
    """
    return compiled_space(read_source(path))[0]
