"""The architecture of a training: as the document in its folder, and read from there."""

from collections.abc import Sequence

from tunas_dsl.exchange.architecture_json import architecture_document, read_architecture
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import prune
from tunas_dsl.language.compiler import compile_text
from tunas_dsl.language.unparse import unparse
from tunas_dsl.storage import documents
from tunas_dsl.training.run import TrainingFolder


def architecture_text(space: ir.Space, indices: Sequence[int], sha256: str) -> str:
    """The JSON of the architecture that ``indices`` selects from ``space``, whose text has the ``sha256``.

    Raises:
        NotInSpace: ``indices`` is not a vector of this space.
    """
    origin = {"space": space.name, "sha256": sha256}
    network = unparse(prune(space, indices))
    return documents.dump(
        architecture_document(space, indices, model=None, origin=origin, network_text=network)
    )


def trained_network(run: TrainingFolder) -> ir.Space:
    """The architecture that ``run`` trains.

    Raises:
        ArchitectureError, SpaceError: its file is damaged.
    """
    return compile_text(read_architecture(run.architecture).network, run.architecture.name)
