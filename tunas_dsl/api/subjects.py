"""What names a space, or an architecture in one: a file, a folder, a shipped name, an index vector."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from tunas_dsl.cost.lines import model_lines
from tunas_dsl.cost.lookup import Missing
from tunas_dsl.cost.model import CostModel
from tunas_dsl.cost.named import MACS, Explanation, cost_model, explained
from tunas_dsl.cost.shares import parts_by_site
from tunas_dsl.errors import ArchitectureError, NotInSpace
from tunas_dsl.exchange.architecture_json import read_architecture
from tunas_dsl.exchange.bundle import MANIFEST, read_bundle
from tunas_dsl.exchange.once_for_all import foreign_document, is_net_config, network_text, sub_network
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.matching import find_indices
from tunas_dsl.ir.selection import check_indices, prune
from tunas_dsl.language.compiler import compile_text, compiled_space, load_space
from tunas_dsl.language.sources import read_source
from tunas_dsl.language.unparse import unparse

_SETTINGS = "settings.json"
_VECTOR = re.compile(r"[0-9]+(:[0-9]+)*")

Notice = Callable[[CostModel], None]


@attrs.frozen(eq=False)
class Subject:
    """A space, the text that it is written in, and the cost models that come with it, by name.

    ``missing`` says what stands for operations that a table lacks; ``notice`` hears of every table that is
    opened.
    """

    space: ir.Space
    text: str
    models: Mapping[str, CostModel] = attrs.field(factory=dict)
    missing: Missing = "error"
    notice: Notice = lambda _: None

    def model(self, latency: str | None) -> CostModel:
        """The cost model called ``latency``. Raises TableError where there is none."""
        if latency not in self.models:
            return self._opened(self.space, latency)
        return self.models[latency or MACS]

    def cost(self, latency: str | None, indices: tuple[int, ...]) -> float:
        """The cost of one architecture, for which a table need not cover the rest of the space.

        Raises:
            TableError: there is no such table, or it lacks a part of the architecture.
        """
        model, vector = self._model_of(latency, indices)
        return _total(model, vector)

    def cost_in_parts(
        self, latency: str | None, indices: tuple[int, ...]
    ) -> tuple[float, dict[str, list[float]]]:
        """What :meth:`cost` gives, and what the parts of each site add to it; errors as there."""
        model, vector = self._model_of(latency, indices)
        return _total(model, vector), parts_by_site(model, vector)

    def explained(self, latency: str | None, indices: tuple[int, ...]) -> Explanation:
        """What :meth:`cost` is the sum of (by macs, in MAdds); errors as there."""
        if latency not in (None, MACS) and latency in self.models:
            model = self.models[latency]
            lines = tuple(model_lines(self.space, indices, model))
            return Explanation(model.name, model.unit, model.intercept, lines)
        return explained(self.space, indices, latency, self.missing)

    def _model_of(self, latency: str | None, indices: tuple[int, ...]) -> tuple[CostModel, tuple[int, ...]]:
        """A cost model that need cover no more than one architecture, and the vector of this in it."""
        if latency is not None and latency in self.models:
            return self.models[latency], indices
        network = prune(self.space, indices)
        return self._opened(network, latency), (0,) * len(network.decisions)

    def _opened(self, space: ir.Space, latency: str | None) -> CostModel:
        model = cost_model(space, latency, self.missing)
        self.notice(model)
        return model


def _total(model: CostModel, vector: tuple[int, ...]) -> float:
    return float(model.total(np.array([vector], np.int32))[0])


def load_subject(
    path: str,
    *,
    resolution: int | None = None,
    missing: Missing = "error",
    notice: Notice = lambda _: None,
) -> Subject:
    """The space in a .space file, a bundle, or (its network) an architecture: JSON, or a ``net.config``.

    Of the folder of a search, that is what it found; of a training, what it trains. ``resolution`` is the
    image size of a ``net.config``.

    Raises:
        OSError, UserError: there is none, or it cannot be used.
    """
    return attrs.evolve(_subject(path, resolution), missing=missing, notice=notice)


def _subject(path: str, resolution: int | None) -> Subject:
    if (found := found_in(path)) is not None:
        network = unparse(prune(*found))
        return Subject(compile_text(network, path), network)
    if (Path(path) / _SETTINGS).is_file():
        return _subject(str(Path(path) / "architecture.json"), resolution)
    if (Path(path) / MANIFEST).is_file():
        bundle = read_bundle(Path(path))
        return Subject(bundle.space, bundle.source, bundle.models)
    if path.endswith((".json", ".config")):
        foreign = foreign_document(Path(path))
        if foreign is not None and not is_net_config(foreign):
            raise ArchitectureError(f"{path}: ks, e and d name a network only within a space: give it first")
        network = (
            read_architecture(Path(path)).network
            if foreign is None
            else network_text(Path(path), foreign, resolution)
        )
        return Subject(compile_text(network, path), network)
    return Subject(*compiled_space(read_source(path)))


def found_in(path: str) -> tuple[ir.Space, tuple[int, ...]] | None:
    """The space of a search's folder, and what it found or would end with; nothing of anything else.

    Raises:
        SearchError, BundleError: the folder cannot be read, or has no policy yet.
    """
    if not (Path(path) / _SETTINGS).is_file() or not (Path(path) / "bundle").is_dir():
        return None
    from tunas_dsl.search.run import RunFolder  # what names files needs no search

    run = RunFolder.open(Path(path))
    bundle = read_bundle(run.bundle)
    return bundle.space, run.found(bundle.space, run.costs(bundle))


def load_indices(space: ir.Space, architecture: str | None, resolution: int | None = None) -> tuple[int, ...]:
    """The index vector in ``space`` of an architecture: a vector, a file, or the only one.

    A file is JSON or .space text, or of once-for-all's forms: a ``net.config``, or ks, e, d and r. The folder
    of a search is what it found.

    Raises:
        NotInSpace: ``space`` has no such architecture, or several where none is named.
    """
    if architecture is None:
        if not space.is_architecture:
            raise NotInSpace(f"`{space.name}` has decisions: name an architecture, as a vector or a file")
        return (0,) * len(space.decisions)
    if _VECTOR.fullmatch(architecture) and not Path(architecture).exists():
        return check_indices(space, [int(index) for index in architecture.split(":")])
    if (found := found_in(architecture)) is not None:
        return found[1] if found[0] == space else find_indices(space, prune(*found))
    if not architecture.endswith((".json", ".config")):
        return find_indices(space, load_space(architecture))
    foreign = foreign_document(Path(architecture))
    if foreign is not None:
        return _foreign_indices(space, Path(architecture), foreign, resolution)
    document = read_architecture(Path(architecture))
    own = [(decision.id, decision.options) for decision in space.decisions]
    if own == [(decision.id, decision.options) for decision in document.decisions]:
        return check_indices(space, document.indices)
    return find_indices(space, compile_text(document.network, architecture))


def _foreign_indices(
    space: ir.Space, path: Path, document: dict[str, Any], resolution: int | None
) -> tuple[int, ...]:
    if not is_net_config(document):
        return sub_network(space, path, document, resolution)
    sizes = {height for height, _ in space.inputs.size.options}
    text = network_text(path, document, resolution or (sizes.pop() if len(sizes) == 1 else None))
    return find_indices(space, compile_text(text, str(path)))
