"""Text to space in one call: read, parse, lower."""

import sys
from pathlib import Path

from tunas_dsl.analysis.lower import lower
from tunas_dsl.diagnostics import Report, SpaceError
from tunas_dsl.ir import space as ir
from tunas_dsl.resources import shipped
from tunas_dsl.source import Source, Span
from tunas_dsl.syntax import rules
from tunas_dsl.syntax.parser import MAX_CHARACTERS, parse


def read_source(path: str | Path) -> Source:
    """The text of a file, of standard input (``-``), or of the shipped space of that name.

    Raises:
        OSError: there is no such file, or it cannot be read.
        SpaceError: the file is not UTF-8 text.
    """
    path = str(path)
    if path == "-":
        raw = sys.stdin.buffer.read(4 * MAX_CHARACTERS + 4)
    else:
        file = Path(path)
        if not file.exists() and file.name == path and "." not in path:
            known = shipped("spaces") / f"{path}.space"
            if known.is_file():
                return Source(f"{path}.space", known.read_text(encoding="utf-8"))
        with file.open("rb") as opened:  # enough to see that a file is too large, however large it is
            raw = opened.read(4 * MAX_CHARACTERS + 4)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if len(raw) > 4 * MAX_CHARACTERS:
            text = raw.decode("utf-8", "replace")
        else:
            readable = Source(path, raw[: error.start].decode("utf-8"))
            span = Span(readable, len(readable.text), len(readable.text))
            report = Report()
            byte = f"0x{raw[error.start]:02x}"
            report.add(rules.NotText(span=span, offset=error.start, byte=byte))
            raise SpaceError(report) from None
    return Source(path, text)


def check_text(source: Source) -> tuple[ir.Space | None, Report]:
    """The space that ``source`` means, and everything that was found; nothing where there are errors."""
    report = Report()
    try:
        tree = parse(source, report)
        space = None if tree is None else lower(tree, report)
    except RecursionError:  # definitions that use each other thousands deep
        report.add(
            rules.TooLarge(span=Span(source, 0, 0), what="the depth of definitions", limit="the stack")
        )
        return None, report
    return (None if report.has_errors else space), report


def compile_text(text: str, path: str = "-") -> ir.Space:
    """The space that ``text`` means. Raises :class:`SpaceError` with a report where it has errors."""
    space, report = check_text(Source(path, text))
    if space is None:
        raise SpaceError(report)
    return space


def load_space(path: str | Path) -> ir.Space:
    """The space in a file, or the shipped one of that name.

    Raises:
        OSError: there is no such file.
        SpaceError: it has errors; its ``report`` says which.
    """
    source = read_source(path)
    return compile_text(source.text, source.path)
