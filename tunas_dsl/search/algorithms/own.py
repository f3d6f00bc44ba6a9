"""Algorithms of other people: a class by name, and the settings that it is given.

Only what a person types or passes is ever imported. Whoever reads a run folder needs no code of its
algorithm: its settings are plain, and its name is a text.
"""

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Any, Protocol, cast

import attrs

from tunas_dsl.errors import SearchError
from tunas_dsl.ir import space as ir
from tunas_dsl.runs.setting import COUNT, Settings, setting
from tunas_dsl.search.algorithms.algorithm import Algorithm, Floats, Indices

GROUP = "tunas_dsl.algorithms"
"""The entry points by which an installed distribution names its algorithms."""

REQUIRED = ("propose", "feedback", "figures", "best", "state", "load_state")
"""The methods that a class must have; ``step`` and ``steps`` are attributes of what it makes."""

_OPTIONS = setting("an object of options by name", lambda options: all(map(_is_name, options)), (dict,))


@attrs.frozen(kw_only=True)
class OwnSettings(Settings):
    """What an algorithm of one's own is given: ``steps`` proposals, and ``options``, JSON by name.

    Raises:
        SearchError: a setting is out of range.
    """

    steps: int = attrs.field(validator=COUNT)
    options: Mapping[str, Any] = attrs.field(factory=dict, validator=_OPTIONS)


class AlgorithmClass(Protocol):
    """What makes an algorithm, at its first step, for a space and its costs."""

    def __call__(
        self, space: ir.Space, cost: Callable[[Indices], Floats], settings: OwnSettings, /
    ) -> Algorithm:
        """An algorithm for ``space``; ``cost`` gives ``(N, D)`` index vectors their costs, ``(N,)``."""


def named_algorithm(name: str, load: Callable[[str], Any]) -> AlgorithmClass:
    """The class that ``module:Class`` names, or that an installed distribution calls ``name``.

    ``load`` imports the former.

    Raises:
        SearchError: there is none, or it lacks a method.
    """
    if ":" in name:
        return checked_class(name, load(name))
    installed = {point.name: point for point in entry_points(group=GROUP)}
    if name not in installed:
        known = f"these have one: {', '.join(sorted(installed))}" if installed else "none has any"
        raise SearchError(
            f"there is no algorithm `{name}`: write module:Class, or what an installed distribution calls it "
            f"({known})"
        )
    return checked_class(name, installed[name].load())


def checked_class(name: str, found: Any) -> AlgorithmClass:
    """``found``, which makes algorithms. Raises SearchError where it is not such a class."""
    missing = [method for method in REQUIRED if not callable(getattr(found, method, None))]
    if not isinstance(found, type) or missing:
        lacks = f", which has no {missing[0]}()" if isinstance(found, type) else f": {type(found).__name__}"
        raise SearchError(f"`{name}` is no class of an algorithm{lacks} (docs/quality.md)")
    return cast(AlgorithmClass, found)


def name_of(found: type) -> str:
    """``module:Class``, by which a run folder calls an algorithm that was passed as a class."""
    return f"{found.__module__}:{found.__qualname__}"


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and name.isidentifier()
