"""Where the files lie that come with the package: grammars, spaces, and what lies beside modules."""

from collections.abc import Mapping
from pathlib import Path

_SPACE = ".space"


def shipped(folder: str) -> Path:
    """The folder of shipped files called ``folder``: ``grammars``, ``spaces``, or one beside modules.

    In a checkout the former two lie at its top level, once installed inside the package.
    """
    package = Path(__file__).parents[1]
    installed = package / folder
    return installed if installed.is_dir() else package.parent / folder


def shipped_spaces() -> Mapping[str, Path]:
    """The shipped spaces by their names, and after them the reference models."""
    spaces = shipped("spaces")
    found = [*_sorted(spaces), *_sorted(spaces / "reference")]
    return {file.name.removesuffix(_SPACE): file for file in found}


def _sorted(folder: Path) -> list[Path]:
    inside = (file for file in folder.iterdir() if file.name.endswith(_SPACE))
    return sorted(inside, key=lambda file: file.name)
