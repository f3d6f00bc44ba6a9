"""How the settings of a layer are told in tables."""

from collections.abc import Sequence
from typing import Any, Protocol

from tunas_dsl.kinds.layer import Choice, Operation


class Words(Protocol):
    """Tells settings as a table of a space does, with the names of decisions that several places share."""

    def choice(self, choice: Choice[Any]) -> str:
        """The options of a setting: ``3|5|7``."""

    def shared(self, choice: Choice[Any]) -> str:
        """The name of the decision where several places share it: ``@kernel``, else nothing."""

    def filters(self, layer: Operation) -> list[str]:
        """``["filters 24"]`` where the layer has filters of its own."""


def stride(number: int) -> list[str]:
    """``["s2"]``, or nothing for a stride of 1."""
    return [f"s{number}"] if number != 1 else []


def switch(on: bool) -> str:
    """``on`` or ``off``."""
    return "on" if on else "off"


def options(of: Sequence[Any]) -> str:
    """Options as they are written, each once: ``3|5|7``."""
    return "|".join(dict.fromkeys(map(str, of)))


def told(layer: Operation, words: Words) -> list[str]:
    """The layer's name, then its settings in order: the kernel and the activation need no name."""
    parts = [layer.name]
    for parameter in layer.parameters:
        value: Any = getattr(layer, parameter.field, None)
        match parameter.name:
            case "filters":
                continue
            case "stride":
                parts += stride(value)
            case "kernel" | "act":
                parts.append(_text(value, words))
            case name if value != parameter.default:
                parts.append(f"{name} {_text(value, words)}")
    return [*parts, *words.filters(layer)]


def _text(value: Any, words: Words) -> str:
    if not isinstance(value, Choice):
        return switch(value) if isinstance(value, bool) else str(value)
    if isinstance(value.options[0], bool):
        return options([switch(on) for on in value.options]) + words.shared(value)
    return words.choice(value)
