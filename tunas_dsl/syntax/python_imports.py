"""Imports as Python writes them: ``from lib.blocks import bneck, more``."""

import re

from tunas_dsl.syntax.foreign import Reading, Written

_IMPORT = re.compile(
    r"""from[ \t]+(?P<module>"[^"\n]*"|'[^'\n]*'|[\w./-]+)[ \t]+import[ \t]*
    (?P<names>\((?:[^()#]|\#[^\n]*\n)*\) | \*
    | \w+(?:[ \t]+as[ \t]+\w+)? (?:[ \t]*,[ \t]*\w+(?:[ \t]+as[ \t]+\w+)?)*)
    """,
    re.VERBOSE,
)


def python_import(text: str, start: int) -> Reading | None:
    """The import that begins with ``from`` at ``start``, as this language writes it; nothing elsewhere."""
    line = text.rfind("\n", 0, start) + 1
    match = _IMPORT.match(text, start)
    if match is None or text[line:start].strip():
        return None
    file = _file(match["module"])
    listed = re.sub(r"#[^\n]*", "", match["names"].strip("()*")).split(",")
    names = [_name(written) for written in listed if written.strip()]
    if file is None or None in names:
        return None
    plain = ", ".join(name for name in names if name)
    meant = f"import {plain} from {file}" if plain else f"import {file}"
    tokens = _tokens(plain, file, match.start(), match.end())
    said = f"`{' '.join(match[0].split())}` is how Python imports"
    return Reading(end=match.end(), help=f"write `{meant}`", replacement=meant, tokens=tokens, said=said)


def _file(module: str) -> str | None:
    """The file that a module's name stands for, in quotes."""
    path = module.strip("\"'")
    if path == module and not path.endswith(".space"):
        dots = len(path) - len(path.lstrip("."))
        path = "../" * max(dots - 1, 0) + path[dots:].replace(".", "/")
    if not path.strip("./"):
        return None
    return f'"{path}"' if path.endswith(".space") else f'"{path}.space"'


def _name(written: str) -> str | None:
    """``bneck`` or ``bneck as b``, with single blanks."""
    words = written.split()
    aliased = len(words) == 3 and words[1] == "as"
    if not aliased and len(words) != 1:
        return None
    return words[0] if words[0] == words[-1] else " ".join(words)


def _tokens(names: str, file: str, start: int, end: int) -> tuple[Written, ...]:
    """The tokens of the import that is meant, all at the place of the one that is written."""
    kinds = [("COMMA" if word == "," else "NAME", word) for word in re.findall(r"\w+|,", names)]
    tokens = [("IMPORT", "import"), *kinds, *([("FROM", "from")] if names else []), ("STRING", file)]
    return tuple((kind, word, start, end) for kind, word in tokens)
