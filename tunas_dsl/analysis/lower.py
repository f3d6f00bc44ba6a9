"""A syntax tree to the space that it means.

Before: statements in any order. After: an :class:`~tunas_dsl.ir.space.Space` whose decisions are
in the reference implementation's order (facts 1.2), or nothing and a report that has errors.
"""

from typing import TypeVar

from tunas_dsl.analysis import rules
from tunas_dsl.analysis.channels import Ties
from tunas_dsl.analysis.layers import LayerLowering
from tunas_dsl.analysis.operators import BLOCK, CLASSIFIER
from tunas_dsl.analysis.place import Place
from tunas_dsl.analysis.scope import Scope, match_arguments
from tunas_dsl.analysis.settings import Decisions, Settings, origin
from tunas_dsl.analysis.values import evaluate
from tunas_dsl.diagnostics import Report
from tunas_dsl.ir import space as ir
from tunas_dsl.source import Span
from tunas_dsl.syntax import tree

S = TypeVar("S", bound=tree.SyntaxNode)

_NAMING = tree.Let | tree.Decide | tree.Layer

MAX_INPUT = 4096
MAX_DIVISOR = 1024


def lower(file: tree.File, scope: Scope, report: Report) -> ir.Space | None:
    """The meaning of the space in ``file``, or None where there is none or ``report`` has errors.

    Example: ``block b (filters: 16) { conv(kernel: 3 | 5) relu }`` becomes a block whose filters
    and whose kernel are the decisions ``b.0.kernel`` and ``b.filters``, in this order.
    """
    space = file.space
    if space is None:
        return None
    broken = frozenset(part.keyword for part in file.broken)
    headless = not space.name.span.text  # its statements stand alone, which is the mistake to mend first
    decisions = Decisions(_divisor(space, report), report)
    inputs = _inputs(space, scope, decisions, headless or bool(broken & {"input", "end"}))
    written = next((s.span for s in space.statements if isinstance(s, tree.Input)), space.span)
    ties = Ties(report, decisions.spans, written)
    lowering = LayerLowering(decisions, ties, report)
    blocks, features = _blocks(file, space, inputs, scope, lowering)
    if not (blocks or headless or file.broken):
        help = "write `block name (filters: 32) { conv(kernel: 3) }`"
        closing = Span(space.span.source, space.span.end - 1, space.span.end)
        report.add(rules.MissingStatement(span=closing, space=space.name.text, what="block", help=help))
    classifier = _classifier(space, features, scope, decisions)
    if report.has_errors:
        return None
    named = {s.name.span: s.span for s in (*file.definitions, *space.statements) if isinstance(s, _NAMING)}
    for name, span in scope.unused():
        report.add(rules.Unused(span=span, name=name, statement=named.get(span)))
    return ties.apply(
        ir.Space(space.name.text, inputs, decisions.divisor, decisions.found, tuple(blocks), classifier)
    )


def _blocks(
    file: tree.File, space: tree.Space, inputs: ir.FeatureMap, scope: Scope, lowering: LayerLowering
) -> tuple[list[ir.Block], ir.FeatureMap]:
    """The blocks, and what the last of them gives; behind one that is broken, that is not known."""
    blocks: list[ir.Block] = []
    names: dict[str, tree.Name] = {}
    place = Place(inputs, None, "", "", scope)
    gaps = [b.span.start for b in file.broken if b.keyword not in ("let", "decide", "layer", "classifier")]
    behind = space.span.start
    for block in (s for s in space.statements if isinstance(s, tree.Block)):
        if block.name.text in names:
            first = names[block.name.text].span
            lowering.report.add(rules.DuplicateName(span=block.name.span, name=block.name.text, first=first))
        names.setdefault(block.name.text, block.name)
        if any(behind <= gap < block.span.start for gap in gaps):
            place = place._replace(known=False)
        lowered, place = _block(block, place, lowering)
        blocks.append(lowered)
        behind = block.span.end
    lowering.settle()
    return blocks, place.inputs


def _only(space: tree.Space, kind: type[S], what: str, report: Report) -> S | None:
    """The one statement of this kind; a second one is reported."""
    found = [s for s in space.statements if isinstance(s, kind)]
    for other in found[1:]:
        report.add(rules.RepeatedStatement(span=other.span, what=what, first=found[0].span))
    return found[0] if found else None


