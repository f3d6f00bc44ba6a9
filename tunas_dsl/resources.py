"""Where the files lie that come with the package: grammars and spaces."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path


def shipped(folder: str) -> Traversable:
    """The folder of shipped files called ``folder`` (``grammars`` or ``spaces``).

    In a checkout they lie at its top level, once installed inside the package.
    """
    installed = files("tunas_dsl") / folder
    return installed if installed.is_dir() else Path(__file__).parents[1] / folder
