"""The LALR(1) automaton: a stack of states that tokens move, with what they build or without."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tunas_dsl.syntax.grammar import END, Reduction, grammar
from tunas_dsl.syntax.lexer import Token

States = list[int]
Build = Callable[[list[Any], int, int], Any]
"""Makes a value of a rule from those of its symbols, and where they begin and end."""


class Stuck(Exception):
    """A token that has no place in the grammar."""


def begin() -> States:
    """The states before the first token."""
    return [grammar().start]


def move(states: States, kind: str) -> bool:
    """Take one token of this kind; where that cannot be, some reductions may already have been done."""
    actions, gotos, end = grammar().actions, grammar().gotos, grammar().end
    while True:
        action = actions[states[-1]].get(kind)
        if action is None:
            return False
        if isinstance(action, int):
            states.append(action)
            return True
        if action.length:
            del states[-action.length :]
        states.append(gotos[states[-1]][action.rule])
        if kind == END and states[-1] == end:
            return True


def accepted(states: States) -> set[str]:
    """The kinds of token that can come next."""
    return {kind for kind in grammar().actions[states[-1]] if move(states.copy(), kind)}


def reach(states: States, kinds: Iterable[str]) -> int:
    """How many tokens of these kinds can be taken one after the other."""
    trial, number = states.copy(), 0
    for kind in kinds:
        if not move(trial, kind):
            break
        number += 1
    return number


def construct(tokens: Sequence[Token], builds: Mapping[str, Build]) -> Any:
    """What ``tokens``, all of a text, stand for. Raises :class:`Stuck` where they do not parse."""
    actions, gotos, end = grammar().actions, grammar().gotos, grammar().end
    states = begin()
    values: list[Any] = []
    starts: list[int] = []
    ends: list[int] = []
    for token in (*tokens, Token(END, "", 0, 0)):
        kind = token.kind
        while True:
            action = actions[states[-1]].get(kind)
            if action is None:
                raise Stuck
            if isinstance(action, int):
                states.append(action)
                values.append(token)
                starts.append(token.start)
                ends.append(token.end)
                break
            length = action.length
            if length == 1:  # by far the most frequent, and nothing has to be moved
                states[-1] = gotos[states[-2]][action.rule]
                if not action.inlined:
                    values[-1] = _value(action, values[-1:], starts[-1], ends[-1], builds)
            else:
                start, stop = (starts[-length], ends[-1]) if length else (token.start, token.start)
                value = _value(action, values[-length:] if length else [], start, stop, builds)
                if length:
                    del states[-length:], values[-length:], starts[-length:], ends[-length:]
                states.append(gotos[states[-1]][action.rule])
                values.append(value)
                starts.append(start)
                ends.append(stop)
            if kind == END and states[-1] == end:
                return values[-1]
    raise Stuck


def _value(reduction: Reduction, parts: list[Any], start: int, stop: int, builds: Mapping[str, Build]) -> Any:
    children: list[Any] = []
    for position, spliced in reduction.kept:
        if not spliced:
            children.append(parts[position])
        elif position == 0 and reduction.repeated:
            children = parts[0]  # the list so far, which nothing else has
        else:
            children += parts[position]
    if reduction.repeated:
        return children
    if reduction.inlined and len(children) == 1:
        return children[0]
    return builds[reduction.rule](children, start, stop)
