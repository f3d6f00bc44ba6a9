"""The two recipes of the paper's Appendix E.1: 90 epochs, and 360 with dropout (facts 8)."""

from typing import Any, Literal, get_args

from tunas_dsl.ir import space as ir

Preset = Literal["90", "360"]
PRESETS: tuple[Preset, ...] = get_args(Preset)

LONG = 150
"""Epochs from which the recipe has dropout."""

DROPOUT = 0.15
DROPOUT_V3 = 0.25
"""For the family of MobileNetV3."""


def recipe(architecture: ir.Space, preset: str | None, given: dict[str, Any]) -> dict[str, Any]:
    """The settings ``given``, and what the recipe adds: the length, and dropout where the training is long.

    ``preset`` is one of :data:`PRESETS` or nothing. ``epochs`` or ``steps`` scale a preset to the data;
    its dropout stays. The dropout that the architecture's classifier was written with goes before it.
    """
    length = {"epochs": float(preset)} if preset and not {"epochs", "steps"} & given.keys() else {}
    epochs = float(preset) if preset else given.get("epochs", 0.0)
    return {"dropout": recipe_dropout(architecture, epochs), **length, **given}


def recipe_dropout(architecture: ir.Space, epochs: float) -> float:
    """The dropout before the classifier in a training of so many epochs."""
    if architecture.classifier is not None and architecture.classifier.dropout:
        return float(architecture.classifier.dropout)
    if epochs < LONG:
        return 0.0
    return DROPOUT_V3 if is_v3(architecture) else DROPOUT


def is_v3(architecture: ir.Space) -> bool:
    """Whether the network is of MobileNetV3's family: it uses squeeze-and-excite or hard swish."""
    return any(
        (isinstance(layer, ir.Bottleneck) and (layer.squeeze_excite.constant or layer.act == "swish6"))
        or (isinstance(layer, ir.Activation) and layer.function == "swish6")
        for block in architecture.blocks
        for outer in block.layers
        for layer in ir.walk(outer)
    )
