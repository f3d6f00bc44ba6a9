"""Which of several processes of one search this is, as ``torchrun`` says in the environment."""

import os

from tunas_dsl.errors import SearchError


def rank() -> int:
    """The number of this process, from 0; it is 0 that keeps the run and talks."""
    return _number("RANK", 0)


def ranks() -> int:
    """How many processes there are."""
    return _number("WORLD_SIZE", 1)


def alone(what: str) -> None:
    """Refuse to run ``what`` in several processes.

    Raises:
        SearchError: there are several.
    """
    if ranks() > 1:
        raise SearchError(f"{what} runs in one process: start it without torchrun")


def _number(name: str, otherwise: int) -> int:
    text = os.environ.get(name, "")
    return int(text) if text.isdecimal() else otherwise
