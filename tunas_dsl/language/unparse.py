"""An architecture as .space text: what ``export --format space`` writes, and reading it gives it back."""

from collections.abc import Iterator

from tunas_dsl.ir import space as ir
from tunas_dsl.ir.words import word
from tunas_dsl.source import Source
from tunas_dsl.syntax.formatter import format_source


def unparse(architecture: ir.Space) -> str:
    """The text of a space that has nothing left to decide, such as ``prune`` gives.

    Raises ``ValueError`` where a decision still has several options.
    """
    size = architecture.inputs.size.constant
    channels = architecture.inputs.channels.constant
    lines = [
        f"space {architecture.name} {{",
        f"    input image {size[0]} x {size[1]} x {channels}",
        f"    filters divisible by {architecture.divisor}",
        "",
        *(f"    {line}" for block in architecture.blocks for line in _block(block)),
    ]
    if architecture.classifier is not None:
        dropout = architecture.classifier.dropout
        more = f", dropout: {dropout}" if dropout else ""
        lines.append(f"    classifier (classes: {architecture.classifier.classes}{more})")
    return format_source(Source(architecture.name, "\n".join([*lines, "}", ""])))


def _block(block: ir.Block) -> Iterator[str]:
    filters = "" if block.filters.decision is None else f" (filters: {block.filters.constant})"
    yield f"block {block.name}{filters} {{"
    for layer in block.layers:
        yield f"    {_layer(layer, block)}"
    yield "}"


def _layer(layer: ir.Layer, block: ir.Block) -> str:
    match layer:
        case ir.Activation() | ir.GlobalPool() | ir.Endpoint() | ir.Skip():
            return word(layer)
        case ir.Residual(body=body):
            return f"residual({_layer(body, block)})"
        case ir.Sequence(layers=layers):
            return "{ " + "  ".join(_layer(inner, block) for inner in layers) + " }"
        case ir.Alternatives(layers=(only,)):
            return f"(| {_layer(only, block)})"
        case ir.Alternatives() | ir.Depth():
            raise ValueError(f"`{layer.decision}` is still to be decided")
        case ir.Operation():
            return _operation(layer, block)


def _operation(layer: ir.Operation, block: ir.Block) -> str:
    """Every argument that is not its default."""
    arguments = {p.name: layer.setting(p, {}) for p in layer.parameters if p.name != "filters"}
    own = layer.outputs.channels.constant != block.filters.constant or block.filters.decision is None
    if layer.has_filters and own:
        arguments["filters"] = layer.outputs.channels.constant
    defaults = {p.name: p.default for p in layer.parameters}
    written = [f"{key}: {_text(value)}" for key, value in arguments.items() if value != defaults[key]]
    return f"{layer.name}({', '.join(written)})"


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)
