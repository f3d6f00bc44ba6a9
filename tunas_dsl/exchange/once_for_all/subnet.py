"""The lists by which once-for-all names a sub-network: ``{"ks": [...], "e": [...], "d": [...], "r": [160]}``.

``ks`` and ``e`` have an entry for each layer of each stage at full depth, ``d`` one for each stage. Of a
stage's entries the first ``d`` count; the others have no effect. One number stands for a list of it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from tunas_dsl.errors import DocumentError
from tunas_dsl.ir import space as ir


def is_subnet(document: Mapping[str, Any]) -> bool:
    """Whether ``document`` is meant as such lists."""
    return {"ks", "e", "d"} <= document.keys()


def subnet_indices(
    space: ir.Space, document: Mapping[str, Any], resolution: int | None = None
) -> tuple[int, ...]:
    """The index vector in ``space`` of the lists in ``document``.

    Raises:
        DocumentError: a list has another length than the space's stages, a number is none of its options,
            or the space decides something that the lists do not say.
    """
    stages = list(_stages(space))
    if not stages:
        raise DocumentError(f"`{space.name}` has no stages whose depth, kernels or expansions are decided")
    taken = _Taken(space)
    slots = sum(len(stage.layers) for stage in stages)
    depths = _list(document, "d", len(stages))
    kernels, expansions = _list(document, "ks", slots), _list(document, "e", slots)
    slot = 0
    for number, (stage, depth) in enumerate(zip(stages, depths, strict=True)):
        taken.depth(stage, depth, f"$.d[{number}]")
        for position, layer in enumerate(stage.layers):
            counts = position < depth
            taken.kernel(layer, kernels[slot], f"$.ks[{slot}]", counts)
            taken.expansion(layer, expansions[slot], f"$.e[{slot}]", counts)
            slot += 1
    taken.resolution(_resolution(document, resolution))
    return taken.indices()


@attrs.frozen
class _Stage:
    """Bottlenecks one after the other, of which ``depth`` keeps the first; None where all are kept."""

    layers: tuple[ir.Bottleneck, ...]
    depth: ir.Depth | None


def _stages(space: ir.Space) -> Iterator[_Stage]:
    """A depth is a stage; so is a bottleneck outside of any about which something is decided."""
    for _, layer in space.sites():
        depths = [part for part in ir.walk(layer) if isinstance(part, ir.Depth)]
        for depth in depths:
            yield _Stage(tuple(found for part in depth.layers for found in _bottlenecks(part)), depth)
        if not depths:
            decided = (b for b in _bottlenecks(layer) if b.kernel.decision or b.expansion.decision)
            yield from (_Stage((bottleneck,), None) for bottleneck in decided)


def _bottlenecks(layer: ir.Layer) -> Iterator[ir.Bottleneck]:
    return (part for part in ir.walk(layer) if isinstance(part, ir.Bottleneck))


@attrs.frozen
class _Taken:
    """The decisions taken so far, by their ids."""

    space: ir.Space
    options: dict[str, int] = attrs.field(factory=dict)

    def kernel(self, layer: ir.Bottleneck, wanted: Any, place: str, counts: bool) -> None:
        self.take(layer.kernel, layer.kernel.options, wanted, place, counts)

    def expansion(self, layer: ir.Bottleneck, wanted: Any, place: str, counts: bool) -> None:
        ratios = [
            option.times if isinstance(option, ir.Relative) else option for option in layer.expansion.options
        ]
        self.take(layer.expansion, ratios, wanted, place, counts)

    def depth(self, stage: _Stage, wanted: Any, place: str) -> None:
        if stage.depth is None:
            if wanted != len(stage.layers):
                raise DocumentError(f"{place} is {wanted}: the depth there is always {len(stage.layers)}")
            return
        choice = ir.Choice(stage.depth.counts, stage.depth.decision)
        self.take(choice, stage.depth.counts, wanted, place, counts=True)

    def resolution(self, wanted: int | None) -> None:
        size = self.space.inputs.size
        if wanted is None:
            if size.decision is not None and len(size.options) > 1:
                sizes = ", ".join(str(height) for height, _ in size.options)
                raise DocumentError(f"$.r is missing, the image size: `{self.space.name}` has {sizes}")
            return
        self.take(size, size.options, (wanted, wanted), "$.r", counts=True)

    def take(self, choice: ir.Choice[Any], options: Any, wanted: Any, place: str, counts: bool) -> None:
        """Take the option that is ``wanted``; where the layer is left out, any will do."""
        if wanted not in options:
            if not counts:
                return
            shown = ", ".join(map(_option_text, options))
            raise DocumentError(f"{place} is {_option_text(wanted)}: `{self.space.name}` has {shown} there")
        if choice.decision is None:
            return
        option = list(options).index(wanted)
        if counts and self.options.setdefault(choice.decision, option) != option:
            raise DocumentError(f"{place} is {wanted}: `{choice.decision}` is already taken otherwise")
        self.options.setdefault(choice.decision, option)

    def indices(self) -> tuple[int, ...]:
        for decision in self.space.decisions:
            if decision.id not in self.options and len(decision.options) > 1 and not decision.active:
                raise DocumentError(
                    f"`{self.space.name}` decides `{decision.id}`, of which ks, e, d and r say nothing"
                )
        return tuple(self.options.get(decision.id, 0) for decision in self.space.decisions)


def _option_text(option: Any) -> str:
    return str(option[0] if isinstance(option, tuple) else option)


def _list(document: Mapping[str, Any], key: str, length: int) -> list[int]:
    found = document[key]
    numbers = [found] * length if type(found) is int else found
    if not isinstance(numbers, list) or any(type(number) is not int for number in numbers):
        raise DocumentError(f"$.{key} is no list of whole numbers")
    if len(numbers) != length:
        raise DocumentError(f"$.{key} has {len(numbers)} numbers, but the space has {length} places for them")
    return numbers


def _resolution(document: Mapping[str, Any], given: int | None) -> int | None:
    found = document.get("r", document.get("image_size"))
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if found is not None and type(found) is not int:
        raise DocumentError("$.r is no whole number, nor a list of one")
    return given or found
