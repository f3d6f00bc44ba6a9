"""Where images lie, as ``--data`` names it, so that it means the same from every folder."""

from pathlib import Path

KINDS = ("digits", "fashion-mnist", "folder")
"""What stands before a colon, and is no part of a path."""


def absolute_place(data: str) -> str:
    """``data`` with an absolute path where it has one: ``folder:images`` and ``images`` alike."""
    kind, colon, path = data.partition(":")
    if colon and kind in KINDS and path:
        return f"{kind}:{Path(path).expanduser().absolute()}"
    if kind in KINDS and not colon:
        return data
    there = Path(data).expanduser()
    return str(there.absolute()) if there.exists() else data
