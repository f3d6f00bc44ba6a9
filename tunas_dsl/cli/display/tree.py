"""A space as a tree: layers inside layers, alternatives under their decision."""

from collections.abc import Iterable, Sequence

from rich.tree import Tree

from tunas_dsl.cli.display.blocks import images_of
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.sharing import shared
from tunas_dsl.ir.words import Words, options, sizes

_DEEPEST = 10
"""Levels that are drawn; deeper ones are told on one line."""


def space_tree(space: ir.Space) -> Tree:
    """Blocks, their layers with the numbers that decision ids use, and what is inside of these."""
    tied = shared(space)
    root = Tree(f"[bold]{space.name}[/]", guide_style="dim", highlight=False)
    root.add(f"input {images_of(space.inputs.size.options)} x {space.inputs.channels.constant}")
    for block in space.blocks:
        words = Words(tied, block.filters)
        output = block.layers[-1].outputs if block.layers else space.inputs
        filters = f"filters {words.choice(block.filters)}, " if block.filters.decision else ""
        node = root.add(f"[bold]{block.name}[/]  [dim]{filters}output {sizes(output.size.options)}[/]")
        _add_all(node, enumerate(block.layers), words, f"{block.name}.", 0)
    if space.classifier is not None:
        root.add(f"[bold]classifier[/]  [dim]{space.classifier.classes} classes[/]")
    return root


def _add_all(node: Tree, layers: Iterable[tuple[int, ir.Layer]], words: Words, path: str, depth: int) -> None:
    for number, layer in layers:
        _add(node, layer, words, f"{path}{number}", depth)


def _add(node: Tree, layer: ir.Layer, words: Words, path: str, depth: int) -> None:
    label = f"[dim]{path.rpartition('.')[2]}[/] "
    head, inside = _head(layer, words)
    if depth >= _DEEPEST or not inside:
        node.add(label + words.layer(layer))
        return
    _add_all(node.add(label + head), enumerate(inside), words, f"{path}.", depth + 1)


def _head(layer: ir.Layer, words: Words) -> tuple[str, Sequence[ir.Layer]]:
    """What a layer with others inside is called, and those inside it that are branches."""
    match layer:
        case ir.Residual(body=ir.Alternatives() | ir.Depth() | ir.Sequence() as body):
            text, inside = _head(body, words)
            return f"residual, {text}", inside
        case ir.Residual(body=body):
            return "residual", (body,)
        case ir.Alternatives(layers=(only,)):
            return _head(only, words)
        case ir.Alternatives(layers=layers, decision=decision):
            return f"one of {len(layers)}  [dim]{decision}[/]", layers
        case ir.Depth(layers=layers, counts=counts, decision=decision):
            return f"the first {options(counts)} of  [dim]{decision}[/]", layers
        case ir.Sequence(layers=layers):
            return "one after the other", layers
        case _:
            return "", ()
