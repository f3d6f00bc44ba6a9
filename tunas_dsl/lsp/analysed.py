"""A text in all its forms at once: source, tree, names, space, findings."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import attrs

from tunas_dsl.analysis.definitions import Files, check_names, no_imports
from tunas_dsl.analysis.lower import lower
from tunas_dsl.analysis.scope import Scope
from tunas_dsl.analysis.silencing import check_silencing
from tunas_dsl.cost.layers import macs_model, parameters_model
from tunas_dsl.cost.model import CostModel
from tunas_dsl.diagnostics import Report
from tunas_dsl.ir import space as ir
from tunas_dsl.language.sources import Folder
from tunas_dsl.source import Source
from tunas_dsl.syntax import tree
from tunas_dsl.syntax.parser import parse


@attrs.define(eq=False, slots=False)
class Analysed:
    """What is known of one open file. ``tree`` is missing where the text cannot be read at all.

    ``files`` has the names and sources of the files that it imports, too.
    """

    source: Source
    tree: tree.File | None
    scope: Scope
    space: ir.Space | None
    report: Report
    files: Files

    @classmethod
    def of(cls, source: Source, unsaved: Mapping[Path, str] | None = None) -> "Analysed":
        """Analyse a text; imports come from its folder, or from what editors have of it, ``unsaved``."""
        report = Report()
        on_disk = Path(source.path).is_absolute()
        files = Files(Folder.of(source, unsaved).load if on_disk else no_imports, report)
        parsed, scope, space = None, Scope(), None
        try:
            parsed = parse(source, report)
            if parsed is not None:
                scope = files.scope(parsed, source)
                space = lower(parsed, scope, report)
                check_names(parsed, scope, report)
                if space is not None:
                    check_silencing(source, report)
        except RecursionError:  # the command line says so; an editor goes on without the names
            parsed = None
        return cls(source, parsed, scope, None if report.has_errors else space, report, files)

    @cached_property
    def macs(self) -> CostModel | None:
        """The multiply-adds of the space, if there is one."""
        return None if self.space is None else macs_model(self.space)

    @cached_property
    def parameters(self) -> CostModel | None:
        """The parameters of the space, if there is one."""
        return None if self.space is None else parameters_model(self.space)
