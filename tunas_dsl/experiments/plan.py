"""An experiment as it is written down: rows that differ in something, spaces, seeds and a scale."""

import re
import tomllib
from collections.abc import Callable, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Literal, NewType, get_args

import attrs

from tunas_dsl.errors import DocumentError, SearchError
from tunas_dsl.search.quality import is_own_code
from tunas_dsl.search.settings import SearchSettings
from tunas_dsl.storage import documents

Scale = Literal["smoke", "laptop", "paper"]
SCALES: tuple[Scale, ...] = get_args(Scale)

Kind = Literal["search", "random"]

Settings = NewType("Settings", Mapping[str, Any])
"""Settings of a search by name."""

_PLAIN = re.compile(r"[\w.+-]{1,100}")


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
    settings: Settings = attrs.field(factory=lambda: Settings({}))


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
    settings: Settings = attrs.field(factory=lambda: Settings({}))


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
    name: str,
    scale: Scale,
    *,
    data: str | None = None,
    seeds: int | None = None,
    allowed: Callable[[str], bool] = lambda _: False,
) -> Experiment:
    """The experiment called ``name`` or in the TOML file of that name, at ``scale``.

    ``data`` and ``seeds`` take the place of what is written. A file may only name those modules of its user's
    that are ``allowed``, since a search imports them.

    Raises:
        SearchError: there is none, or it is not an experiment.
    """
    try:
        experiment = _parse(name, tomllib.loads(_read(name)), scale)
    except RecursionError:
        raise SearchError(f"the experiment `{name}` cannot be read: it is nested too deeply") from None
    except ValueError as error:  # no TOML, or of another form
        raise SearchError(f"the experiment `{name}` cannot be read: {error}") from None
    size = experiment.size
    if data is not None:
        size = attrs.evolve(size, data=data, quality=None, judge=None)
    if seeds is not None:
        size = attrs.evolve(size, seeds=seeds)
    if (size.quality is None) == (size.data is None):
        raise SearchError(f"the experiment `{name}` at the scale `{scale}` needs a quality, or else data")
    for code in (size.quality, size.judge):
        if code is not None and is_own_code(code) and not allowed(code):
            raise SearchError(
                f"the experiment `{name}` names the module `{code}`, and nothing that a file names is "
                f"imported: if you trust it, say so by --allow-code, or by --quality {code}"
            )
    return attrs.evolve(experiment, size=size)


def own_space(name: str) -> Traversable | None:
    """The space of that name that only experiments need, if there is one."""
    if not _PLAIN.fullmatch(name):
        return None
    file = _folder() / "spaces" / f"{name}.space"
    return file if file.is_file() else None


@attrs.frozen(kw_only=True)
class _Written:
    """The form of the file."""

    title: str
    expect: str
    rows: tuple[Row, ...]
    scale: Mapping[Scale, Size]


def _parse(name: str, document: Mapping[str, Any], scale: Scale) -> Experiment:
    """The experiment in ``document``. Raises DocumentError where it has another form."""
    converter = documents.strict_converter()
    converter.register_structure_hook(Settings, lambda value, _: _settings(value))
    written = documents.structure(converter, document, _Written)
    if scale not in written.scale:
        raise DocumentError(f"$.scale has no `{scale}`")
    size = written.scale[scale]
    if not written.rows or not size.places or min(size.seeds, size.steps, size.random) < 1:
        raise DocumentError(
            "there must be rows and places, and at least one seed, step and random architecture"
        )
    return Experiment(
        name=Path(name).stem, title=written.title, expect=written.expect, rows=written.rows, size=size
    )


def _settings(value: Any) -> dict[str, Any]:
    """Settings of searches by name, and nothing else: each becomes an option of a command."""
    if not isinstance(value, Mapping):
        raise documents.MisfitError("is no table of settings")
    known = {field.name for field in attrs.fields(SearchSettings)} - {"target", "steps", "seed"} | {"preset"}
    if unknown := sorted(value.keys() - known):
        raise documents.MisfitError(f"has `{unknown[0]}`, which is no setting of a search")
    if wrong := [key for key, entry in value.items() if not isinstance(entry, bool | int | float | str)]:
        raise documents.MisfitError(f"has for `{wrong[0]}` neither a number nor a word")
    return dict(value)


def _folder() -> Traversable:
    return files("tunas_dsl") / "experiments"


def _read(name: str) -> str:
    if name in names():
        return (_folder() / f"{name}.toml").read_text(encoding="utf-8")
    if name.endswith(".toml") and Path(name).is_file():
        return documents.read_text(Path(name))
    raise SearchError(f"there is no experiment `{name}`: name a TOML file, or one of {', '.join(names())}")
