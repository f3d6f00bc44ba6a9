"""What each code means: the docstring of its class, an example that has the mistake, and the mended one."""

import difflib
import re
from collections.abc import Iterator

import attrs

from tunas_dsl.analysis import rules as meanings
from tunas_dsl.diagnostics import Diagnostic
from tunas_dsl.storage.resources import shipped
from tunas_dsl.syntax import rules as texts

_ALL: tuple[type[Diagnostic], ...] = (*texts.RULES, *meanings.RULES)

RULES = {rule.code: rule for rule in sorted(_ALL, key=lambda rule: rule.code)}
"""Every code with its class."""

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BLOCK = re.compile(r"^```space (\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_ROLE = re.compile(r"``(.*?)``")
_STATEMENTS = re.compile(r"^[a-z]", re.MULTILINE)
_SPACE = re.compile(r"^(space|import)\b", re.MULTILINE)


_NAMES = {rule.__name__.lower(): code for code, rule in RULES.items()}


@attrs.frozen
class Example:
    """Texts by their names: ``wrong`` and ``mended``, and files beside them that they import."""

    texts: dict[str, str]

    def whole(self, name: str) -> str:
        """A text as it can be checked: statements alone stand in a space."""
        text = self.texts[name]
        if name not in ("wrong", "mended") or not _STATEMENTS.search(text) or _SPACE.search(text):
            return text
        inside = re.sub(r"^(?=.)", "    ", text, flags=re.MULTILINE)
        return f"space example {{\n    input image 32 x 32 x 3\n{inside}}}\n"


def example(code: str) -> Example | None:
    """The example of a code, if it can be shown as text."""
    found = dict(_BLOCK.findall(_page(code)))
    return Example(found) if found else None


def summary(code: str) -> str:
    """The first sentence about a code."""
    return _ROLE.sub(r"`\1`", " ".join(_docstring(code).partition("\n\n")[0].split()))


def explanation(code: str) -> str:
    """All about a code, as Markdown."""
    rule = RULES[code]
    message = re.sub(r"\{(\w+)[^}]*\}", lambda field: f"<{field[1]}>", rule.message)
    kind = "error" if code.startswith("E") else "warning"
    heading = f"# {code}: {_words(rule.__name__)}\n\n"
    body = _ROLE.sub(r"`\1`", _docstring(code))
    return f"{heading}    {kind}[{code}]: {message}\n\n{body}\n\n{_shown(code)}{_silencing(code)}"


def known(text: str) -> str | None:
    """The code that ``text`` is, in capitals or not, or is the name of, such as ``untied-filters``."""
    if text.upper() in RULES:
        return text.upper()
    return _NAMES.get(_letters(text))


def near(text: str) -> list[str]:
    """Codes that may have been meant: nearly that code, nearly that name, or about nearly these words."""
    codes = difflib.get_close_matches(text.upper(), RULES, n=4, cutoff=0.5)
    names = difflib.get_close_matches(_letters(text), _NAMES, n=4, cutoff=0.75)
    return codes or [_NAMES[name] for name in names] or mentioning(_respelt(text))


def mentioning(words: str) -> list[str]:
    """Codes in whose name, message or summary all ``words`` begin a word; first those by their names."""
    wanted = _long_words(words)
    if not wanted:
        return []
    named = [code for code, rule in RULES.items() if _has(wanted, _words(rule.__name__))]
    said = [code for code in RULES if _has(wanted, _said(code))]
    return [*named, *(code for code in said if code not in named)][:4]


def _respelt(text: str) -> str:
    """The words of ``text``, each as the messages and summaries spell it that have nearly it."""
    spelt = {word for code in RULES for word in _long_words(_said(code))}
    close = [difflib.get_close_matches(word, spelt, n=1, cutoff=0.8) for word in _long_words(text)]
    return " ".join(word for words in close for word in words) if all(close) else ""


def _long_words(text: str) -> list[str]:
    """The words of three letters and more, in small letters; a name such as ``TwoWords`` is two."""
    return [word.lower() for word in re.findall(r"[A-Za-z]{3,}", _CAMEL.sub(" ", text))]


def _said(code: str) -> str:
    return f"{RULES[code].message} {summary(code)}"


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text).lower()


def _has(wanted: list[str], text: str) -> bool:
    return all(re.search(rf"\b{word}", text.lower()) for word in wanted)


def pages() -> Iterator[tuple[str, str]]:
    """The names and texts of the pages in ``docs/errors``."""
    rows = [f"| [{code}]({code}.md) | {summary(code)} |" for code in RULES]
    head = (
        "# Errors and warnings\n\n`tunas explain CODE` shows these pages on the terminal. Statements alone "
        "stand in a space\nthat begins with `input image 32 x 32 x 3`."
    )
    yield "README.md", "\n".join([head, "", "| code | |", "|---|---|", *rows, ""])
    for code in RULES:
        yield f"{code}.md", explanation(code)


def _docstring(code: str) -> str:
    first, *rest = (RULES[code].__doc__ or "").strip().split("\n")
    return "\n".join([first, *(line.removeprefix("    ") for line in rest)])


def _words(name: str) -> str:
    return _CAMEL.sub(" ", name).lower()


def _page(code: str) -> str:
    file = shipped("language/explanations") / f"{code}.md"
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def _shown(code: str) -> str:
    """The examples under headings; what else their file says stays where it is."""
    titles = {"wrong": "Wrong:", "mended": "Mended:"}

    def titled(block: re.Match[str]) -> str:
        return f"{titles.get(block[1], f'`{block[1]}`:')}\n\n```space\n{block[2]}```"

    return _BLOCK.sub(titled, _page(code))


def _silencing(code: str) -> str:
    if code.startswith("E"):
        return ""
    return f"\nA comment `# tunas: ignore[{code}]` on the line silences the warning.\n"
