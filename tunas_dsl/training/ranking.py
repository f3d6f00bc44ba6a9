"""Architectures rated by a search's shared weights and trained alone, kept in the search's folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from tunas_dsl.errors import DocumentError, NotInSpace, SearchError
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import check_indices
from tunas_dsl.runs.folder import read_sealed, write_document
from tunas_dsl.storage import documents

SCHEMA = "tunas.ranking/1"

FOLDER = "rank"
"""The folder, in that of a search, of its ranking and the trainings for it."""


@attrs.frozen(kw_only=True)
class Judged:
    """An architecture: its cost, its ``rating`` by shared weights, its ``accuracy`` when trained, 0 to 1."""

    indices: tuple[int, ...]
    cost: float
    rating: float
    accuracy: float


@attrs.frozen(kw_only=True)
class Ranking:
    """What was ``judged``: random architectures whose cost is ``within`` so much of the search's target.

    They are drawn by the ``seed`` and trained by the ``recipe``.
    """

    within: float
    seed: int
    recipe: Mapping[str, Any]
    judged: tuple[Judged, ...] = ()


def ranking_file(run: Path) -> Path:
    """Where the ranking of the search in the folder ``run`` is kept."""
    return run / FOLDER / "ranking.json"


def write_ranking(run: Path, ranking: Ranking) -> None:
    """Replace the ranking of the search in the folder ``run``."""
    path = ranking_file(run)
    path.parent.mkdir(exist_ok=True)
    write_document(path, documents.sealed({"schema": SCHEMA, **attrs.asdict(ranking)}))


def read_ranking(run: Path, space: ir.Space) -> Ranking | None:
    """The ranking of the search of ``space`` in the folder ``run``, if there is one.

    Raises:
        SearchError: it is damaged, or not one of ``space``.
    """
    path = ranking_file(run)
    if not path.exists():
        return None
    help = f"; delete {path.parent} to begin anew"
    document = dict(read_sealed(path, SCHEMA, "", help=help))
    del document["schema"]
    recipe = document.pop("recipe", None)
    try:
        ranking = documents.structure(documents.strict_converter(), {**document, "recipe": {}}, Ranking)
        for one in ranking.judged:
            check_indices(space, one.indices)
    except (DocumentError, NotInSpace) as error:
        raise SearchError(f"{path}: {error}{help}") from None
    if not isinstance(recipe, dict):
        raise SearchError(f"{path}: `recipe` is not an object{help}")
    return attrs.evolve(ranking, recipe=recipe)
