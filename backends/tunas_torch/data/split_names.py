"""Which folders are splits, by their names in any case: ``train``, ``Training``, ``seg_test``."""

import re

_WORDS = {
    "train": "train",
    "training": "train",
    "trn": "train",
    "val": "validation",
    "valid": "validation",
    "validate": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
    "tst": "test",
}

KNOWN = "train or training; val, valid, validation or dev; test or testing; and these in longer names"
"""For messages."""

_PARTS = re.compile(r"[^\W\d_]+")
_ATTACHED = ("set", "data", "images", "imgs", "ing")


def split_of(folder: str) -> str | None:
    """``train``, ``validation`` or ``test`` where the name of ``folder`` says one of them, else None."""
    found = {split for part in _PARTS.findall(folder.lower()) if (split := _word(part)) is not None}
    return found.pop() if len(found) == 1 else None


def _word(part: str) -> str | None:
    for suffix in ("", *_ATTACHED):
        if part.endswith(suffix) and (split := _WORDS.get(part.removesuffix(suffix))) is not None:
            return split
    return None
