"""Help while one writes: what stands at a position, what can stand there, which arguments there are."""

from lsprotocol import types

from tunas_dsl.lsp import completion, hover
from tunas_dsl.lsp.positions import offset, range_of
from tunas_dsl.lsp.space_server import SpaceServer

_COMPLETIONS: dict[completion.Kind, types.CompletionItemKind] = {
    "statement": types.CompletionItemKind.Keyword,
    "layer": types.CompletionItemKind.Function,
    "argument": types.CompletionItemKind.Property,
    "word": types.CompletionItemKind.EnumMember,
    "name": types.CompletionItemKind.Variable,
}


def hover_at(ls: SpaceServer, params: types.HoverParams) -> types.Hover | None:
    """What stands at the position, in words."""
    analysed = ls.analysed(params.text_document.uri)
    found = hover.hover(analysed, offset(analysed.source, params.position))
    if found is None:
        return None
    text, span = found
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text), range_of(span))


def completions_at(ls: SpaceServer, params: types.CompletionParams) -> list[types.CompletionItem]:
    """What can be written at the position."""
    analysed = ls.analysed(params.text_document.uri)
    found = completion.completions(analysed, offset(analysed.source, params.position))
    return [types.CompletionItem(c.label, kind=_COMPLETIONS[c.kind], insert_text=c.text) for c in found]


def signature_at(ls: SpaceServer, params: types.SignatureHelpParams) -> types.SignatureHelp | None:
    """The arguments of the call around the position, and which of them is being written."""
    analysed = ls.analysed(params.text_document.uri)
    before = analysed.source.text[: offset(analysed.source, params.position)]
    call, _ = completion.surroundings(before)
    parameters = None if call is None else completion.parameters_of(analysed, call.name)
    if call is None or not parameters:
        return None
    labels = [p.name for p in parameters]
    active = labels.index(call.argument) if call.argument in labels else call.position
    shown = types.SignatureInformation(
        f"{call.name}({', '.join(labels)})", parameters=[types.ParameterInformation(p) for p in labels]
    )
    return types.SignatureHelp([shown], active_signature=0, active_parameter=active)
