"""What a file consists of: its definitions and blocks, and the shapes that these give."""

from lsprotocol import types

from tunas_dsl.lsp import hover
from tunas_dsl.lsp.analysed import Analysed
from tunas_dsl.lsp.positions import range_of
from tunas_dsl.lsp.space_server import SpaceServer
from tunas_dsl.source import Span
from tunas_dsl.syntax import tree

_SYMBOLS: dict[type, types.SymbolKind] = {
    tree.Let: types.SymbolKind.Constant,
    tree.Decide: types.SymbolKind.Enum,
    tree.Layer: types.SymbolKind.Function,
    tree.Block: types.SymbolKind.Struct,
}


def symbols(ls: SpaceServer, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    """The definitions and blocks of a file."""
    file = ls.analysed(params.text_document.uri).tree
    if file is None:
        return []
    outline = [*_symbols(file.definitions)]
    if file.space is not None:
        inside = _symbols(file.space.statements)
        outline.append(_symbol(file.space.name, file.space.span, types.SymbolKind.Module, inside))
    return outline


def shape_hints(ls: SpaceServer, params: types.InlayHintParams) -> list[types.InlayHint]:
    """The shape of what each block gives."""
    analysed = ls.analysed(params.text_document.uri)
    return _hints(analysed) if analysed.space else []


def _symbols(statements: tuple[tree.Statement, ...]) -> list[types.DocumentSymbol]:
    return [
        _symbol(statement.name, statement.span, _SYMBOLS[type(statement)])
        for statement in statements
        if isinstance(statement, tree.Let | tree.Decide | tree.Layer | tree.Block)
    ]


def _symbol(
    name: tree.Name, whole: Span, kind: types.SymbolKind, inside: list[types.DocumentSymbol] | None = None
) -> types.DocumentSymbol:
    return types.DocumentSymbol(name.text, kind, range_of(whole), range_of(name.span), children=inside)


def _hints(analysed: Analysed) -> list[types.InlayHint]:
    """The shape of what each block gives, behind its brace."""
    space, file = analysed.space, analysed.tree
    if space is None or file is None or file.space is None:
        return []
    shapes = {block.name: hover.block_shape(space, block) for block in space.blocks}
    return [
        types.InlayHint(range_of(statement.span).end, shapes[statement.name.text], padding_left=True)
        for statement in file.space.statements
        if isinstance(statement, tree.Block) and statement.name.text in shapes
    ]
