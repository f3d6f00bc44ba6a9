"""Architectures as once-for-all and ProxylessNAS write them: a ``net.config``, or lists of ks, e and d."""

from pathlib import Path
from typing import Any

from tunas_dsl.errors import ArchitectureError, DocumentError
from tunas_dsl.exchange.once_for_all.net_config import is_net_config, space_text
from tunas_dsl.exchange.once_for_all.subnet import is_subnet, subnet_indices
from tunas_dsl.ir import space as ir
from tunas_dsl.storage.documents import parse, read_text

__all__ = ["foreign_document", "is_net_config", "network_text", "sub_network"]

_RUN_CONFIG = "run.config"


def foreign_document(path: Path) -> dict[str, Any] | None:
    """The document in ``path`` if it is one of these, and None where it is another kind of document.

    Raises:
        ArchitectureError: it cannot be read, or is no JSON object.
    """
    document = _parse(path)
    return document if is_net_config(document) or is_subnet(document) else None


def network_text(path: Path, document: dict[str, Any], resolution: int | None) -> str:
    """The ``net.config`` in ``path`` as the text of a space in which nothing is left to decide.

    A ``net.config`` has no image size. It is ``resolution``, or what ``image_size`` says in the
    document, or in ``run.config`` beside it, where the authors publish it.

    Raises:
        ArchitectureError: no image size is known, or the language has not such layers.
    """
    size = resolution or _image_size(path, document)
    if size is None:
        raise ArchitectureError(
            f"{path}: a net.config has no image size: give --resolution, or put its {_RUN_CONFIG} beside it"
        )
    try:
        return space_text(document, size)
    except DocumentError as error:
        raise ArchitectureError(f"{path}: {error}") from None


def sub_network(
    space: ir.Space, path: Path, document: dict[str, Any], resolution: int | None
) -> tuple[int, ...]:
    """The index vector in ``space`` of the lists ``ks``, ``e``, ``d`` and ``r`` in ``path``.

    Raises:
        ArchitectureError: they are of another space, or do not say everything that ``space`` decides.
    """
    try:
        return subnet_indices(space, document, resolution)
    except DocumentError as error:
        raise ArchitectureError(f"{path}: {error}") from None


def _parse(path: Path) -> dict[str, Any]:
    try:
        return parse(read_text(path))
    except DocumentError as error:
        raise ArchitectureError(f"{path}: {error}") from None


def _image_size(path: Path, document: dict[str, Any]) -> int | None:
    beside = path.with_name(_RUN_CONFIG)
    if "image_size" not in document and not beside.is_file():
        return None
    place, found = (path, document) if "image_size" in document else (beside, _parse(beside))
    size = found.get("image_size")
    if type(size) is not int or not 1 <= size <= 10_000:
        raise ArchitectureError(f"{place}: $.image_size is no whole number from 1 to 10,000")
    return size
