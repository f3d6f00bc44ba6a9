"""Texts from files: what a command names, and what an import names."""

import sys
from codecs import BOM_UTF8
from collections.abc import Mapping
from pathlib import Path

import attrs

from tunas_dsl.analysis.definitions import CannotRead, OutsideRoot
from tunas_dsl.budgets import MAX_CHARACTERS
from tunas_dsl.diagnostics import Report, SpaceError
from tunas_dsl.diagnostics.diagnostic import nearest
from tunas_dsl.source import Source, Span
from tunas_dsl.storage.files import check_regular
from tunas_dsl.storage.resources import shipped_spaces
from tunas_dsl.syntax import rules

_MOST_BYTES = 4 * MAX_CHARACTERS + 4  # enough to see that a text is too large, however large it is


def read_source(path: str | Path) -> Source:
    """The text of a file, of standard input (``-``), or of the shipped space of that name.

    Raises:
        OSError: there is no such file, or it cannot be read.
        SpaceError: the file is not UTF-8 text.
    """
    path = str(path)
    if path == "-":
        return _decoded(path, sys.stdin.buffer.read(_MOST_BYTES))
    file = Path(path)
    if not file.exists() and file.name == path and "." not in path:
        known = shipped_spaces().get(path)
        if known is not None:
            return Source(str(known), known.read_text(encoding="utf-8"))
    check_regular(file)
    with file.open("rb") as opened:
        return _decoded(path, opened.read(_MOST_BYTES))


def _decoded(path: str, raw: bytes) -> Source:
    try:
        return Source(path, raw.decode("utf-8-sig"), marked=raw.startswith(BOM_UTF8))
    except UnicodeDecodeError as error:
        if len(raw) > 4 * MAX_CHARACTERS:
            return Source(path, raw.decode("utf-8", "replace"))
        readable = Source(path, raw.decode("utf-8-sig", "replace"))
        start = len(raw[: error.start].decode("utf-8-sig"))
        span = Span(readable, start, start + 1)
        report = Report()
        byte = f"0x{raw[error.start]:02x}"
        report.add(rules.NotText(span=span, offset=error.start, byte=byte))
        raise SpaceError(report) from None


@attrs.frozen
class Folder:
    """The folder that the imports of a text may come from: that of its file, and those in it.

    ``unsaved`` are texts that an editor has, by their resolved paths.
    """

    root: Path
    unsaved: Mapping[Path, str] = attrs.field(factory=dict)

    @classmethod
    def of(cls, source: Source, unsaved: Mapping[Path, str] | None = None) -> "Folder":
        """The folder of a text's file; the current one for standard input."""
        return cls(Path(source.path).parent if source.path != "-" else Path(), unsaved or {})

    def load(self, path: str, importing: Source) -> Source:
        """The text that ``importing`` imports by ``path``; a :data:`~tunas_dsl.analysis.definitions.Loader`.

        Raises:
            CannotRead: there is none, or it is no text.
            OutsideRoot: it lies somewhere else.
        """
        if not path or "\\" in path or "\0" in path:
            raise CannotRead("that is no name of a file; folders are separated by `/`")
        file = Path(importing.path).parent / path if importing.path != "-" else Path(path)
        try:
            resolved = file.resolve()
            inside = resolved.is_relative_to(self.root.resolve())
        except (OSError, RuntimeError, ValueError) as error:
            raise CannotRead("that is no name of a file") from error
        if not inside or Path(path).is_absolute():
            raise OutsideRoot(str(self.root))
        shown = str(self.root / resolved.relative_to(self.root.resolve()))
        if resolved in self.unsaved:
            return Source(shown, self.unsaved[resolved])
        try:
            check_regular(resolved)
            with resolved.open("rb") as opened:
                return _decoded(shown, opened.read(_MOST_BYTES))
        except OSError as error:
            near = _near(path, resolved)
            raise CannotRead((error.strerror or "it cannot be read").lower(), near) from None
        except SpaceError as error:
            raise CannotRead(error.report.diagnostics[0].text) from None


def _near(path: str, resolved: Path) -> str | None:
    """The path of a .space file with nearly that name, or of the first one in a folder of that name."""
    folder = resolved.is_dir()
    try:
        beside = sorted(file.stem for file in (resolved if folder else resolved.parent).glob("*.space"))
    except OSError:
        return None
    if folder:
        return f"{path.rstrip('/')}/{beside[0]}.space" if beside else None
    near = nearest(resolved.stem, beside)
    return None if near is None else f"{path[: len(path) - len(resolved.name)]}{near.name}.space"
