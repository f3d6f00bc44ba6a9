"""What an editor shows of a place: shapes, options, shares of the cost, definitions."""

from collections.abc import Iterator

from tunas_dsl.analysis.operators import OPERATORS, WANTED, parameters_of
from tunas_dsl.cost.shares import by_block, mean_by_site
from tunas_dsl.ir import space as ir
from tunas_dsl.kinds import BUILT_IN, outside_kind
from tunas_dsl.lsp.analysed import Analysed
from tunas_dsl.lsp.names import Definition, at
from tunas_dsl.source import Span
from tunas_dsl.syntax import tree

LAYERS = {
    **{name: kind.summary for name, kind in BUILT_IN.items()},
    "residual": "The input plus the layer inside; both have the same size and filters.",
    "skip": "Zeros: inside a residual, the layer is left out.",
    "endpoint": "Marks the output before it as an auxiliary output; computes nothing.",
    "global_pool": "The average over the image.",
}

_SHOWN = 6


def hover(analysed: Analysed, offset: int) -> tuple[str, Span] | None:
    """Markdown about what stands at a character offset, and its place."""
    use = at(analysed, offset)
    if use is not None and use.definition.kind == "built-in":
        return built_in(use.definition.name), use.span
    if use is not None and use.definition.kind == "block":
        return _block(analysed, use.definition.name), use.span
    argument = _argument(analysed, offset)
    if argument is not None and argument.name is not None:
        decided = _decisions_of(analysed, argument)
        if decided:
            return decided, argument.span
    if use is not None:
        return _definition(analysed, use.definition), use.span
    return None


def built_in(name: str) -> str:
    """A built-in layer with its arguments and their defaults."""
    parameters = parameters_of(name)
    if parameters is None:
        return f"`{name}`: a word of the settings that take it."
    arguments = [_parameter(p.name, p.default, p.required) for p in parameters]
    lines = [f"`{name}({', '.join(arguments)})`" if arguments else f"`{name}`"]
    outside = None if name in OPERATORS else outside_kind(name)
    lines.append(outside.summary if outside else LAYERS.get(name, "An activation function."))
    lines += [
        f"- `{p.name}`: {WANTED[p.kind]}{'; can be decided' if p.decidable else ''}" for p in parameters
    ]
    return "\n\n".join(lines[:2]) + ("\n\n" + "\n".join(lines[2:]) if lines[2:] else "")


def _parameter(name: str, default: object, required: bool) -> str:
    if required or default is None:
        return name
    written = {True: "on", False: "off"}.get(default, default) if isinstance(default, bool) else default
    return f"{name}: {written}"


def _definition(analysed: Analysed, definition: Definition) -> str:
    whole = definition.whole or definition.span
    text = whole.text if whole else definition.name
    lines = [f"```space\n{text}\n```"]
    if whole is not None and whole.source.path != analysed.source.path:
        lines.append(f"from `{whole.source.path.rsplit('/', 1)[-1]}`")
    if analysed.space is not None:
        decision = next((d for d in analysed.space.decisions if d.id == definition.name), None)
        if decision is not None:
            lines.append(_options(decision))
    return "\n\n".join(lines)


def _argument(analysed: Analysed, offset: int) -> tree.Argument | None:
    if analysed.tree is None:
        return None
    around = (
        node
        for node in tree.walk(analysed.tree)
        if isinstance(node, tree.Argument) and node.span.start <= offset <= node.span.end
    )
    return min(around, key=lambda node: node.span.end - node.span.start, default=None)


def _decisions_of(analysed: Analysed, argument: tree.Argument) -> str | None:
    """The decisions that an argument makes, found by the line that the space remembers."""
    if analysed.space is None or argument.name is None:
        return None
    span = argument.expression.span
    line = span.source.position(span.start)[0]
    file = span.source.path.rsplit("/", 1)[-1]
    ends = f".{argument.name.text}"
    found = [
        d
        for d in analysed.space.decisions
        if d.origin == ir.Origin(file, line) and (d.id.endswith(ends) or "." not in d.id)
    ]
    if not found:
        return None
    by_options: dict[str, list[str]] = {}
    for decision in found:
        by_options.setdefault(_options(decision), []).append(decision.id)
    return "\n\n".join(f"{options}\n\n{_listing(ids)}" for options, ids in by_options.items())


def _options(decision: ir.Decision) -> str:
    options = ", ".join(map(str, decision.options))
    number = len(decision.options)
    return f"{number} option{'' if number == 1 else 's'}: {options} ({decision.kind.replace('_', '-')})"


def _listing(ids: list[str]) -> str:
    shown = ", ".join(f"`{id}`" for id in ids[:_SHOWN])
    more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
    return f"decides {shown}{more}"


def _block(analysed: Analysed, name: str) -> str:
    space = analysed.space
    block = next((b for b in space.blocks if b.name == name), None) if space else None
    if space is None or block is None:
        return f"block `{name}`"
    lines = [f"block `{name}`: {len(block.layers)} layers", f"output {block_shape(space, block)}"]
    tied = [b.name for b in space.blocks if b is not block and b.filters.decision == block.filters.decision]
    if block.filters.decision is not None and tied:
        lines.append(f"filters tied with {', '.join(f'`{other}`' for other in tied)}")
    lines += _shares(analysed, space, space.blocks.index(block))
    return "\n\n".join(lines)


def block_shape(space: ir.Space, block: ir.Block) -> str:
    """What a block gives: ``28 x 28 x 40``, with all options where there are several."""
    features = block.layers[-1].outputs if block.layers else space.inputs
    sizes = " | ".join(f"{height} x {width}" for height, width in features.size.options)
    channels = " | ".join(map(str, features.channels.options))
    return f"{sizes} x {channels}" if "|" not in channels else f"{sizes} x ({channels})"


def _shares(analysed: Analysed, space: ir.Space, number: int) -> Iterator[str]:
    """The block's share of the mean architecture: every option as likely as the others."""
    for what, model in (("multiply-adds", analysed.macs), ("parameters", analysed.parameters)):
        if model is not None and (total := sum(means := by_block(space, mean_by_site(model)))):
            yield f"{100 * means[number] / total:.1f} % of the {what} on average"
