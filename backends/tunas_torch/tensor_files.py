"""Tensors on disk: a safetensors file with a description, written whole and checked when it is read.

Nothing is unpickled, so that a file from elsewhere cannot run code.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor


class DamageError(Exception):
    """A file that is not whole, or not of the schema; the message says in which way."""


def write_tensors(
    path: Path, schema: str, description: Mapping[str, Any], tensors: Mapping[str, Tensor]
) -> Path:
    """Write the file beside ``path`` and give its place: renaming it to ``path`` is up to the caller."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    metadata = {"schema": schema, **description, "sha256": _digest(tensors)}
    fresh = path.with_name(f".{path.name}.new")
    with fresh.open("wb") as file:
        file.write(save(tensors, {"tunas": json.dumps(metadata)}))
        file.flush()
        os.fsync(file.fileno())
    return fresh


def read_tensors(path: Path, schema: str) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The description and the tensors by name.

    Raises:
        DamageError: the file is damaged, or of another schema.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no iterator)
        description = json.loads(metadata["tunas"])
        found, digest = description.pop("schema"), description.pop("sha256")
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamageError(f"cannot be read ({type(error).__name__})") from error
    if found != schema:
        raise DamageError(f"has schema {found}: this version reads {schema}")
    if _digest(tensors) != digest:
        raise DamageError("does not have the bytes that were written")
    return description, tensors


def _digest(tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
