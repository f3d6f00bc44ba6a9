"""Which switches backward computes again, so that a step of op warmup fits into memory (paper, Appendix C).

What a step takes is found by running it on the meta device, where tensors have shapes but no memory.
"""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import accumulate

import attrs
import torch
from torch import Tensor, nn

from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import AVERAGE
from tunas_torch.memory.peak import PeakMemory
from tunas_torch.optimizers.lazy_rmsprop import LazyRMSProp
from tunas_torch.supernet import Supernet

OVERHEAD = 600_000_000
"""Bytes that a process takes beside its tensors: torch itself, and what kernels use inside."""


class TooLittleMemoryError(Exception):
    """Not even with every switch computed again a step fits; ``needed`` is what it would take, in bytes."""

    def __init__(self, needed: int) -> None:
        super().__init__(f"{needed} bytes are needed")
        self.needed = needed


@attrs.frozen
class Batches:
    """How many images one architecture sees at a time, in training and in validation."""

    training: int
    validation: int


@attrs.frozen
class Stage:
    """What one layer takes, in bytes: in forward at most, kept for backward, and at most in backward.

    ``forward`` is beside what was there before the layer, ``backward`` beside what was there after it.
    """

    forward: int
    kept: int
    backward: int


@attrs.frozen
class Profile:
    """What a training step takes: ``held`` from before the first layer on, and a stage for each layer.

    The last stage is what follows the blocks.
    """

    held: int
    stages: list[Stage]

    @property
    def peak(self) -> int:
        """The most that there is at once."""
        after = list(accumulate((stage.kept for stage in self.stages), initial=self.held))
        forward = (before + stage.forward for before, stage in zip(after, self.stages, strict=False))
        backward = (kept + stage.backward for kept, stage in zip(after[1:], self.stages, strict=True))
        return max(*forward, *backward)


def switches(space: ir.Space) -> list[frozenset[str]]:
    """For each layer of the blocks, the decisions of its outermost switches.

    A switch with an endpoint inside is none of them: what the endpoint sees must stay.
    """
    return [frozenset(_outermost(layer)) for _, layer in space.sites()]


def fitting(supernet: Supernet, budget: int, batches: Batches, held: int) -> frozenset[str]:
    """The decisions to compute again so that a step takes at most ``budget`` bytes, in few layers.

    ``held`` are the bytes of weights, optimizer and gradients.

    Raises:
        TooLittleMemoryError: that cannot be.
    """
    room = budget - held - OVERHEAD
    shadow = copy.deepcopy(supernet).to("meta")
    recomputed, profile = Tradeoff.of(shadow, batches.training).within(room)
    needed = max(profile.peak, _validation_peak(shadow, batches.validation))
    if needed > room:
        raise TooLittleMemoryError(needed + held + OVERHEAD)
    return recomputed


@attrs.frozen
class Tradeoff:
    """What a training step takes if everything is kept, and if all ``switches`` are computed again."""

    switches: list[frozenset[str]]
    keeping: Profile
    saving: Profile

    @classmethod
    def of(cls, supernet: Supernet, batch: int) -> "Tradeoff":
        """That of ``batch`` images, the widest with all operations averaged; on the meta device."""
        parts = switches(supernet.space)
        everything = frozenset[str]().union(*parts)
        return cls(parts, profiled(supernet, batch, frozenset()), profiled(supernet, batch, everything))

    def within(self, room: int) -> tuple[frozenset[str], Profile]:
        """The decisions to compute again to stay within ``room`` bytes, or all; and what a step then takes.

        The layers that save the most come first, so that they are few.
        """
        stages = list(self.keeping.stages)
        candidates = sorted(
            (number for number, decisions in enumerate(self.switches) if decisions),
            key=lambda number: self.saving.stages[number].kept - stages[number].kept,
        )
        recomputed: frozenset[str] = frozenset()
        for number in candidates:
            if Profile(self.keeping.held, stages).peak <= room:
                break
            stages[number] = self.saving.stages[number]
            recomputed |= self.switches[number]
        return recomputed, Profile(self.keeping.held, stages)


def profiled(supernet: Supernet, batch: int, recomputed: frozenset[str]) -> Profile:
    """What a training step takes, the widest with all operations averaged.

    ``supernet`` is on the meta device.
    """
    supernet.recomputed = recomputed
    row = widest(supernet.space)
    optimizer = LazyRMSProp(dict(supernet.named_parameters()))
    forward: list[tuple[int, int]] = []
    backward: dict[int, int] = {}
    with PeakMemory() as memory, _each_layer(supernet, memory, forward, backward):
        leaves = optimizer.take(supernet.used(row))
        images = _images(supernet.space, batch)
        held, _ = memory.mark()
        loss = _loss(supernet(images, row, leaves.weights))
        forward.append(memory.mark())
        torch.autograd.backward(loss)
        _, backward[min(backward) - 1] = memory.mark()
    stages, before = [], held
    for number, (live, top) in enumerate(forward):
        stages.append(Stage(top - before, live - before, max(backward.get(number, 0) - live, 0)))
        before = live
    return Profile(held, stages)


@contextmanager
def _each_layer(
    supernet: Supernet, memory: PeakMemory, forward: list[tuple[int, int]], backward: dict[int, int]
) -> Iterator[None]:
    """Notes what there is after each layer and at most in it, forward and backward, by its number."""

    def after(number: int) -> Callable[[nn.Module, object, Tensor], None]:
        def note_backward(_: Tensor) -> None:  # the gradient of an output ends the layer after it
            backward[number + 1] = memory.mark()[1]

        def note(_: nn.Module, __: object, output: Tensor) -> None:
            forward.append(memory.mark())
            if output.requires_grad:
                output.register_hook(note_backward)  # type: ignore[no-untyped-call]

        return note

    layers = (layer for _, layer in supernet.layers())
    handles = [layer.register_forward_hook(after(number)) for number, layer in enumerate(layers)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def widest(space: ir.Space) -> tuple[int, ...]:
    """The vector at which warmup begins: operations averaged, filters and sizes the largest."""
    return tuple(
        AVERAGE if decision.warmup == "op" and len(decision.options) > 1 else decision.largest
        for decision in space.decisions
    )


def _outermost(layer: ir.Layer) -> Iterator[str]:
    if isinstance(layer, ir.Alternatives) and len(layer.layers) > 1:
        if not any(isinstance(inside, ir.Endpoint) for inside in ir.walk(layer)):
            yield layer.decision
        return
    for name in ("kernel", "squeeze_excite"):
        choice: ir.Choice[object] | None = getattr(layer, name, None)
        if choice is not None and choice.decision is not None and len(choice.options) > 1:
            yield choice.decision
    for child in ir.children(layer):
        yield from _outermost(child)


@torch.no_grad()
def _validation_peak(supernet: Supernet, batch: int) -> int:
    with PeakMemory() as memory:
        supernet(_images(supernet.space, batch), widest(supernet.space))
    return int(memory.peak)


def _images(space: ir.Space, batch: int) -> Tensor:
    height, width = max(space.inputs.size.options)
    return torch.empty(batch, space.inputs.channels.constant, height, width, device="meta")


def _loss(outputs: Tensor | list[Tensor]) -> Tensor:
    outputs = outputs if isinstance(outputs, list) else [outputs]
    return torch.stack([output.sum() for output in outputs]).sum()
