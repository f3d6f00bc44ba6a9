"""tunas_dsl: a small language for neural-architecture search spaces, and its compiler.

``import tunas_dsl as tunas`` is the library: :func:`load` gives a space, of which everything else is asked.
What a name needs, NumPy for example, is imported when the name is used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tunas_dsl.api.architecture import Architecture
    from tunas_dsl.api.costs import Cost, Statistics
    from tunas_dsl.api.runs import Run
    from tunas_dsl.api.space import Space, load
    from tunas_dsl.api.training import Trained
    from tunas_dsl.errors import UserError

__version__ = "0.1.0"

_HOMES = {
    "Architecture": "api.architecture",
    "Cost": "api.costs",
    "Run": "api.runs",
    "Space": "api.space",
    "Statistics": "api.costs",
    "Trained": "api.training",
    "UserError": "errors",
    "load": "api.space",
}

__all__ = ["Architecture", "Cost", "Run", "Space", "Statistics", "Trained", "UserError", "load"]


def __getattr__(name: str) -> Any:
    """A name of the library, imported now."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
