"""Tensors on disk: a safetensors file with a description, written whole and checked when it is read.

Nothing is unpickled, so that a file from elsewhere cannot run code.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from tunas_dsl.errors import DocumentError
from tunas_dsl.runs.folder import write_beside
from tunas_dsl.runs.generations import DamageError
from tunas_dsl.storage import documents

LARGEST_HEADER = 1 << 24
"""Bytes; a header of some thousand tensors has less than a tenth of it."""


def write_tensors(
    path: Path, schema: str, description: Mapping[str, Any], tensors: Mapping[str, Tensor]
) -> Path:
    """Write the file beside ``path`` and give its place: renaming it to ``path`` is up to the caller.

    Raises:
        SearchError: it cannot be written.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    content = {"schema": schema, **description, "tensors": _digest(tensors)}
    metadata = documents.dump(documents.sealed(content), indent=None)
    return write_beside(path, save(tensors, {"tunas": metadata}))


def read_tensors(path: Path, schema: str) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The description and the tensors by name.

    Raises:
        DamageError: the file is damaged, or of another schema.
    """
    try:
        _check_header(path)
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no iterator)
        document = documents.parse(metadata.get("tunas", ""))
    except (SafetensorError, ValueError, TypeError, KeyError) as error:
        raise DamageError(f"cannot be read ({' '.join(str(error).split())[:80]})") from None
    if document.get("schema") != schema:
        raise DamageError(f"has schema {document.get('schema')}: this version reads {schema}")
    if not _is_whole(document, tensors):
        raise DamageError("does not have the bytes that were written")
    own = ("schema", "tensors", "sha256")
    return {key: value for key, value in document.items() if key not in own}, tensors


def _check_header(path: Path) -> None:
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
    if size > min(LARGEST_HEADER, path.stat().st_size):
        raise ValueError(f"its header claims {size} bytes")


def _is_whole(document: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> bool:
    try:
        found = documents.unsealed(document).get("tensors")
    except DocumentError:
        return False
    return bool(found == _digest(tensors))


def _digest(tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
