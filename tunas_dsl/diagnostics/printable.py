"""Text from elsewhere on its way to a terminal or a log: what commands either is shown, not carried out."""

import re

_COMMANDS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    """``text`` with a sign in the place of each character that would move the cursor, colour or reorder it.

    Ends of lines and tabs stay.
    """
    return _COMMANDS.sub("\N{REPLACEMENT CHARACTER}", text)


def in_one_line(text: str) -> str:
    """As :func:`printable`, of a name, which has no end of line."""
    return printable(re.sub(r"[\n\t]", "\N{REPLACEMENT CHARACTER}", text))
