"""Characters that look like those of the language and are others: Cyrillic letters, mathematical signs.

What looks like what is Unicode's own table of confusable characters (UTS 39), from a package.
"""

import unicodedata
from functools import cache

_SIGNS = frozenset("|*:,(){}=/#\"'-x")
_MULTIPLYING = ("DOT OPERATOR", "BULLET OPERATOR", "MIDDLE DOT", "ASTERISK")


@cache
def look_alike(character: str) -> str | None:
    """The ASCII letter, digit or sign of the language that ``character`` can be taken for."""
    folded = unicodedata.normalize("NFKC", character)
    if folded != character and folded.isascii() and len(folded) == 1 and not folded.isspace():
        return folded
    letter, name = character.isalpha(), unicodedata.name(character, "")
    if not letter and "VERTICAL" in name:
        return "|"
    if not letter and name.startswith(_MULTIPLYING):
        return "*"
    candidates = _confusable_with(character)
    if not letter and "l" in candidates:  # in Unicode's table, a bar is taken for this letter, too
        return "|"
    fitting = [c for c in candidates if (c.isalnum() or c == "_" if letter else c in _SIGNS)]
    return fitting[0] if fitting else None


def _confusable_with(character: str) -> list[str]:
    """The single ASCII characters that Unicode's table says ``character`` can be taken for."""
    from confusable_homoglyphs import confusables  # its table is large, and hardly ever needed

    found = confusables.is_confusable(character, greedy=True, preferred_aliases=[]) or []
    homoglyphs = [other["c"] for one in found for other in one["homoglyphs"]]
    return [c for c in homoglyphs if c.isascii() and len(c) == 1]


def described(character: str) -> str:
    """A character as people can look it up: ``cyrillic small letter ie (U+0435)``."""
    name, number = unicodedata.name(character, "").lower(), f"U+{ord(character):04X}"
    return f"{name} ({number})" if name else number
