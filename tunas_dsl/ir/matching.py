"""Where an architecture lies in a space: the inverse of ``prune``, but for names and origins."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from tunas_dsl.errors import NotInSpace
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import prune

Selection = Mapping[str, int]


def find_indices(space: ir.Space, architecture: ir.Space) -> tuple[int, ...]:
    """The first index vector that ``prune`` turns into ``architecture``; undecided entries are 0.

    Residual layers that ``architecture`` does not have count as skipped.

    Raises:
        NotInSpace: there is none; the message names the block where the search for it ended.
    """
    if not architecture.is_architecture:
        raise NotInSpace(f"`{architecture.name}` is no architecture: it has decisions to take")
    network = prune(architecture, (0,) * len(architecture.decisions))
    fits = len(space.blocks) == len(network.blocks)
    frontier = list(_match(space.inputs, network.inputs, {})) if fits else []
    for number, (block, target) in enumerate(zip(space.blocks, network.blocks, strict=False)):
        later = _mentioned([space.blocks[number + 1 :], space.classifier])
        found: dict[Any, Selection] = {}  # one for each way to go on
        for before in frontier:
            for bound in _match(block.filters, target.filters, before):
                for after in _layers(block.layers, target.layers, bound):
                    found.setdefault(frozenset((id, after.get(id)) for id in later), after)
        if not found:
            raise NotInSpace(f"`{network.name}` is no point of `{space.name}`: `{target.name}` differs")
        frontier = list(found.values())
    for before in frontier:
        for selection in _match(space.classifier, network.classifier, before):
            return tuple(selection.get(decision.id, 0) for decision in space.decisions)
    raise NotInSpace(f"`{network.name}` is no point of `{space.name}`: blocks, input or classifier differ")


def _layers(layers: Sequence[ir.Layer], targets: Sequence[ir.Layer], given: Selection) -> Iterator[Selection]:
    targets = _written_out(targets)
    if not layers:
        if not targets:
            yield given
        return
    first, rest = layers[0], layers[1:]
    match first:
        case ir.Sequence(layers=inner):
            yield from _layers((*inner, *rest), targets, given)
            return
        case ir.Alternatives(decision=decision, layers=options):
            for number, chosen in enumerate(options):  # which may be several layers
                for bound in _bind(decision, number, given):
                    yield from _layers((chosen, *rest), targets, bound)
            return
        case ir.Depth(decision=decision, counts=counts, layers=inner):
            for option, count in enumerate(counts):
                for bound in _bind(decision, option, given):
                    yield from _layers((*inner[:count], *rest), targets, bound)
            return
    if targets:
        for selection in _match(first, targets[0], given):
            yield from _layers(rest, targets[1:], selection)
    if isinstance(first, ir.Residual) and sum(map(_most, rest)) >= len(targets):
        for selection in _skipped(first.body, given):
            yield from _layers(rest, targets, selection)


def _written_out(layers: Sequence[ir.Layer]) -> Sequence[ir.Layer]:
    """``layers`` with those of sequences in the place of the sequences: both compute the same."""
    if not any(isinstance(layer, ir.Sequence) for layer in layers):
        return layers
    return [
        part
        for layer in layers
        for part in (_written_out(layer.layers) if isinstance(layer, ir.Sequence) else [layer])
    ]


def _most(layer: ir.Layer) -> int:
    """How many layers ``layer`` is at most when written out."""
    match layer:
        case ir.Sequence(layers=layers) | ir.Depth(layers=layers):
            return sum(map(_most, layers))
        case _:
            return 1


def _skipped(layer: ir.Layer, given: Selection) -> Iterator[Selection]:
    if isinstance(layer, ir.Skip):
        yield given
    elif isinstance(layer, ir.Alternatives):
        for number, alternative in enumerate(layer.layers):
            for bound in _bind(layer.decision, number, given):
                yield from _skipped(alternative, bound)


def _match(part: Any, target: Any, given: Selection) -> Iterator[Selection]:
    """Every extension of ``given`` under which ``part`` of the space is ``target``."""
    if isinstance(part, ir.Choice):
        for number, option in enumerate(part.options):
            if option == target.constant:
                yield from [given] if part.decision is None else _bind(part.decision, number, given)
    elif isinstance(part, ir.Alternatives):
        for number, alternative in enumerate(part.layers):
            for bound in _bind(part.decision, number, given):
                yield from _match(alternative, target, bound)
    elif isinstance(part, ir.Depth):
        yield from _layers((part,), (target,), given)
    elif isinstance(part, tuple) and isinstance(target, tuple):
        yield from _layers(part, target, given)
    elif attrs.has(type(part)) and type(part) is type(target):
        yield from _fields(_settings(part), _settings(target), given)
    elif part == target:
        yield given


def _settings(part: Any) -> list[Any]:
    names = [field.name for field in attrs.fields(type(part)) if field.name != "origin"]
    return [getattr(part, name) for name in names]


def _fields(parts: Sequence[Any], targets: Sequence[Any], given: Selection) -> Iterator[Selection]:
    if not parts:
        yield given
        return
    for selection in _match(parts[0], targets[0], given):
        yield from _fields(parts[1:], targets[1:], selection)


def _bind(decision: str, option: int, given: Selection) -> Iterator[Selection]:
    if given.get(decision, option) == option:
        yield {**given, decision: option}


def _mentioned(part: Any) -> set[str]:
    match part:
        case ir.Choice(decision=str(id)):
            return {id}
        case tuple() | list():
            return set().union(*map(_mentioned, part))
        case ir.Alternatives() | ir.Depth():
            return {part.decision}.union(*map(_mentioned, _settings(part)))
        case _ if attrs.has(type(part)):
            return set().union(*map(_mentioned, _settings(part)))
        case _:
            return set()
