"""The state of a run on disk: one file, checked when it is read, with older ones kept."""

from collections.abc import Callable, Mapping
from pathlib import Path

import attrs
import cattrs
from torch import Tensor

from tunas_dsl.runs.folder import CHECKPOINT
from tunas_dsl.runs.generations import KEPT, DamageError, Generations
from tunas_torch.runs.tensor_files import read_tensors, write_tensors

SCHEMA = "tunas.checkpoint/1"


@attrs.frozen
class Header:
    """What a checkpoint belongs to: the steps done, fingerprints of space and settings of the run."""

    step: int
    space: str
    settings: str


def save_checkpoint(folder: Path, header: Header, tensors: Mapping[str, Tensor], keep: int = KEPT) -> None:
    """Write the newest checkpoint of ``folder``, of which ``keep`` stay.

    The file comes into being in one step, so that an interruption leaves a whole one.
    """
    newest = folder / CHECKPOINT
    Generations(newest, keep).put(write_tensors(newest, SCHEMA, attrs.asdict(header), tensors))


def load_checkpoint(folder: Path, tell: Callable[[str], None]) -> tuple[Header, dict[str, Tensor]] | None:
    """The newest whole checkpoint of ``folder``, or None where none was ever written.

    ``tell`` hears of it where an older one has to do.

    Raises:
        SearchError: there are checkpoints, but all are damaged.
    """
    return Generations(folder / CHECKPOINT).read(_read, tell)


def _read(path: Path) -> tuple[Header, dict[str, Tensor]]:
    description, tensors = read_tensors(path, SCHEMA)
    try:
        return cattrs.structure(description, Header), tensors
    except cattrs.BaseValidationError:
        raise DamageError("does not say what it belongs to") from None
