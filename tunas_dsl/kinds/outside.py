"""Kinds of layers that installed distributions add, each by an entry point with the name of the kind."""

from functools import cache
from typing import TYPE_CHECKING, Any

import attrs

from tunas_dsl.errors import UserError
from tunas_dsl.kinds.layer import Operation
from tunas_dsl.kinds.parameters import Parameter

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "tunas_dsl.layers"
"""The group of the entry points; each names a subclass of :class:`~tunas_dsl.kinds.layer.Operation`."""


class KindError(UserError):
    """A kind of layers that an installed distribution announces, and that cannot be used."""


@cache
def announced(group: str = GROUP) -> "dict[str, EntryPoint]":
    """The entry points of a group by their names; of several, the one found first. Nothing is imported."""
    from importlib.metadata import entry_points  # only where a name is unknown: it takes its time

    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=group):
        found.setdefault(point.name, point)
    return found


@cache
def outside_kind(name: str) -> type[Operation] | None:
    """The kind that an installed distribution calls ``name``, imported now; None where none does.

    Raises:
        KindError: its module cannot be imported, or what it gives is no kind of layers.
    """
    point = announced().get(name)
    if point is None:
        return None
    kind = loaded(point)
    flaw = _flaw(kind, name)
    if flaw is not None:
        raise KindError(f"the layer `{name}` of {distribution(point)} cannot be used: {flaw}")
    return kind  # type: ignore[no-any-return]


def loaded(point: "EntryPoint") -> Any:
    """What an entry point names.

    Raises:
        KindError: importing it fails.
    """
    try:
        return point.load()
    except Exception as error:  # whatever the module of another project does
        what = f"cannot be loaded: {type(error).__name__}: {error}"
        raise KindError(f"the layer `{point.name}` of {distribution(point)} {what}") from error


def distribution(point: "EntryPoint") -> str:
    """The distribution of an entry point with its version, and what it names."""
    where = f"{point.dist.name} {point.dist.version}" if point.dist else "an installed distribution"
    return f"{where} ({point.value})"


def _flaw(kind: Any, name: str) -> str | None:
    if not (isinstance(kind, type) and issubclass(kind, Operation) and attrs.has(kind)):
        return "it is no attrs class with the base tunas_dsl.kinds.Operation"
    if getattr(kind, "name", None) != name:
        return f"it calls itself `{getattr(kind, 'name', None)}`"
    parameters = getattr(kind, "parameters", None)
    if not isinstance(parameters, tuple) or not all(isinstance(p, Parameter) for p in parameters):
        return "its parameters are no tuple of Parameter"
    fields = {parameter.field for parameter in parameters if parameter.name != "filters"}
    missing = sorted(fields - set(attrs.fields_dict(kind)))
    return f"it has no field `{missing[0]}`" if missing else None


def load(group: str, name: str) -> Any:
    """What an installed distribution announces as ``name`` in another group of entry points, or None.

    Raises:
        KindError: importing it fails.
    """
    point = announced(group).get(name)
    return None if point is None else loaded(point)
