"""The folder of one search on disk: settings, log, policy and result, as JSON that needs no torch to read."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from tunas_dsl.cost.model import CostModel
from tunas_dsl.errors import DocumentError, NotInSpace, SearchError
from tunas_dsl.exchange.bundle import Bundle
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import check_indices
from tunas_dsl.runs.folder import (
    RESULT,
    RUN_SCHEMA,
    fingerprint,
    make_folder,
    read_sealed,
    read_settings,
    write_document,
    write_settings,
)
from tunas_dsl.runs.generations import KEPT
from tunas_dsl.runs.setting import Settings
from tunas_dsl.search.algorithms.registry import settings_kind
from tunas_dsl.search.choice import choose
from tunas_dsl.search.progress import Listed, Outcome
from tunas_dsl.search.settings import PolicySettings, SearchSettings
from tunas_dsl.storage import documents

POLICY_SCHEMA = "tunas.policy/1"
RESULT_SCHEMA = "tunas.result/1"


@attrs.frozen
class _Policy:
    """What ``policy.json`` holds."""

    schema: str
    step: int
    logits: dict[str, list[float]]


@attrs.frozen
class RunFolder:
    """One search: what it was started with, and where its files are.

    ``data`` names the data set of a supernet's search as the user wrote it; a search without a supernet
    has none, but a ``quality`` (module:function) and an ``algorithm``, and, where the quality trains, a
    ``recipe``: the settings of its trainings. A search in phases has both data and a
    recipe. ``cost`` names the bundle's cost model. The folder holds ``settings.json``, ``bundle/`` (the
    compiled space, written by whoever makes the run),
    ``events.jsonl``, ``policy.json`` where there is a policy, checkpoints, ``trainings/`` where there are
    some, and in the end ``result.json``. Of the checkpoints ``keep`` stay. Other images than
    those of the first start are refused, unless ``accept_changed_data``.
    """

    path: Path
    settings: Settings
    data: str | None
    cost: str
    quality: str | None = None
    algorithm: str = "reinforce"
    keep: int = attrs.field(default=KEPT, eq=False)
    accept_changed_data: bool = attrs.field(default=False, eq=False)
    recipe: Mapping[str, Any] | None = None

    @classmethod
    def create(
        cls,
        path: Path,
        settings: Settings,
        data: str | None,
        cost: str,
        *,
        quality: str | None = None,
        algorithm: str = "reinforce",
        recipe: Mapping[str, Any] | None = None,
    ) -> "RunFolder":
        """Make the folder and write its settings.

        Raises:
            SearchError: there is something at ``path`` already.
        """
        make_folder(path)
        run = cls(path, settings, data, cost, quality, algorithm, recipe=recipe)
        write_settings(path, run._description())
        return run

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        """The run at ``path``, to resume or to read.

        Raises:
            SearchError: it is not the folder of a run, or its settings are not ours.
        """
        file = path / "settings.json"
        description = read_settings(path, RUN_SCHEMA)
        settings, data, cost = (description.get(key) for key in ("settings", "data", "cost"))
        quality, algorithm = description.get("quality"), description.get("algorithm", "reinforce")
        if not (isinstance(settings, dict) and isinstance(quality or data, str) and isinstance(cost, str)):
            raise SearchError(f"{file}: `settings` is not an object, or `data` or `cost` not a text")
        if not isinstance(algorithm, str) or not algorithm:
            raise SearchError(f"{file}: `algorithm` is no name")
        if not isinstance(recipe := description.get("recipe"), dict | None):
            raise SearchError(f"{file}: `recipe` is not an object")
        kind = SearchSettings if quality is None else settings_kind(algorithm)
        try:
            return cls(path, kind.from_json(settings), data, cost, quality, algorithm, recipe=recipe)
        except SearchError as error:
            raise SearchError(f"{file}: {error}") from None

    @property
    def fingerprint(self) -> str:
        """A hash of what the run was started with, for a checkpoint to be held against."""
        # Not the place of the data, which may move: what they are is held against a record.
        return fingerprint({**self._description(), "data": None})

    def keep_place(self) -> None:
        """Write the settings again, where the data lie at another place than they say."""
        write_settings(self.path, self._description())

    def over_images(self) -> tuple[SearchSettings, str]:
        """The settings and the data of a search over a supernet.

        Raises:
            SearchError: this one has another source of quality.
        """
        if self.data is None or not isinstance(self.settings, SearchSettings):
            raise SearchError(f"{self.path} is a search without a supernet: there is nothing to train")
        return self.settings, self.data

    @property
    def bundle(self) -> Path:
        """The folder of the compiled space."""
        return self.path / "bundle"

    @property
    def events(self) -> Path:
        """The log, one event a line."""
        return self.path / "events.jsonl"

    def write_policy(self, step: int, logits: Mapping[str, Sequence[float]]) -> None:
        """Replace ``policy.json``: the logits of each decision by its id, after ``step`` steps."""
        rows = {id: list(row) for id, row in logits.items()}
        policy = documents.sealed({"schema": POLICY_SCHEMA, "step": step, "logits": rows})
        write_document(self.path / "policy.json", policy)

    def read_policy(self) -> tuple[int, dict[str, list[float]]]:
        """The steps done and the logits of each decision by its id, as of the last checkpoint.

        Raises:
            SearchError: there is no policy yet, or it is damaged.
        """
        absent = "has no policy yet: the search wrote no checkpoint"
        path = self.path / "policy.json"
        document = read_sealed(path, POLICY_SCHEMA, absent)
        try:
            policy = documents.structure(documents.strict_converter(), document, _Policy)
        except DocumentError as error:
            raise SearchError(f"{path}: {error}") from None
        return policy.step, policy.logits

    def most_probable(self, space: ir.Space) -> tuple[int, ...]:
        """The index vector of the most probable architecture as of the last checkpoint; the first wins a tie.

        Raises:
            SearchError: there is no policy yet, or it is not one for ``space``.
        """
        return tuple(row.index(max(row)) for row in self._logits(space))

    def probabilities(self, space: ir.Space) -> list[NDArray[np.float64]]:
        """What the policy gives each option of each decision of ``space``, as of the last checkpoint.

        Raises:
            SearchError: there is no policy, or it is not one for ``space``.
        """
        logits = self._logits(space)
        powers = [np.exp(np.array(row) - max(row)) for row in logits]
        return [power / power.sum() for power in powers]

    def found(self, space: ir.Space, model: CostModel) -> tuple[int, ...]:
        """The index vector that the search found, or as of the last checkpoint would end with.

        That is the most probable one on target by ``model``, or the best of what was evaluated.

        Raises:
            SearchError: there is none yet, or it is not one of ``space``.
        """
        if isinstance(self.settings, PolicySettings) and not (self.path / RESULT).is_file():
            return choose(space, model, self.settings, self.probabilities(space))
        return self._result(space)

    def _result(self, space: ir.Space) -> tuple[int, ...]:
        absent = "has no result yet: the search has not finished"
        return self._checked(space, read_sealed(self.path / RESULT, RESULT_SCHEMA, absent))

    def costs(self, bundle: Bundle) -> CostModel:
        """The cost model of the search, from its ``bundle``.

        Raises:
            SearchError: it is not there.
        """
        if self.cost not in bundle.models:
            raise SearchError(f"{self.bundle} has no cost model `{self.cost}`")
        return bundle.models[self.cost]

    @property
    def in_phases(self) -> bool:
        """Whether it is a search over a supernet whose policy learns after the weights."""
        return isinstance(self.settings, SearchSettings) and self.settings.apart

    def short_list(self, space: ir.Space) -> tuple[Listed, ...]:
        """What a search in phases trained alone, the result first; nothing before it has finished.

        Raises:
            SearchError: the result is damaged, or not one of ``space``.
        """
        if not self.in_phases or not (self.path / RESULT).is_file():
            return ()
        document = read_sealed(self.path / RESULT, RESULT_SCHEMA, "")
        try:
            listed = documents.structure(
                documents.strict_converter(), document.get("short_list", []), tuple[Listed, ...]
            )
        except DocumentError as error:
            raise SearchError(f"{self.path / RESULT}: {error}") from None
        for one in listed:
            self._checked(space, attrs.asdict(one))
        return listed

    def _checked(self, space: ir.Space, document: Any) -> tuple[int, ...]:
        try:
            return check_indices(space, document["indices"])
        except (KeyError, TypeError, NotInSpace) as error:
            raise SearchError(f"{self.path / RESULT} is no result for `{space.name}`: {error}") from None

    def best_evaluated(self, space: ir.Space) -> tuple[int, ...]:
        """The index vector of the best that was evaluated and cost no more than the target.

        Raises:
            SearchError: the search has not finished, none cost so little, or nothing was evaluated alone.
        """
        if self.in_phases:
            return self._result(space)
        if self.quality is None:
            raise SearchError(
                f"{self.path} rated its architectures with weights in training: no rating is comparable"
            )
        absent = "has no result yet: the search has not finished"
        best = read_sealed(self.path / RESULT, RESULT_SCHEMA, absent).get("best")
        if best is None:
            raise SearchError(f"{self.path} evaluated no architecture that costs no more than its target")
        return self._checked(space, best)

    def write_result(self, outcome: Outcome) -> None:
        """Write ``result.json``."""
        figures = attrs.asdict(outcome, filter=lambda _, figure: figure is not None)
        write_document(self.path / RESULT, documents.sealed({"schema": RESULT_SCHEMA, **figures}))

    def _logits(self, space: ir.Space) -> list[list[float]]:
        """The logits of each decision of ``space``, in order."""
        if self.algorithm != "reinforce":
            raise SearchError(f"{self.path} has no policy: `{self.algorithm}` learns none")
        _, logits = self.read_policy()
        counts = {id: len(row) for id, row in logits.items()}
        if counts != {decision.id: len(decision.options) for decision in space.decisions}:
            raise SearchError(f"{self.path / 'policy.json'} is not a policy for `{space.name}`")
        return [logits[decision.id] for decision in space.decisions]

    def _description(self) -> dict[str, Any]:
        source: dict[str, Any] = {"data": self.data}
        if self.quality is not None:
            source = {"quality": self.quality, "algorithm": self.algorithm}
        if self.recipe is not None:
            source["recipe"] = dict(self.recipe)
        return {"schema": RUN_SCHEMA, **source, "cost": self.cost, "settings": self.settings.to_json()}
