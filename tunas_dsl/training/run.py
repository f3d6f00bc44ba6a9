"""The folder of one training on disk: settings, architecture, log, weights and result."""

from pathlib import Path
from typing import Any

import attrs

from tunas_dsl.errors import SearchError
from tunas_dsl.runs.folder import (
    CHECKPOINT,
    RESULT,
    TRAINING_SCHEMA,
    fingerprint,
    make_folder,
    read_sealed,
    read_settings,
    write_document,
    write_settings,
)
from tunas_dsl.runs.generations import KEPT, Generations
from tunas_dsl.storage import documents
from tunas_dsl.training.progress import TrainingOutcome
from tunas_dsl.training.settings import TrainingSettings

TRAINED_SCHEMA = "tunas.trained/1"


@attrs.frozen
class TrainingFolder:
    """One training: what it was started with, and where its files are.

    ``data`` names the data set as the user wrote it. The folder holds ``settings.json``,
    ``architecture.json`` (written by whoever makes the run), ``events.jsonl``, the backend's
    checkpoints, of which ``keep`` stay and weights, and in the end ``result.json``.
    Other images than those of the first start are refused, unless ``accept_changed_data``.
    """

    path: Path
    settings: TrainingSettings
    data: str
    keep: int = attrs.field(default=KEPT, eq=False)
    accept_changed_data: bool = attrs.field(default=False, eq=False)

    @classmethod
    def create(cls, path: Path, settings: TrainingSettings, data: str) -> "TrainingFolder":
        """Make the folder and write its settings.

        Raises:
            SearchError: there is something at ``path`` already.
        """
        make_folder(path)
        run = cls(path, settings, data)
        write_settings(path, run._description())
        return run

    @classmethod
    def open(cls, path: Path) -> "TrainingFolder":
        """The training at ``path``, to resume or to read.

        Raises:
            SearchError: it is not the folder of a training, or its settings are not ours.
        """
        file = path / "settings.json"
        description = read_settings(path, TRAINING_SCHEMA)
        settings, data = description.get("settings"), description.get("data")
        if not (isinstance(settings, dict) and isinstance(data, str)):
            raise SearchError(f"{file}: `settings` is not an object, or `data` not a text")
        try:
            return cls(path, TrainingSettings.from_json(settings), data)
        except SearchError as error:
            raise SearchError(f"{file}: {error}") from None

    @property
    def fingerprint(self) -> str:
        """A hash of what the training was started with, for a checkpoint to be held against."""
        # Not the place of the data, which may move: what they are is held against a record.
        return fingerprint({**self._description(), "data": None})

    def keep_place(self) -> None:
        """Write the settings again, where the data lie at another place than they say."""
        write_settings(self.path, self._description())

    @property
    def architecture(self) -> Path:
        """The architecture, as JSON."""
        return self.path / "architecture.json"

    @property
    def events(self) -> Path:
        """The log, one event a line."""
        return self.path / "events.jsonl"

    @property
    def weights(self) -> Path:
        """The weights as of the last checkpoint."""
        return self.path / "weights.safetensors"

    @property
    def checkpoints(self) -> Generations:
        """The backend's checkpoints."""
        return Generations(self.path / CHECKPOINT, self.keep)

    def write_result(self, outcome: TrainingOutcome) -> None:
        """Write ``result.json``."""
        result = documents.sealed({"schema": TRAINED_SCHEMA, **attrs.asdict(outcome)})
        write_document(self.path / RESULT, result)

    def read_result(self) -> dict[str, Any] | None:
        """What :meth:`write_result` wrote, or None before the training has finished.

        Raises:
            SearchError: it is damaged. Results of old trainings have no hash by which that is seen.
        """
        path = self.path / RESULT
        if not path.exists():
            return None
        help = "; delete it, and the command that made it makes it anew"
        result = read_sealed(path, TRAINED_SCHEMA, "has no result yet", help=help, always=False)
        for part in ("validation", "test"):
            if not _is_evaluation(result.get(part)):
                raise SearchError(f"{path}: $.{part} is no evaluation{help}")
        return result

    def _description(self) -> dict[str, Any]:
        return {"schema": TRAINING_SCHEMA, "data": self.data, "settings": self.settings.to_json()}


def _is_evaluation(part: Any) -> bool:
    """Whether ``part`` of a result has what is said of it: an accuracy and a loss, or is not there."""
    if part is None:
        return True
    try:
        return len([documents.finite(part[name]) for name in ("accuracy", "loss")]) == 2
    except (TypeError, KeyError, ValueError):
        return False
