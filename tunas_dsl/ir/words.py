"""Layers in few words, as tables show them: ``bottleneck 3|5|7 x 3x|6x s2 relu``."""

import re
from collections.abc import Collection, Sequence
from itertools import groupby
from typing import Any

import attrs

from tunas_dsl.ir import space as ir
from tunas_dsl.kinds.words import options as options


@attrs.frozen
class Words:
    """How layers are told: decisions in ``several`` by name, filters if they are not ``block_filters``."""

    several: Collection[str] = ()
    block_filters: ir.Choice[int] | None = None

    def line(self, layers: Sequence[ir.Layer]) -> str:
        """Layers one after the other; equal ones that follow each other are told once."""
        return "  ".join(self.runs(layers))

    def runs(self, layers: Sequence[ir.Layer]) -> list[str]:
        """A text for each run of equal layers: ``3 * residual(bottleneck 3 x 6x relu)``."""
        runs = [(text, len(list(run))) for text, run in groupby(map(self.layer, layers))]
        return [_without_braces(text) if number == 1 else times(number, text) for text, number in runs]

    def layer(self, layer: ir.Layer) -> str:
        """One layer."""
        match layer:
            case ir.Activation() | ir.GlobalPool() | ir.Endpoint() | ir.Skip():
                return word(layer)
            case ir.Sequence(layers=layers):
                return f"{{ {self.line(layers)} }}" if layers else "{ }"
            case ir.Residual(body=body):
                text = self.layer(body)
                return f"residual{text}" if text.startswith("(") else f"residual({text})"
            case ir.Alternatives(layers=(only,)):
                return self.layer(only)
            case ir.Alternatives(layers=layers, decision=decision):
                return "(" + " | ".join(map(self.layer, layers)) + ")" + self._name(decision)
            case ir.Depth(layers=layers, counts=counts, decision=decision):
                return self._depth(layers, options(counts) + self._name(decision))
            case ir.Operation():
                return " ".join(layer.words(self))

    def _depth(self, layers: Sequence[ir.Layer], counts: str) -> str:
        """So many of equal layers, or the first so many."""
        if len({self.layer(layer) for layer in layers}) == 1:
            return times(counts, self.layer(layers[0]))
        return f"first {counts} of {{ {self.line(layers)} }}"

    def filters(self, layer: ir.Operation) -> list[str]:
        """The filters of a layer where they are not those of the block."""
        channels = layer.outputs.channels
        own = self.block_filters is not None and layer.has_filters and channels != self.block_filters
        return [f"filters {self.choice(channels)}"] if own else []

    def choice(self, choice: ir.Choice[Any]) -> str:
        """The options of a setting, and the name of the decision if several places share it."""
        return options(choice.options) + self._name(choice.decision)

    def shared(self, choice: ir.Choice[Any]) -> str:
        """The name of the decision about a setting if several places share it."""
        return self._name(choice.decision)

    def _name(self, decision: str | None) -> str:
        return f"@{decision}" if decision in self.several and decision is not None else ""


def word(layer: ir.Activation | ir.GlobalPool | ir.Endpoint | ir.Skip) -> str:
    """A layer that has no settings, as it is written."""
    match layer:
        case ir.Activation(function=function):
            return function
        case ir.GlobalPool():
            return "global_pool"
        case ir.Endpoint():
            return "endpoint"
        case ir.Skip():
            return "skip"


def times(number: int | str, text: str) -> str:
    """``3 * conv 3``; around several layers, and around what is repeated inside, stand braces."""
    single = not re.search(r"^first |^\S+ \* |  |, ", _outside(text))
    return f"{number} * {text}" if single else f"{number} * {{ {text} }}"


def _outside(text: str) -> str:
    """``text`` without what stands in brackets."""
    depth, kept = 0, []
    for letter in text:
        depth += (letter in "({") - (letter in ")}")
        if depth == 0:
            kept.append(letter)
    return "".join(kept)


def _without_braces(text: str) -> str:
    """A sequence that is told once needs none; only sequences begin with a brace."""
    return text[2:-2] if text.startswith("{ ") else text


def sizes(of: Sequence[ir.Size]) -> str:
    """Sizes, each once: ``7x7``."""
    return options([f"{height}x{width}" for height, width in of])
