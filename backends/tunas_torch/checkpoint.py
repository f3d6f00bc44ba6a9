"""The state of a run on disk: one file, checked when it is read, with the one before it kept."""

from collections.abc import Callable, Mapping
from pathlib import Path

import attrs
from torch import Tensor

from tunas_dsl.search.errors import SearchError
from tunas_torch.tensor_files import DamageError, read_tensors, write_tensors

SCHEMA = "tunas.checkpoint/1"
NEWEST = "checkpoint.safetensors"
PREVIOUS = "checkpoint.previous.safetensors"


@attrs.frozen
class Header:
    """What a checkpoint belongs to: the steps done, fingerprints of space and settings of the run."""

    step: int
    space: str
    settings: str


def save_checkpoint(folder: Path, header: Header, tensors: Mapping[str, Tensor]) -> None:
    """Write the newest checkpoint of ``folder``; the one that was the newest becomes the previous one.

    The file comes into being in one step, so that an interruption leaves a whole one.
    """
    newest = folder / NEWEST
    fresh = write_tensors(newest, SCHEMA, attrs.asdict(header), tensors)
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
    description, tensors = read_tensors(path, SCHEMA)
    try:
        return Header(**description), tensors
    except TypeError as error:
        raise DamageError(f"cannot be read ({error})") from error
