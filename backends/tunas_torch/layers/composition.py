"""Layers made of layers, and the way from any layer of a space to its module in the supernet."""

import functools
from collections.abc import Iterator
from typing import assert_never

import torch
from torch import Tensor

from tunas_dsl.ir import space as ir
from tunas_torch.layers.kinds import (
    Activation,
    Endpoint,
    GlobalPool,
    SearchLayer,
    Skip,
)
from tunas_torch.layers.path import Path, Used
from tunas_torch.layers.registry import torch_kind
from tunas_torch.layers.switch import switch
from tunas_torch.layers.weights import Parts


class Sequence(SearchLayer):
    """Layers one after the other."""

    def __init__(self, layer: ir.Sequence, random: torch.Generator) -> None:
        super().__init__()
        self.layers = Parts[SearchLayer](search_layer(part, random) for part in layer.layers)

    def forward(self, images: Tensor, path: Path) -> Tensor:
        """What the last layer gives."""
        for layer in self.layers:
            images = layer(images, path)
        return images

    def used(self, path: Path, name: str, share: float) -> Iterator[Used]:
        """The weights of every layer."""
        for index, layer in enumerate(self.layers):
            yield from layer.used(path, f"{name}.{index}", share)


class Alternatives(SearchLayer):
    """Whole layers, of which one is run, or under op warmup all."""

    def __init__(self, layer: ir.Alternatives, random: torch.Generator) -> None:
        super().__init__()
        self.choice = ir.Choice(layer.layers, layer.decision)
        self.layers = Parts[SearchLayer](search_layer(option, random) for option in layer.layers)

    def forward(self, images: Tensor, path: Path) -> Tensor:
        """What the selected layer gives, or the mean over all."""
        idle = [option for option, layer in enumerate(self.layers) if skipped(layer, path)]
        return switch(self.choice, images, path, self._branch, idle)

    def used(self, path: Path, name: str, share: float) -> Iterator[Used]:
        """The weights of the layers that run."""
        for option, fraction in path.alive(self.choice):
            yield from self.layers[option].used(path, name, share * fraction)

    def _branch(self, option: int, images: Tensor, path: Path) -> Tensor:
        return self.layers[option](images, path)


class Depth(SearchLayer):
    """The first layers of a sequence: all depths share the layers that they have in common."""

    def __init__(self, layer: ir.Depth, random: torch.Generator) -> None:
        super().__init__()
        self.layer = layer
        self.choice = ir.Choice(layer.counts, layer.decision)
        self.layers = Parts[SearchLayer](search_layer(part, random) for part in layer.layers)

    def forward(self, images: Tensor, path: Path) -> Tensor:
        """What the selected depth gives, or the mean over all depths; each layer is run once."""
        depths = sorted(self.layer.counts[option] for option, _ in path.alive(self.choice))
        outputs = [images]
        for number in range(depths[-1]):
            outputs.append(self.layers[number](outputs[-1], path))
        if len(depths) == 1:
            return outputs[-1]
        return functools.reduce(torch.add, (outputs[depth] for depth in depths)) / len(depths)

    def used(self, path: Path, name: str, share: float) -> Iterator[Used]:
        """The weights of the layers that run; one that some depths leave out counts as one of their number.

        Depths share a layer, and of what switches share the largest share counts, not the sum (facts 2.5).
        """
        alive = path.alive(self.choice)
        for number, layer in enumerate(self.layers):
            reaching = [fraction for option, fraction in alive if self.layer.counts[option] > number]
            if reaching:
                always = len(reaching) == len(alive)
                yield from layer.used(path, f"{name}.{number}", share * (1.0 if always else max(reaching)))


class Residual(SearchLayer):
    """The sum of a layer's input and output."""

    def __init__(self, layer: ir.Residual, random: torch.Generator) -> None:
        super().__init__()
        self.body = search_layer(layer.body, random)

    def forward(self, images: Tensor, path: Path) -> Tensor:
        """``images`` plus what the body makes of them."""
        return images if skipped(self.body, path) else images + self.body(images, path)

    def used(self, path: Path, name: str, share: float) -> Iterator[Used]:
        """The weights of the body."""
        return self.body.used(path, f"{name}.body", share)


def skipped(layer: SearchLayer, path: Path) -> bool:
    """Whether all that is left of ``layer`` is a skip."""
    if isinstance(layer, Alternatives):
        return all(skipped(layer.layers[option], path) for option, _ in path.alive(layer.choice))
    return isinstance(layer, Skip)


def search_layer(layer: ir.Layer, random: torch.Generator) -> SearchLayer:
    """The module for ``layer``, with initial weights drawn from ``random``."""
    match layer:
        case ir.Operation():
            return torch_kind(layer.name).search(layer, random)
        case ir.Activation():
            return Activation(layer)
        case ir.GlobalPool():
            return GlobalPool()
        case ir.Endpoint():
            return Endpoint()
        case ir.Skip():
            return Skip()
        case ir.Sequence():
            return Sequence(layer, random)
        case ir.Residual():
            return Residual(layer, random)
        case ir.Alternatives():
            return Alternatives(layer, random)
        case ir.Depth():
            return Depth(layer, random)
        case _:
            assert_never(layer)
