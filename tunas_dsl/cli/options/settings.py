"""Options of a command line for the settings of a run, made from their class."""

from collections.abc import Callable, Mapping
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import attrs
import click

from tunas_dsl.runs.setting import RunSettings


def cost(text: str) -> float:
    """A cost with its unit or without: ``84``, ``84ms``, ``320M``. Raises ValueError for other texts."""
    return float(text.removesuffix("ms").removesuffix("M").strip())


def settings_options(
    kind: type[RunSettings], only: Mapping[str, Any] | None = None, prefix: str = ""
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A decorator that adds an option for every field of ``kind``, or for ``only`` these names.

    An option that is not given has the value None, or what ``only`` has for its name. The names of options
    begin with ``prefix``.
    """
    hints = get_type_hints(kind)
    chosen = only or {}

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        fields = [field for field in attrs.fields(kind) if only is None or field.name in only]
        for field in reversed(fields):
            name, type_ = f"{prefix}{field.name}".replace("_", "-"), _plain(hints[field.name])
            flag = f"--{name}/--no-{name}" if type_ is bool else f"--{name}"
            flags = (flag, "-n") if name == "n" else (flag,)
            default = chosen.get(field.name)
            usual = field.default if default is None else default
            known = isinstance(usual, int | float | str)
            shown = f"Default: {usual}." if known else "Required." if usual is attrs.NOTHING else ""
            words: Any = cost if field.name in ("target", "within") else type_
            if get_origin(type_) is not None:
                words = click.Choice(get_args(type_))
            option = click.option(*flags, prefix + field.name, default=default, type=words, help=shown)
            function = option(function)
        return function

    return decorate


def _plain(type_: Any) -> Any:
    """``type_`` without the None that it may be instead."""
    others = [part for part in get_args(type_) if part is not NoneType]
    return others[0] if NoneType in get_args(type_) and len(others) == 1 else type_
