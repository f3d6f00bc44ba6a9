"""Where the files lie that come with the package: grammars, spaces, and what lies beside modules."""

from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

_SPACE = ".space"


def shipped(folder: str) -> Traversable:
    """The folder of shipped files called ``folder``: ``grammars``, ``spaces``, or one beside modules.

    In a checkout the former two lie at its top level, once installed inside the package.
    """
    installed = files("tunas_dsl") / folder
    return installed if installed.is_dir() else Path(__file__).parents[2] / folder


def shipped_spaces() -> Mapping[str, Traversable]:
    """The shipped spaces by their names, and after them the reference models."""
    spaces = shipped("spaces")
    found = [*_sorted(spaces), *_sorted(spaces / "reference")]
    return {file.name.removesuffix(_SPACE): file for file in found}


def _sorted(folder: Traversable) -> list[Traversable]:
    inside = (file for file in folder.iterdir() if file.name.endswith(_SPACE))
    return sorted(inside, key=lambda file: file.name)
