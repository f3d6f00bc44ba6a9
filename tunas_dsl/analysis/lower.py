"""A syntax tree to the space that it means.

Before: statements in any order. After: an :class:`~tunas_dsl.ir.space.Space` whose decisions are
in the reference implementation's order (facts 1.2), or nothing and a report that has errors.
"""

from typing import TypeVar

from tunas_dsl.analysis import rules
from tunas_dsl.analysis.channels import Ties
from tunas_dsl.analysis.layers import LayerLowering, Place
from tunas_dsl.analysis.operators import BLOCK, CLASSIFIER
from tunas_dsl.analysis.scope import Scope, match_arguments, module_scope
from tunas_dsl.analysis.settings import Decisions, Settings, origin
from tunas_dsl.diagnostics import Report
from tunas_dsl.ir import space as ir
from tunas_dsl.syntax import tree

S = TypeVar("S", bound=tree.SyntaxNode)

MAX_INPUT = 4096
MAX_DIVISOR = 1024


def lower(space: tree.Space, report: Report) -> ir.Space | None:
    """The meaning of ``space``, or nothing where ``report`` has errors.

    Example: ``block b (filters: 16) { conv(kernel: 3 | 5) relu }`` becomes a block whose filters
    and whose kernel are the decisions ``b.0.kernel`` and ``b.filters``, in this order.
    """
    scope = module_scope(space, report)
    inputs = _inputs(space, report)
    divisor = _divisor(space, report)
    decisions = Decisions(divisor, report)
    ties = Ties(report, decisions.spans, space.span)
    layers = LayerLowering(decisions, ties, report)
    blocks: list[ir.Block] = []
    names: dict[str, tree.Name] = {}
    features = inputs
    for block in (s for s in space.statements if isinstance(s, tree.Block)):
        if block.name.text in names:
            first = names[block.name.text].span
            report.add(rules.DuplicateName(span=block.name.span, name=block.name.text, first=first))
        names.setdefault(block.name.text, block.name)
        lowered = _block(block, features, scope, layers)
        features = lowered.layers[-1].outputs if lowered.layers else features
        blocks.append(lowered)
    if not blocks:
        help = "write `block name (filters: 32) { conv(kernel: 3) }`"
        report.add(
            rules.MissingStatement(span=space.name.span, space=space.name.text, what="block", help=help)
        )
    classifier = _classifier(space, features, scope, decisions)
    for name in scope.unused():
        report.add(rules.Unused(span=name.span, name=name.text))
    if report.has_errors:
        return None
    return ties.apply(
        ir.Space(space.name.text, inputs, divisor, tuple(decisions.found), tuple(blocks), classifier)
    )


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


def _inputs(space: tree.Space, report: Report) -> ir.FeatureMap:
    written = _only(space, tree.Input, "input", report)
    if written is None:
        help = "write `input image 224 x 224 x 3`"
        report.add(
            rules.MissingStatement(span=space.name.span, space=space.name.text, what="input", help=help)
        )
        return ir.FeatureMap(ir.constant(3), ir.constant((224, 224)))
    height = _whole(written.height, MAX_INPUT, "a height in pixels", report)
    width = _whole(written.width, MAX_INPUT, "a width in pixels", report)
    channels = _whole(written.channels, MAX_INPUT, "a number of channels", report)
    return ir.FeatureMap(ir.constant(channels), ir.constant((height, width)))


def _divisor(space: tree.Space, report: Report) -> int:
    written = _only(space, tree.Divisor, "filters divisible by", report)
    return 8 if written is None else _whole(written.divisor, MAX_DIVISOR, "a divisor", report)


def _block(block: tree.Block, features: ir.FeatureMap, scope: Scope, lowering: LayerLowering) -> ir.Block:
    name, report, decisions = block.name.text, lowering.report, lowering.decisions
    given = match_arguments(f"block {name}", BLOCK, block.arguments, block.name.span, report)
    parameters = {p.name: p for p in BLOCK}
    settings = Settings(given, parameters, f"block {name}", scope, name, (), decisions)
    id = f"{name}.filters"
    filters = settings.block_filters(id)
    if filters is not None:
        decisions.spans[id] = given["filters"].span
    elif "filters" in given:
        filters = ir.constant(decisions.divisor)  # reported; the layers are still checked
    layers = lowering.items(block.items, Place(features, filters, name, name, scope))
    if filters is None:
        filters = layers[-1].outputs.channels if layers else features.channels
    elif filters.decision is not None:
        decision = ir.Decision(id, "filters", filters.options, len(filters.options) - 1)
        decisions.add(decision, decisions.spans[id])
    return ir.Block(name, filters, layers, origin(block.name.span))


def _classifier(
    space: tree.Space, features: ir.FeatureMap, scope: Scope, decisions: Decisions
) -> ir.Classifier | None:
    written = _only(space, tree.Classifier, "classifier", decisions.report)
    if written is None:
        return None
    given = match_arguments("classifier", CLASSIFIER, written.arguments, written.span, decisions.report)
    parameters = {p.name: p for p in CLASSIFIER}
    settings = Settings(given, parameters, "classifier", scope, "classifier", (), decisions)
    return ir.Classifier(settings.single("classes"), settings.single("dropout"), features)
