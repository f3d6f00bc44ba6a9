"""The state of a search on disk: one safetensors file, checked when it is read, with the one before it kept.

Nothing is unpickled, so that a checkpoint from elsewhere cannot run code.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import attrs
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from tunas_dsl.search.errors import SearchError

SCHEMA = "tunas.checkpoint/1"
NEWEST = "checkpoint.safetensors"
PREVIOUS = "checkpoint.previous.safetensors"


@attrs.frozen
class Header:
    """What a checkpoint belongs to: the steps done, fingerprints of the space and of the run's settings."""

    step: int
    space: str
    settings: str


class DamageError(Exception):
    """A file that is not a whole checkpoint; the message says in which way."""


def save_checkpoint(folder: Path, header: Header, tensors: Mapping[str, Tensor]) -> None:
    """Write the newest checkpoint of ``folder``; the one that was the newest becomes the previous one.

    The file comes into being in one step, so that an interruption leaves a whole one.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    description = {"schema": SCHEMA, **attrs.asdict(header), "sha256": _digest(tensors)}
    newest = folder / NEWEST
    fresh = folder / f".{NEWEST}.new"
    with fresh.open("wb") as file:
        file.write(save(tensors, {"tunas": json.dumps(description)}))
        file.flush()
        os.fsync(file.fileno())
    if newest.exists():
        newest.replace(folder / PREVIOUS)
    fresh.replace(newest)


def load_checkpoint(folder: Path, tell: Callable[[str], None]) -> tuple[Header, dict[str, Tensor]] | None:
    """The newest whole checkpoint of ``folder``, or nothing where none was ever written.

    ``tell`` hears of it where the previous one has to do.

    Raises:
        SearchError: there are checkpoints, but all are damaged.
    """
    faults: list[str] = []
    for name in (NEWEST, PREVIOUS):
        if not (folder / name).exists():
            continue
        try:
            header, tensors = _read(folder / name)
        except DamageError as damage:
            faults.append(f"{folder / name} {damage}")
            continue
        if faults:
            tell(f"{faults[0]}: going on from the previous checkpoint, of step {header.step}")
        return header, tensors
    if faults:
        raise SearchError("; ".join(faults) + ": no checkpoint is left to go on from, so start a new run")
    return None


def _read(path: Path) -> tuple[Header, dict[str, Tensor]]:
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no iterator)
        description = json.loads(metadata["tunas"])
        schema, digest = description.pop("schema"), description.pop("sha256")
        header = Header(**description)
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamageError(f"cannot be read ({type(error).__name__})") from error
    if schema != SCHEMA:
        raise DamageError(f"has schema {schema}: this version reads {SCHEMA}")
    if _digest(tensors) != digest:
        raise DamageError("does not have the bytes that were written")
    return header, tensors


def _digest(tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
