"""The supernet that the compiler emits for a space: shared weights that hold every architecture."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, repeat
from typing import Literal, cast

import torch
from torch import Tensor, nn

from tunas_dsl.ir.holding import SpaceLike, space_of
from tunas_dsl.ir.selection import AVERAGE, check_indices, prune
from tunas_torch.layers.composition import search_layer
from tunas_torch.layers.kinds import Classifier, SearchLayer
from tunas_torch.layers.operations import Execution, Masking, Slicing, resized
from tunas_torch.layers.path import Path, Used
from tunas_torch.layers.weights import Parts
from tunas_torch.network import Network, module_name

EXECUTIONS: dict[str, Execution] = {"sliced": Slicing(), "masked": Masking()}


class Supernet(nn.Module):
    """The shared weights of ``space``, and any architecture of it as a function of an index vector.

    An index vector has an option number for each decision of the space, or AVERAGE for a decision about an
    operation: the mean over its options (op warmup, facts 5). Where the size of the input is a decision,
    images are resized to the selected one. ``execution`` says how a part of the weights
    is used; both ways compute the same, "masked" is the definition and "sliced" fast. Batch norm uses the
    statistics of the batch, in evaluation too. The initial weights are a function of ``seed``. What backward
    needs of the options that are averaged is kept, or for the decisions in ``recomputed`` computed again.
    """

    def __init__(
        self, space: SpaceLike, *, execution: Literal["sliced", "masked"] = "sliced", seed: int = 0
    ) -> None:
        super().__init__()
        self.space = space = space_of(space)
        self.execution = EXECUTIONS[execution]
        self.recomputed: frozenset[str] = frozenset()
        random = torch.Generator().manual_seed(seed)
        self.blocks = nn.ModuleDict(
            {
                module_name(block): Parts[SearchLayer](search_layer(layer, random) for layer in block.layers)
                for block in space.blocks
            }
        )
        self.classifier = Classifier(space.classifier, random) if space.classifier else None

    def forward(
        self, images: Tensor, indices: Sequence[int], weights: Mapping[Tensor, Tensor] | None = None
    ) -> Tensor | list[Tensor]:
        """The logits ``(N, classes)`` of ``images`` ``(N, C, H, W)``; without a classifier, the endpoints.

        ``weights`` stand in for the parameters that are their keys; each is of the ``extent`` that
        :meth:`used` says.

        Raises:
            NotInSpace: ``indices`` is not a vector of the space.
        """
        path = self._path(indices, weights)
        features = self._features(images, path)
        return self.classifier(features, path) if self.classifier else path.endpoints

    def endpoints(self, images: Tensor, indices: Sequence[int]) -> list[Tensor]:
        """The feature maps at the endpoints, in order, for ``images`` ``(N, C, H, W)``.

        Each is ``(N, selected C, H, W)``, in masked execution ``(N, largest C, H, W)`` with zeros at the end.

        Raises:
            NotInSpace: ``indices`` is not a vector of the space.
        """
        path = self._path(indices)
        self._features(images, path)
        return path.endpoints

    def penalty(self, indices: Sequence[int]) -> Tensor:
        """Half the sum of the squares of the kernels that ``indices`` uses: L2 is this times its strength.

        Only the used part of a kernel counts, and inside switches only its share: 1 / N under op warmup
        (facts 2.5 and 6). The classifier, biases and batch norms are free of it.

        Raises:
            NotInSpace: ``indices`` is not a vector of the space.
        """
        kernels = [used for used in self._used(self._path(indices)) if used.share]
        if not kernels:
            return torch.zeros(())
        squares = torch.stack([kernel.values.square().sum() for kernel in kernels])
        return squares @ squares.new_tensor([kernel.share for kernel in kernels]) / 2

    @torch.no_grad()
    def extract(self, indices: Sequence[int]) -> Network:
        """The architecture that ``indices`` selects as a network of its own, with a copy of these weights.

        In training mode it computes what the supernet does. Its batch norms' moving averages are those of a
        new network, so that evaluation wants some batches in training mode first.

        Raises:
            NotInSpace: ``indices`` is not a vector of the space.
        """
        network = Network(prune(self.space, indices))
        network.to(next(self.parameters()))
        parameters = dict(network.named_parameters())
        for used in self.used(indices):
            parameters[used.name].copy_(used.values)
        return network

    def used(self, indices: Sequence[int]) -> Iterator[Used]:
        """The parts of the parameters that ``indices`` uses, by the stand-alone network's names.

        Raises:
            NotInSpace: ``indices`` is not a vector of the space.
        """
        path = self._path(indices)
        yield from self._used(path)
        if self.classifier:
            yield from self.classifier.used(path, "classifier")

    def layers(self) -> Iterator[tuple[str, SearchLayer]]:
        """The layers of the blocks in order, with their names."""
        for name, layers in self.blocks.items():
            for number, layer in enumerate(cast(Parts[SearchLayer], layers)):
                yield f"blocks.{name}.{number}", layer

    def _path(self, indices: Sequence[int], weights: Mapping[Tensor, Tensor] | None = None) -> Path:
        averages = chain((decision.warmup == "op" for decision in self.space.decisions), repeat(False))
        options = [
            0 if may_average and index == AVERAGE else index
            for index, may_average in zip(indices, averages, strict=False)
        ]
        check_indices(self.space, options)
        ids = (decision.id for decision in self.space.decisions)
        return Path(dict(zip(ids, indices, strict=True)), self.execution, weights or {}, self.recomputed)

    def _features(self, images: Tensor, path: Path) -> Tensor:
        features = self.execution.arrange(resized(images, path.size(self.space.inputs)))
        for (site, layer), (_, module) in zip(self.space.sites(), self.layers(), strict=True):
            try:
                features = module(features, path)
            except Exception as error:
                error.add_note(f"{layer.origin}: layer {site}" if layer.origin else f"layer {site}")
                raise
        return features

    def _used(self, path: Path) -> Iterator[Used]:
        for name, layer in self.layers():
            yield from layer.used(path, name, 1.0)
