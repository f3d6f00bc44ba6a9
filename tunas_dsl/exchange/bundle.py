"""A compiled space as a folder: all that a search needs, the same to the byte whenever it is compiled."""

import hashlib
import io
import os
import shutil
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import attrs
import cattrs
import numpy as np
from numpy.typing import NDArray

from tunas_dsl import __version__
from tunas_dsl.cost.model import CostModel, Site, Unit
from tunas_dsl.errors import BundleError, DocumentError
from tunas_dsl.ir import exchange
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.consistency import check_space
from tunas_dsl.storage.documents import (
    MAX_BYTES,
    check_schema,
    dump,
    parse,
    read_text,
    sealed,
    strict_converter,
    structure,
    unsealed,
)
from tunas_dsl.storage.files import named, swap

SCHEMA = "tunas.bundle/1"

MANIFEST = "manifest.json"
SPACE, DECISIONS, SOURCE, TABLES = "space.json", "decisions.json", "source.space", "latency.npz"
"""The files beside the manifest: the space resolved, its decisions to look at, its text and costs."""


@attrs.frozen(eq=False)
class Bundle:
    """A compiled space: the space, the text it was written in, that text's SHA-256, cost models by name."""

    space: ir.Space
    source: str
    sha256: str
    models: Mapping[str, CostModel]


def source_sha256(source_text: str) -> str:
    """The hash by which architectures and runs name the space that they come from."""
    return hashlib.sha256(source_text.encode()).hexdigest()


def write_bundle(space: ir.Space, source_text: str, models: Iterable[CostModel], directory: Path) -> None:
    """Write the bundle of ``space`` to ``directory``; an older bundle there is replaced as a whole.

    Raises:
        BundleError: something else is there.
    """
    if directory.exists() and not _may_replace(directory):
        raise BundleError(f"{directory} exists and is not a bundle: name another folder")
    files = _files(space, source_text, list(models))
    directory.parent.mkdir(parents=True, exist_ok=True)
    fresh = directory.with_name(f".{directory.name}.{os.getpid()}.new")
    try:
        with named(directory):
            fresh.mkdir()
            for name, content in files.items():
                (fresh / name).write_bytes(content)
        _put(fresh, directory)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def read_bundle(directory: Path) -> Bundle:
    """The bundle in ``directory``, every file held against its hash.

    Raises:
        BundleError: it is no bundle, or one of another version, or a file is missing or was changed.
    """
    manifest = _read_manifest(directory)
    content = {name: _read_file(directory / name, digest) for name, digest in manifest.files.items()}
    try:
        space = exchange.read_space(parse(content[SPACE].decode()))
        check_space(space)
        models = _read_models(space, manifest.models, content[TABLES])
    except (ValueError, LookupError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise BundleError(f"{directory} cannot be read: {error}") from None
    return Bundle(space, content[SOURCE].decode(), manifest.files[SOURCE], models)


@attrs.frozen
class _SiteEntry:
    name: str
    decisions: tuple[int, ...]


@attrs.frozen
class _ModelEntry:
    """A cost model but for its tables, which lie in TABLES as ``<model>.<site>``, both by number."""

    name: str
    unit: Unit
    intercept: float
    sites: tuple[_SiteEntry, ...]


@attrs.frozen
class _Manifest:
    tool: str
    space_schema: str
    models: tuple[_ModelEntry, ...]
    files: dict[str, str]


@cache
def _converter() -> cattrs.Converter:
    return strict_converter()


def _files(space: ir.Space, source_text: str, models: Sequence[CostModel]) -> dict[str, bytes]:
    document = exchange.space_document(space)
    files = {
        SPACE: dump(document).encode(),
        DECISIONS: dump(document["decisions"]).encode(),
        SOURCE: source_text.encode(),
        TABLES: _tables(models),
    }
    manifest = _Manifest(
        tool=f"tunas-dsl {__version__}",
        space_schema=exchange.SCHEMA,
        models=tuple(_entry(model) for model in models),
        files={name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    )
    files[MANIFEST] = dump(sealed({"schema": SCHEMA, **_converter().unstructure(manifest)})).encode()
    return files


def _entry(model: CostModel) -> _ModelEntry:
    sites = tuple(_SiteEntry(site.name, site.decisions) for site in model.sites)
    return _ModelEntry(model.name, model.unit, float(model.intercept), sites)


def _tables(models: Sequence[CostModel]) -> bytes:
    tables: dict[str, Any] = {
        f"{number}.{index}": site.table
        for number, model in enumerate(models)
        for index, site in enumerate(model.sites)
    }
    archive = io.BytesIO()
    np.savez(archive, **tables)  # dates every member 1980, so equal tables are equal bytes
    return archive.getvalue()


def _read_manifest(directory: Path) -> _Manifest:
    path = directory / MANIFEST
    if not path.is_file():
        raise BundleError(f"{directory} is no bundle: it has no {MANIFEST}")
    try:
        document = parse(read_text(path))
        check_schema(document, SCHEMA)
        body = {key: value for key, value in unsealed(document).items() if key != "schema"}
        manifest = structure(_converter(), body, _Manifest)
    except DocumentError as error:
        raise BundleError(f"{path}: {error}") from None
    if manifest.space_schema != exchange.SCHEMA:
        raise BundleError(
            f"{path}: the space is written as {manifest.space_schema}, this version reads {exchange.SCHEMA}"
        )
    if set(manifest.files) != {SPACE, DECISIONS, SOURCE, TABLES}:
        raise BundleError(f"{path}: $.files names {', '.join(sorted(manifest.files)) or 'nothing'}")
    return manifest


def _read_file(path: Path, digest: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror}") from None
    if hashlib.sha256(content).hexdigest() != digest:
        raise BundleError(f"{path} was changed after it was compiled: compile the space again")
    return content


def _read_models(space: ir.Space, entries: Sequence[_ModelEntry], archive: bytes) -> dict[str, CostModel]:
    options = tuple(len(decision.options) for decision in space.decisions)
    with zipfile.ZipFile(io.BytesIO(archive)) as members:
        if sum(member.file_size for member in members.infolist()) > MAX_BYTES:
            raise ValueError(f"{TABLES} unpacks to more than {MAX_BYTES // 1_000_000} MB")
    with np.load(io.BytesIO(archive), allow_pickle=False) as tables:
        return {
            entry.name: CostModel(
                entry.name, entry.unit, options, entry.intercept, _read_sites(number, entry, tables)
            )
            for number, entry in enumerate(entries)
        }


def _read_sites(number: int, entry: _ModelEntry, tables: Mapping[str, NDArray[Any]]) -> tuple[Site, ...]:
    sites = tuple(
        Site(site.name, site.decisions, tables[f"{number}.{index}"]) for index, site in enumerate(entry.sites)
    )
    for site in sites:
        if site.table.dtype.kind not in "iuf" or not np.isfinite(site.table).all():
            raise ValueError(f"site {site.name}: its table has what is no finite number")
    return sites


def _may_replace(directory: Path) -> bool:
    return directory.is_dir() and ((directory / MANIFEST).is_file() or not any(directory.iterdir()))


def _put(fresh: Path, directory: Path) -> None:
    """Move ``fresh`` to ``directory``; a folder cannot be replaced in one step unless it is empty."""
    if not directory.exists():
        fresh.replace(directory)
        return
    if swap(fresh, directory):
        shutil.rmtree(fresh)  # the old one now
        return
    old = directory.with_name(f".{directory.name}.{os.getpid()}.old")
    directory.replace(old)
    fresh.replace(directory)
    shutil.rmtree(old)
