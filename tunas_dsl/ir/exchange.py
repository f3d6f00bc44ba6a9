"""A space as JSON and back, exactly: fractions are ``"1/4"``, relative expansions ``"3x"``, origins kept."""

from functools import cache
from typing import Any

import cattrs

from tunas_dsl import kinds
from tunas_dsl.ir import space as ir
from tunas_dsl.storage.documents import MisfitError, check_schema, fraction, strict_converter, structure

SCHEMA = "tunas.space/1"

KINDS: dict[type, str] = {
    **{kind: name for name, kind in kinds.BUILT_IN.items()},
    ir.Activation: "activation",
    ir.GlobalPool: "global_pool",
    ir.Endpoint: "endpoint",
    ir.Skip: "skip",
    ir.Sequence: "sequence",
    ir.Residual: "residual",
    ir.Alternatives: "alternatives",
    ir.Depth: "depth",
}
"""What each class of layer is called in documents."""


def kind_name(layer: ir.Layer) -> str:
    """What a layer is called in documents."""
    return layer.name if isinstance(layer, ir.Operation) else KINDS[type(layer)]


def space_document(space: ir.Space) -> dict[str, Any]:
    """``space`` as a JSON-able dict; layers are told apart by their ``kind``."""
    return {"schema": SCHEMA, **_converter().unstructure(space)}


def read_space(document: dict[str, Any]) -> ir.Space:
    """The space that :func:`space_document` wrote.

    The document must be the work of this tool: its form is checked, not its meaning.

    Raises:
        DocumentError: the form is another one; the message names the JSON path.
    """
    check_schema(document, SCHEMA)
    body = {key: value for key, value in document.items() if key != "schema"}
    return structure(_converter(), body, ir.Space)


@cache
def _converter() -> cattrs.Converter:
    converter = strict_converter()
    converter.register_unstructure_hook(ir.Expansion, _write_expansion)
    converter.register_structure_hook(ir.Expansion, lambda value, _: _read_expansion(value))
    classes = {name: cls for cls, name in KINDS.items()}

    def read_layer(value: Any, _: Any) -> Any:
        name = str(value.get("kind")) if isinstance(value, dict) else ""
        cls: Any = classes.get(name) or kinds.outside_kind(name)
        if cls is None and isinstance(value, dict):
            raise MisfitError(f"is a layer of no known kind: {', '.join(KINDS.values())}")
        fields = {key: field for key, field in value.items() if key != "kind"}
        return converter.structure(fields, cls)

    def write_layer(layer: ir.Layer) -> Any:
        return {**converter.unstructure(layer, type(layer)), "kind": kind_name(layer)}

    converter.register_structure_hook(ir.Layer, read_layer)
    converter.register_unstructure_hook(ir.Layer, write_layer)
    return converter


def _write_expansion(expansion: ir.Expansion) -> int | str:
    return expansion if isinstance(expansion, int) else str(expansion)


def _read_expansion(value: Any) -> ir.Expansion:
    if type(value) is int:
        return value
    if not isinstance(value, str) or not value.endswith("x"):
        raise MisfitError('is neither a number of filters nor a multiple such as "3x"')
    return ir.Relative(fraction(value[:-1]))
