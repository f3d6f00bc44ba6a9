"""An experiment as it is written down: rows that differ in something, spaces, seeds and a scale."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Literal, get_args

import attrs

from tunas_dsl.errors import SearchError

Scale = Literal["smoke", "laptop", "paper"]
SCALES: tuple[Scale, ...] = get_args(Scale)

Kind = Literal["search", "random"]


@attrs.frozen(kw_only=True)
class Place:
    """A space and what a search in it is to cost, in the unit of ``latency``."""

    space: str
    target: float
    latency: str = "macs"


@attrs.frozen(kw_only=True)
class Row:
    """One line of the table: a ``search`` with these ``settings``, or the best of ``random`` architectures.

    ``variant`` is appended to the name of every space.
    """

    name: str
    kind: Kind = "search"
    variant: str = ""
    settings: Mapping[str, Any] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Size:
    """What a scale sets: the places, seeds, and how long to search.

    Either ``quality`` rates architectures, and ``judge``, without noise, what was found; or ``data`` are
    images, and what was found is trained from scratch for ``train_steps``. A row of ``random`` ones evaluates
    as many architectures as ``random`` says. ``within`` is how far they may be off the target, as a share.
    """

    places: tuple[Place, ...]
    seeds: int
    steps: int
    random: int = 10
    within: float = 0.01
    quality: str | None = None
    judge: str | None = None
    data: str | None = None
    train_steps: int | None = None
    settings: Mapping[str, Any] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Experiment:
    """An experiment at a scale; ``expect`` says in words what the paper found."""

    name: str
    title: str
    expect: str
    rows: tuple[Row, ...]
    size: Size


def names() -> tuple[str, ...]:
    """The experiments that there are."""
    found = (file.name for file in _folder().iterdir() if file.name.endswith(".toml"))
    return tuple(sorted(name.removesuffix(".toml") for name in found))


def load_experiment(
    name: str, scale: Scale, *, data: str | None = None, seeds: int | None = None
) -> Experiment:
    """The experiment called ``name`` or in the TOML file of that name, at ``scale``.

    ``data`` and ``seeds`` take the place of what is written.

    Raises:
        SearchError: there is none, or it is not an experiment.
    """
    text = _read(name)
    try:
        experiment = _parse(name, tomllib.loads(text), scale)
    except KeyError as missing:
        raise SearchError(f"the experiment `{name}` has no {missing} at the scale `{scale}`") from None
    except (tomllib.TOMLDecodeError, AttributeError, TypeError, ValueError) as error:
        raise SearchError(f"the experiment `{name}` cannot be read: {error}") from None
    size = experiment.size
    if data is not None:
        size = attrs.evolve(size, data=data, quality=None, judge=None)
    if seeds is not None:
        size = attrs.evolve(size, seeds=seeds)
    if (size.quality is None) == (size.data is None):
        raise SearchError(f"the experiment `{name}` at the scale `{scale}` needs a quality, or else data")
    return attrs.evolve(experiment, size=size)


def own_space(name: str) -> Traversable | None:
    """The space of that name that only experiments need, if there is one."""
    file = _folder() / "spaces" / f"{name}.space"
    return file if file.is_file() else None


def _parse(name: str, document: Mapping[str, Any], scale: Scale) -> Experiment:
    size = dict(document["scale"][scale])
    places = tuple(Place(**place) for place in size.pop("places"))
    return Experiment(
        name=Path(name).stem,
        title=document["title"],
        expect=document["expect"],
        rows=tuple(Row(**row) for row in document["rows"]),
        size=Size(places=places, **size),
    )


def _folder() -> Traversable:
    return files("tunas_dsl") / "experiments"


def _read(name: str) -> str:
    if name in names():
        return (_folder() / f"{name}.toml").read_text(encoding="utf-8")
    if name.endswith(".toml") and Path(name).is_file():
        return Path(name).read_text(encoding="utf-8")
    raise SearchError(f"there is no experiment `{name}`: name a TOML file, or one of {', '.join(names())}")
