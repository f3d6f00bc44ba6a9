"""What is wrong and where, as data: one frozen class per code, its fields the facts of the case."""

import difflib
import re
from collections import Counter
from collections.abc import Iterable
from typing import ClassVar, Literal

import attrs

from tunas_dsl.errors import UserError
from tunas_dsl.source import Source, Span, inside

Severity = Literal["error", "warning"]
Applicability = Literal["safe", "maybe"]
"""Whether a program may apply a fix without asking, or only offer it."""

_LONG = re.compile(r"(\S{60})\S{20,}")
"""A word that would fill lines: it is cut where it is shown."""

IGNORE = re.compile(r"#\s*tunas:\s*ignore\[([A-Z0-9,\s]+)\]")
"""A comment that silences warnings on its line; its group has their codes."""


@attrs.frozen
class Note:
    """A second place that belongs to a diagnostic."""

    span: Span
    label: str


@attrs.frozen
class Fix:
    """A change of the text that mends a finding: ``replacement`` in place of what is at ``span``.

    ``safe`` ones are applied by ``tunas check --fix``; editors offer all of them.
    """

    span: Span
    replacement: str
    applicability: Applicability = "safe"

    @property
    def title(self) -> str:
        """What the change does, for a menu."""
        written, new = (" ".join(text.split()) for text in (self.span.text, self.replacement))
        if not written:
            return f"insert `{new}`" if new else "write a plain space"
        return f"replace `{written}` by `{new}`" if new else f"remove `{written}`"


@attrs.frozen(kw_only=True)
class Diagnostic:
    """One finding. A subclass has a code, a message template over its fields, and its explanation.

    The docstring of a subclass is what ``tunas explain CODE`` prints. ``E`` codes are errors;
    ``W`` codes are warnings, which ``# tunas: ignore[W501]`` on the same line silences.
    """

    code: ClassVar[str]
    message: ClassVar[str]
    label: ClassVar[str] = ""

    span: Span
    cause: Note | None = None
    """What the finding is about, where it is shown at the use that makes the mistake."""

    @property
    def severity(self) -> Severity:
        """Whether the file cannot be used, or only surprises."""
        return "error" if self.code.startswith("E") else "warning"

    @property
    def text(self) -> str:
        """The message with the facts of the case filled in."""
        return self.message.format_map(_Fields(self))

    @property
    def label_text(self) -> str:
        """What is written under the carets."""
        return self.label.format_map(_Fields(self))

    @property
    def hint(self) -> str | None:
        """What mends it, where that is known."""
        return None

    @property
    def notes(self) -> tuple[Note, ...]:
        """Further places that the reader must see."""
        return ()

    @property
    def places(self) -> tuple[Note, ...]:
        """The cause and the further places, in the order in which they are shown."""
        return (self.cause, *self.notes) if self.cause else self.notes

    @property
    def fix(self) -> Fix | None:
        """The change of the text that mends it, where there is one."""
        return None


class _Fields(dict[str, object]):
    """The attributes of a diagnostic, for ``str.format_map``."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__()
        self._diagnostic = diagnostic

    def __missing__(self, name: str) -> object:
        value = getattr(self._diagnostic, name)
        return _LONG.sub(r"\1...", value) if isinstance(value, str) else value


class SpaceError(UserError):
    """The user's mistake: a report that has errors in it."""

    def __init__(self, report: "Report") -> None:
        super().__init__("\n".join(d.text for d in report.diagnostics))
        self.report = report


MOST_FINDINGS = 100
"""Errors, and warnings, that are kept of one file: nobody reads more, and the next run has the others."""


class Report:
    """The findings of one run, each root cause once; ``omitted`` is how many were not kept."""

    def __init__(self) -> None:
        self.omitted = 0
        self._counts: Counter[tuple[str, Severity]] = Counter()
        self._found: dict[tuple[str, int, int, str], Diagnostic] = {}
        self._files: dict[str, int] = {}
        self._silenced: set[tuple[str, int, str]] = set()
        self._unread: list[Span] = []

    def leave_out(self, unread: Span) -> None:
        """Keep nothing that is found inside this place from now on."""
        self._unread.append(unread)

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep ``diagnostic``, unless the same code was reported there or its line ignores it."""
        span = diagnostic.span
        if any(inside(span, unread) for unread in self._unread):
            return
        if diagnostic.severity == "warning" and span.source.silences and _ignored(diagnostic):
            self._silenced.add((span.source.path, span.source.position(span.start)[0], diagnostic.code))
            return
        key = span.source.path, span.start, span.end, diagnostic.code
        if key in self._found:
            return
        kind = span.source.path, diagnostic.severity
        self._counts[kind] += 1
        if self._counts[kind] > MOST_FINDINGS:
            self.omitted += 1
            return
        self._files.setdefault(span.source.path, len(self._files))
        self._found[key] = diagnostic

    def has_room(self, source: Source) -> bool:
        """Whether one more error of ``source`` would be kept, so that it is worth a closer look."""
        return self._counts[source.path, "error"] < MOST_FINDINGS

    def silenced(self, source: Source, line: int, code: str) -> bool:
        """Whether a finding with this code was left out, as the line ignores it."""
        return (source.path, line, code) in self._silenced

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All findings, file by file, in the order of the text."""

        def place(found: Diagnostic) -> tuple[int, int, int, str]:
            span = found.span
            return self._files[span.source.path], span.start, span.end, found.code

        return tuple(sorted(self._found.values(), key=place))

    def has_error_inside(self, place: Span) -> bool:
        """Whether something inside ``place`` is wrong."""
        return any(d.severity == "error" and inside(d.span, place) for d in self._found.values())

    @property
    def has_errors(self) -> bool:
        """Whether anything was found that is more than a warning."""
        return any(d.severity == "error" for d in self._found.values())


@attrs.frozen
class Near:
    """A known name that is spelt nearly like another; ``sure`` where nothing else can be meant."""

    name: str
    sure: bool

    @property
    def question(self) -> str:
        """The name as a hint."""
        return f"did you mean `{self.name}`?"

    def fix(self, span: Span) -> Fix:
        """The name in the place of the misspelt one."""
        return Fix(span, self.name, "safe" if self.sure else "maybe")


MOST_COMPARED = 200
"""Names that a misspelt one is compared with, which takes its time for each."""


def nearest(name: str, known: Iterable[str]) -> Near | None:
    """The known name that ``name`` is a misspelling of, or None where none is near."""
    names = sorted(known)
    if len(names) > MOST_COMPARED:  # a large file: those of about its length
        names = sorted(sorted(names, key=lambda other: abs(len(other) - len(name)))[:MOST_COMPARED])
    same = [other for other in names if other.lower() == name.lower()]
    close = same or difflib.get_close_matches(name, names, n=2)
    if not close:
        return None
    ratios = [difflib.SequenceMatcher(None, name, other).ratio() for other in close]
    sure = bool(same) or (ratios[0] >= 0.75 and (len(close) == 1 or ratios[0] - ratios[1] > 0.1))
    return Near(close[0], sure)


def suggest(name: str, known: Iterable[str]) -> str | None:
    """``did you mean ...`` for a misspelt name, or None where no known name is near."""
    near = nearest(name, known)
    return near.question if near else None


def _ignored(diagnostic: Diagnostic) -> bool:
    line, _ = diagnostic.span.source.position(diagnostic.span.start)
    comment = IGNORE.search(diagnostic.span.source.line(line))
    return comment is not None and diagnostic.code in re.split(r"[,\s]+", comment[1])
