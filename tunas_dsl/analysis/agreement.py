"""What must fit whatever is selected: alternatives with each other, depths with each other."""

from collections.abc import Sequence

from tunas_dsl.analysis import rules
from tunas_dsl.analysis.blame import Blame
from tunas_dsl.analysis.channels import Ties
from tunas_dsl.analysis.place import Place
from tunas_dsl.analysis.values import shortened
from tunas_dsl.diagnostics import Report
from tunas_dsl.ir import space as ir
from tunas_dsl.source import Span
from tunas_dsl.syntax import tree

MAX_COMPARED = 100


def agreed(
    layers: Sequence[ir.Layer], options: Sequence[tree.Expression], ties: Ties, place: Place, blame: Blame
) -> ir.FeatureMap:
    """What every alternative gives; a skip gives what the others do, since the residual ties them."""
    real = [pair for pair in zip(layers, options, strict=True) if not isinstance(pair[0], ir.Skip)]
    if not real:
        return layers[0].outputs
    (first, first_option), *rest = real
    for layer, option in rest:
        if any(ties.is_guessed(one.outputs.channels) for one in (layer, first)):
            continue
        if layer.outputs != first.outputs:
            disagree = rules.AlternativesDisagree(
                span=option.span,
                found=_shape(layer.outputs),
                wanted=_shape(first.outputs),
                first=first_option.span,
            )
            blame.add(disagree, place.uses)
    return first.outputs


def idle_behind(layer: ir.Layer, before: ir.Layer | None) -> str | None:
    """Why ``layer`` changes nothing behind the one ``before``, or None where it does."""
    match layer, before:
        case ir.Endpoint(), ir.Endpoint():
            return "stands twice in a row: both mark the same features"
        case ir.Activation(function=function), ir.Activation(function=other) if function == other:
            return "stands twice in a row"
    return None


def check_options(options: Sequence[tree.Expression], report: Report) -> None:
    """Warn of alternatives that are written twice."""
    for number, option in enumerate(options):
        if option in options[:number] and number < MAX_COMPARED:
            first = options[options.index(option)].span
            written = shortened(option.span.text)
            report.add(rules.RepeatedOption(span=option.span, written=written, first=first))


def check_depths(
    depths: Sequence[int], layers: Sequence[ir.Layer], place: Place, span: Span, ties: Ties, blame: Blame
) -> None:
    """Tie what the first so many ``layers`` give to what all of them give, or report what cannot be."""
    features = [place.inputs, *(layer.outputs for layer in layers)]
    deep = features[-1]
    for shallow in sorted(set(depths) if place.known else set(depths) - {0}):
        given = features[shallow]
        guessed = ties.is_guessed(given.channels) or ties.is_guessed(deep.channels)
        if given.size == deep.size and (guessed or given.channels.options == deep.channels.options):
            ties.tie(given.channels, deep.channels, span)
            continue
        found, wanted = _shape(given), _shape(deep)
        disagree = rules.DepthsDisagree(
            span=span, shallow=shallow, deep=len(layers), found=found, wanted=wanted
        )
        blame.add(disagree, place.uses)
        return


def sizes(features: ir.FeatureMap) -> str:
    """The sizes of a feature map in words: ``32 x 32 or 16 x 16``."""
    return " or ".join(f"{height} x {width}" for height, width in features.size.options)


def _shape(features: ir.FeatureMap) -> str:
    channels = " or ".join(map(str, features.channels.options))
    return f"{sizes(features)} with {channels} filters"
