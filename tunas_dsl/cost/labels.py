"""What the labels of a latency table say, and what a layer of a space is, in the same words."""

from collections.abc import Iterator, Mapping

from tunas_dsl.ir import space as ir
from tunas_dsl.ir.exchange import kind_name
from tunas_dsl.ir.selection import chosen, kept
from tunas_dsl.kinds.words import switch

Description = Mapping[str, str]
"""What a layer is, or what a label says of it: ``{"layer": "sepconv", "kernel": "3"}``."""

FIXED = "fixed"
"""The label of a layer about which nothing but filters is decided."""


def own_decisions(layer: ir.Layer) -> list[str]:
    """The decisions about ``layer`` but those about its shape, each once."""
    return list(dict.fromkeys(id for _, id in _decided(layer)))


def _decided(layer: ir.Layer) -> Iterator[tuple[str, str]]:
    """What is decided about ``layer``, in the words of labels, and by which decision."""
    for part in ir.walk(layer):
        if isinstance(part, ir.Alternatives):
            yield "layer", part.decision
        if isinstance(part, ir.Depth):
            yield "depth", part.decision
        if isinstance(part, ir.Operation):
            for name, choice in part.settings().items():
                if choice.decision:
                    yield name, choice.decision


def about(layer: ir.Layer, key: str) -> str:
    """The decision about ``key``, or where there is none, the one that it comes from."""
    decided = dict(reversed(list(_decided(layer))))
    id = decided.get(key) or decided.get("layer") or next(iter(decided.values()), None)
    return f"the {key}" if id is None else f"`{id}`"


def describe(layer: ir.Layer, selection: Mapping[str, int]) -> Description:
    """What ``layer`` is once its decisions take the options of ``selection``, by id."""
    match layer:
        case ir.Alternatives(decision=decision, layers=layers):
            return describe(layers[selection[decision]], selection)
        case ir.Depth():
            return describe(kept(layer, selection), selection)
        case ir.Residual(body=body):
            return describe(body, selection)
        case ir.Sequence(layers=layers):
            parts = (text(describe(part, selection)) for part in layers)
            return {"layer": "sequence", "of": ", ".join(parts)}
    description = {"layer": kind_name(layer)}
    if isinstance(layer, ir.Operation):
        for name, choice in layer.settings().items():
            value = chosen(choice, selection)
            description[name] = switch(value) if isinstance(value, bool) else str(value)
    return description


def meaning(label: str) -> Description:
    """What a label says: ``kernel=3 se=on``, or the name of a kind of layers, or nothing (``fixed``)."""
    words = (word for word in label.split() if word != FIXED)
    pairs = (word.partition("=") if "=" in word else ("layer", "=", word) for word in words)
    return {key: option for key, _, option in pairs}


def text(description: Description) -> str:
    """``description`` as a label could say it."""
    settings = [f"{key}={option}" for key, option in description.items() if key != "layer"]
    return " ".join([description["layer"], *settings])
