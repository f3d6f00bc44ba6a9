"""What to write in the place of a use of one's own layer, in the author's words."""

from tunas_dsl.analysis.place import Place
from tunas_dsl.syntax import tree


def without_residual(body: tree.Expression, place: Place) -> str | None:
    """How to say the layer inside a residual alone, where the residual changes the size of the image."""
    layer = body.options[0] if isinstance(body, tree.Alternatives) else body
    if not isinstance(layer, tree.Call | tree.Reference):
        return None
    written = f"`{filled_in(layer, place)}`"
    if place.path == f"{place.block}.0":
        return f"begin `{place.block}` with {written}, which stands in no residual"
    return f"write {written}, which stands in no residual"


def filled_in(layer: tree.Call | tree.Reference, place: Place) -> str:
    """A layer as it is written, with what a call gave in the place of parameters."""
    if isinstance(layer, tree.Reference):
        return layer.name
    given = place.scope.own() if place.scope is not place.scope.file else {}
    arguments: list[str] = []
    for argument in layer.arguments:
        value = argument.expression
        if isinstance(value, tree.Reference) and value.name in given:
            value = given[value.name].expression
        name = f"{argument.name.text}: " if argument.name else ""
        arguments.append(name + " ".join(value.span.text.split()))
    return f"{layer.name.text}({', '.join(arguments)})"
