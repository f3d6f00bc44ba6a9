"""What the labels of a latency table say, and what a layer of a space is, in the same words."""

from collections.abc import Iterator, Mapping

from tunas_dsl.ir import space as ir
from tunas_dsl.ir.exchange import KINDS
from tunas_dsl.ir.selection import chosen, kept

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
        if isinstance(part, ir.Conv | ir.SeparableConv | ir.Bottleneck) and part.kernel.decision:
            yield "kernel", part.kernel.decision
        if isinstance(part, ir.Bottleneck) and part.expansion.decision:
            yield "expand", part.expansion.decision
        if isinstance(part, ir.Bottleneck) and part.squeeze_excite.decision:
            yield "se", part.squeeze_excite.decision


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
    description = {"layer": KINDS[type(layer)]}
    if isinstance(layer, ir.Conv | ir.SeparableConv | ir.Bottleneck):
        description["kernel"] = str(chosen(layer.kernel, selection))
    if isinstance(layer, ir.Bottleneck):
        description["expand"] = str(chosen(layer.expansion, selection))
        description["se"] = "on" if chosen(layer.squeeze_excite, selection) else "off"
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
