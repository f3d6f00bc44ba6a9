"""What can be written at a place: statements, layers, arguments, words and names."""

import re
from collections.abc import Iterator
from typing import Literal

import attrs

from tunas_dsl.analysis.operators import BLOCK, CLASSIFIER, OPERATORS, WORDS, Parameter
from tunas_dsl.analysis.operators import parameters_of as operator_parameters
from tunas_dsl.kinds import is_announced
from tunas_dsl.lsp.analysed import Analysed
from tunas_dsl.syntax.words import STATEMENTS

Kind = Literal["statement", "layer", "argument", "word", "name"]

_TOKEN = re.compile(r'#[^\n]*|"[^"\n]*"|[A-Za-z_][A-Za-z0-9_]*|[(){}|:,=*]')


@attrs.frozen
class Completion:
    """Something that can be written: what is shown, and the text that is put in."""

    label: str
    kind: Kind
    text: str


@attrs.frozen
class Call:
    """The call around a place: what is called, and the names of the arguments so far."""

    name: str
    given: tuple[str, ...]
    position: int
    argument: str | None


def completions(analysed: Analysed, offset: int) -> list[Completion]:
    """What can be written at a character offset, whatever its first letters are."""
    before = analysed.source.text[:offset]
    if _in_comment(before):
        return []
    call, depth = surroundings(before)
    names = [Completion(name, "name", name) for name in sorted(analysed.scope.names())]
    if call is not None and (parameters := parameters_of(analysed, call.name)) is not None:
        return [*_in_call(call, parameters), *names]
    if depth <= 1:
        return [Completion(word, "statement", f"{word} ") for word in STATEMENTS.values()]
    layers = [Completion(name, "layer", _snippet(name)) for name in OPERATORS]
    return [*layers, *names]


def parameters_of(analysed: Analysed, name: str) -> tuple[Parameter, ...] | None:
    """The arguments that a layer or statement takes."""
    if name in OPERATORS or is_announced(name):
        return operator_parameters(name)
    if name in ("block", "classifier"):
        return BLOCK if name == "block" else CLASSIFIER
    binding = analysed.scope.own().get(name)
    if binding is None or not binding.parameters:
        return None
    return tuple(Parameter(p.name.text, "layer", required=p.default is None) for p in binding.parameters)


def surroundings(before: str) -> tuple[Call | None, int]:
    """The innermost call that is open at the end of ``before``, and how many braces are."""
    stack: list[Call | None] = []
    depth, words = 0, ["", ""]
    for match in _TOKEN.finditer(before):
        token = match[0]
        if token.startswith(("#", '"')):
            continue
        if token == "(":
            statement = words[-2] if words[-2] in ("block", "default") else words[-1]
            name = words[-1] if words[-2] == "default" else statement
            touching = before[match.start() - 1 : match.start()].isidentifier()
            called = touching or name in ("block", "classifier")
            stack.append(Call(name, (), 0, None) if called else None)
        elif token in "{}":
            depth += 1 if token == "{" else -1
        elif token == ")" and stack:
            stack.pop()
        elif stack and stack[-1] is not None:
            stack[-1] = _with_token(stack[-1], token, words[-1])
        words.append(token)
    return (stack[-1] if stack else None), depth


def _with_token(call: Call, token: str, last: str) -> Call:
    if token == ":":
        return attrs.evolve(call, given=(*call.given, last), argument=last)
    if token == ",":
        return attrs.evolve(call, position=call.position + 1, argument=None)
    return call


def _in_call(call: Call, parameters: tuple[Parameter, ...]) -> Iterator[Completion]:
    kinds = {p.name: p.kind for p in parameters}
    if call.argument is not None:
        for word in sorted(WORDS.get(kinds.get(call.argument, "layer"), frozenset())):
            yield Completion(word, "word", word)
        return
    for parameter in parameters:
        if parameter.name not in call.given:
            yield Completion(parameter.name, "argument", f"{parameter.name}: ")


def _snippet(name: str) -> str:
    needed = [p.name for p in OPERATORS[name] if p.required]
    return f"{name}(" if needed else name


def _in_comment(before: str) -> bool:
    return "#" in before.rpartition("\n")[2]