def _whole(number: tree.Number, limit: int, what: str, report: Report) -> int:
    if number.number.denominator == 1 and 1 <= number.number <= limit:
        return int(number.number)
    wanted = f"{what} from 1 to {limit}"
    report.add(rules.WrongValue(span=number.span, written=number.span.text, wanted=wanted))
    return 8


def _inputs(space: tree.Space, scope: Scope, decisions: Decisions, broken: bool) -> ir.FeatureMap:
    report = decisions.report
    written = _only(space, tree.Input, "input", report)
    if written is None:
        help = "write `input image 224 x 224 x 3`"
        missing = rules.MissingStatement(span=space.name.span, space=space.name.text, what="input", help=help)
        if not broken:
            report.add(missing)
        return ir.FeatureMap(ir.constant(3), ir.constant((224, 224)))
    channels = _whole(written.channels, MAX_INPUT, "a number of channels", report)
    _check_order(written, channels, report)
    return ir.FeatureMap(ir.constant(channels), _resolution(written.size, scope, decisions))


def _check_order(written: tree.Input, channels: int, report: Report) -> None:
    """Warn where the channels seem to come first, as in PyTorch."""
    match written.size:
        case tree.Size(height=height, width=width) if (
            height.number in (1, 3) and width.number == channels > 4
        ):
            span = written.size.span.to(written.channels.span)
            report.add(
                rules.ChannelsFirst(span=span, height=int(height.number), width=channels, channels=channels)
            )


def _resolution(written: tree.Expression, scope: Scope, decisions: Decisions) -> ir.Choice[ir.Size]:
    found = evaluate(written, scope, "resolution", decisions.report)
    if found is None:
        return ir.constant((224, 224))
    sizes = tuple(size for size in found.options if isinstance(size, tuple))
    if not found.decided:
        return ir.constant(sizes[0])
    if found.shared is None:
        sizes, id = tuple(dict.fromkeys(sizes)), "input.resolution"
    else:
        id = decisions.id_of(found.shared)
    labels = tuple(height if height == width else f"{height}x{width}" for height, width in sizes)
    largest = sizes.index(max(sizes))
    decisions.add(ir.Decision(id, "resolution", labels, largest), found.span)
    return ir.Choice(sizes, id)


def _divisor(space: tree.Space, report: Report) -> int:
    written = _only(space, tree.Divisor, "filters divisible by", report)
    return 8 if written is None else _whole(written.divisor, MAX_DIVISOR, "a divisor", report)


def _block(block: tree.Block, place: Place, lowering: LayerLowering) -> tuple[ir.Block, Place]:
    name, report, decisions = block.name.text, lowering.report, lowering.decisions
    given = match_arguments(f"block {name}", BLOCK, block.arguments, block.name.span, report)
    parameters = {p.name: p for p in BLOCK}
    settings = Settings(given, parameters, f"block {name}", place.scope, name, (), decisions)
    id = f"{name}.filters"
    filters = settings.block_filters(id)
    if filters is not None:
        decisions.spans.setdefault(filters.decision or id, given["filters"].span)
    if not block.items:
        report.add(rules.EmptyBlock(span=block.name.span, name=name))
    reported = filters is None and bool(block.arguments)  # a misspelt argument is reported, too
    if reported:
        filters = lowering.ties.guess(decisions.divisor)  # so that the layers are still checked
    layers, behind = lowering.chain(block.items, place._replace(filters=filters, block=name, path=name))
    if filters is None:
        filters = layers[-1].outputs.channels if layers else place.inputs.channels
    elif filters.decision is not None:
        decisions.add(settings.block_decision(filters, id), given["filters"].span)
    known = behind.known and not reported
    return ir.Block(name, filters, layers, origin(block.name.span)), behind._replace(known=known)


def _classifier(
    space: tree.Space, features: ir.FeatureMap, scope: Scope, decisions: Decisions
) -> ir.Classifier | None:
    written = _only(space, tree.Classifier, "classifier", decisions.report)
    if written is None:
        return None
    behind = next(
        (s for s in space.statements if isinstance(s, tree.Block) and s.span.start > written.span.start), None
    )
    if behind is not None:
        decisions.report.add(rules.EarlyClassifier(span=written.span, block=behind.name.text))
    given = match_arguments("classifier", CLASSIFIER, written.arguments, written.span, decisions.report)
    parameters = {p.name: p for p in CLASSIFIER}
    settings = Settings(given, parameters, "classifier", scope, "classifier", (), decisions)
    return ir.Classifier(settings.single("classes"), settings.single("dropout"), features)
