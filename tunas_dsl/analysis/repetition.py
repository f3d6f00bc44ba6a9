"""How many layers stand somewhere: ``3 * layer``, ``(2 | 3) * layer``, ``first (2 | 3) of { ... }``."""

from collections.abc import Sequence

import attrs

from tunas_dsl.analysis import rules
from tunas_dsl.analysis.juxtaposed import separated
from tunas_dsl.analysis.scope import Scope
from tunas_dsl.analysis.values import Options, evaluate, is_value, shortened
from tunas_dsl.diagnostics import Report
from tunas_dsl.syntax import tree


@attrs.frozen(eq=False)
class Count:
    """A number of layers, or several to choose from."""

    options: tuple[int, ...]
    found: Options

    @property
    def decided(self) -> bool:
        """Whether a decision picks one of ``options``."""
        return self.found.decided


def counted(number: tree.Expression, scope: Scope, report: Report) -> Count | None:
    """How many layers ``number`` says, or None where it was reported."""
    found = evaluate(number, scope, "count", report)
    if found is None:
        return None
    options = tuple(option for option in found.options if isinstance(option, int))
    if found.shared is None:
        options = tuple(dict.fromkeys(options))
    return Count(options, found)


def repetitions(product: tree.Product, scope: Scope, report: Report) -> Count | None:
    """How many layers the numbers before ``* layer`` say, or None where they were reported."""
    *layers, number = product.factors
    if isinstance(number, tree.Number) and not any(is_count(factor, scope) for factor in layers):
        _report_order(product, report)
        return None
    counts = product.factors[:-1]
    span = counts[0].span.to(counts[-1].span)
    return counted(counts[0] if len(counts) == 1 else tree.Product(counts, span=span), scope, report)


def is_count(factor: tree.Expression, scope: Scope) -> bool:
    """Whether a factor may be a number of layers, and not a layer."""
    if isinstance(factor, tree.Reference):
        binding = scope.known(factor.name)
        return binding is None or is_value(binding.expression)
    return is_value(factor)


def _report_order(product: tree.Product, report: Report) -> None:
    """``layer * 2``: the number comes first."""
    *layers, number = product.factors
    layer = " * ".join(factor.span.text for factor in layers)
    written, meant = product.span.text, f"{number.span.text} * {layer}"
    plain = " ".join(meant.split())
    help = f"the number comes first: `{shortened(plain)}`"
    report.add(rules.NotALayer(span=product.span, written=shortened(written), help=help, replacement=meant))


def written_out(
    expressions: Sequence[tree.Expression], scope: Scope, report: Report
) -> list[tree.Expression]:
    """The layers of ``expressions`` one by one; a depth that is decided stays one layer."""
    written: list[tree.Expression] = []
    for expression in separated(expressions, scope, report):
        if not isinstance(expression, tree.Product):
            written.append(expression)
            continue
        count = repetitions(expression, scope, report)
        if count is None:
            continue
        written += [expression] if count.decided else [expression.factors[-1]] * count.options[0]
    return written
