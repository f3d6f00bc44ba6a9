"""JSON documents: read and converted strictly, with one-line errors that name the place in the document."""

import hashlib
import json
import json.decoder
import json.scanner
import math
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin

import attrs
import cattrs
from cattrs.cols import homogenous_tuple_structure_factory
from cattrs.errors import ForbiddenExtraKeysError

from tunas_dsl.errors import DocumentError
from tunas_dsl.storage.files import check_regular

T = TypeVar("T")

MAX_BYTES = 64_000_000
"""No document is larger."""

_ENDLESS = re.compile(r"[0-9]{4000}")
_FRACTION = re.compile(r"-?[0-9]{1,18}(/0*[1-9][0-9]{0,17})?")


class MisfitError(ValueError):
    """What a structure hook raises: how the sentence goes on that the place begins, ``is a text``."""


def read_text(file: Path | Traversable) -> str:
    """The text in ``file``. Of what is too large, nothing is read where the size is known before.

    Raises:
        DocumentError: there is no such file, or it is larger than MAX_BYTES, or no UTF-8 text.
    """
    try:
        if isinstance(file, Path):
            check_regular(file)
        with file.open("rb") as opened:
            size = os.fstat(opened.fileno()).st_size
            raw = b"" if size > MAX_BYTES else opened.read(MAX_BYTES + 1)
        if max(size, len(raw)) > MAX_BYTES:
            raise DocumentError(f"it is larger than {MAX_BYTES // 1_000_000} MB")
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError(f"it is not UTF-8 text: byte {error.start} is 0x{raw[error.start]:02x}") from None
    except OSError as error:
        raise DocumentError((error.strerror or str(error)).lower()) from None


def parse(text: str) -> dict[str, Any]:
    """The JSON object in ``text``.

    Raises:
        DocumentError: it is not JSON, not an object, or an object in it gives a name twice.
    """
    try:
        document = json.loads(text, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise DocumentError(f"line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise DocumentError("it is nested too deeply") from None
    except DocumentError as error:
        raise DocumentError(f"line {_line_of_object(text)}: {error}") from None
    except ValueError:  # an integer of thousands of digits
        line = next((n for n, row in enumerate(text.split("\n"), 1) if _ENDLESS.search(row)), 1)
        raise DocumentError(f"line {line}: a number has thousands of digits") from None
    if not isinstance(document, dict):
        raise DocumentError(f"$ is {_kind(document)}, not an object")
    return document


def sealed(document: Mapping[str, Any]) -> dict[str, Any]:
    """``document`` with a hash of itself, by which damage is noticed."""
    return {**document, "sha256": _digest(document)}


def unsealed(document: Mapping[str, Any]) -> dict[str, Any]:
    """What :func:`sealed` was given.

    Raises:
        DocumentError: the document is another one now.
    """
    content = {key: value for key, value in document.items() if key != "sha256"}
    try:
        whole = document.get("sha256") == _digest(content)
    except ValueError:  # a number too large for a float, which is never written
        whole = False
    if not whole:
        raise DocumentError("it is not what was written")
    return content


def dump(document: Any, indent: int | None = 2) -> str:
    """``document`` as JSON text that ends in a newline; the same document gives the same text."""
    return json.dumps(document, indent=indent, ensure_ascii=False, allow_nan=False) + "\n"


def check_schema(document: dict[str, Any], schema: str) -> None:
    """Hold the document's ``schema`` against the one that this version reads.

    Raises:
        DocumentError: there is none, or it is another one.
    """
    if "schema" not in document:
        raise DocumentError(f'$.schema is missing: this version reads "{schema}"')
    if document["schema"] != schema:
        raise DocumentError(f'$.schema is {json.dumps(document["schema"])}: this version reads "{schema}"')


def strict_converter() -> cattrs.Converter:
    """A cattrs converter that takes nothing for something else: no ``"3"`` for 3, no unknown keys.

    Fractions are text (``"1/4"``). What has its default value is left out when written.
    """
    converter = cattrs.Converter(forbid_extra_keys=True, omit_if_default=True)
    for scalar in (str, int, bool):
        converter.register_structure_hook(scalar, _exactly(scalar))
    converter.register_structure_hook(int | str, lambda value, _: _integer_or_text(value))
    converter.register_structure_hook(float, lambda value, _: finite(value))
    converter.register_structure_hook(Fraction, lambda value, _: fraction(value))
    converter.register_unstructure_hook(Fraction, str)
    converter.register_structure_hook_factory(_is_tuple_of_any_length, _list_factory)
    return converter


def structure(converter: cattrs.Converter, document: Any, cls: type[T]) -> T:
    """``document`` as a ``cls``.

    Raises:
        DocumentError: it has not the form of one; the first place that differs is named.
    """
    try:
        return converter.structure(document, cls)
    except Exception as error:  # whatever a hook raised lies inside cattrs's exception group
        complaint, _, place = cattrs.transform_error(error, format_exception=_complaint)[0].rpartition(" @ ")
        raise DocumentError(f"{place} {complaint}") from None


def finite(value: Any) -> float:
    """``value`` if it is a finite number of JSON, as a float; otherwise a :class:`MisfitError`."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise MisfitError(f"is {_kind(value)}, not a number")
    try:
        number = float(value)
    except OverflowError:
        raise MisfitError("is an integer of hundreds of digits, not a finite number") from None
    if not math.isfinite(number):
        raise MisfitError(f"is {value}, not a finite number")
    return number


def fraction(value: Any) -> Fraction:
    """The fraction that ``value`` writes as ``"1/4"`` or ``"3"``; otherwise a :class:`MisfitError`."""
    if not isinstance(value, str) or not _FRACTION.fullmatch(value):
        raise MisfitError(f'is {json.dumps(value)}, not a fraction such as "1/4"')
    return Fraction(value)


def _digest(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(dump(document, indent=None).encode(errors="surrogatepass")).hexdigest()


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    entries: dict[str, Any] = {}
    for key, value in pairs:
        if key in entries:
            raise DocumentError(f"`{_escaped(key)}` is given twice in one object")
        if _is_broken(key) or (isinstance(value, str) and _is_broken(value)):
            raise DocumentError(f"`{_escaped(key)}` has half a character, a surrogate alone")
        entries[key] = value
    return entries


def _escaped(text: str) -> str:
    """``text`` on one line, however it was written."""
    return text if text.isprintable() else json.dumps(text)[1:-1]


def _is_broken(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)


def _line_of_object(text: str) -> int:
    """The line on which the first object begins that :func:`_object` refuses, from 1."""
    start: list[int] = []

    def read(at: tuple[str, int], *rest: Any) -> Any:
        try:
            return json.decoder.JSONObject(at, *rest)  # type: ignore[attr-defined]
        except DocumentError:
            start.append(at[1])
            raise

    decoder = json.JSONDecoder(object_pairs_hook=_object)
    decoder.parse_object = read  # type: ignore[attr-defined]
    decoder.scan_once = json.scanner.py_make_scanner(decoder)  # type: ignore[attr-defined]
    with suppress(DocumentError, RecursionError):
        decoder.decode(text)
    return text.count("\n", 0, start[0]) + 1 if start else 1


def _exactly(scalar: type) -> Any:
    name = {str: "a text", int: "an integer", bool: "true or false"}[scalar]

    def hook(value: Any, _: type) -> Any:
        if type(value) is not scalar:  # True is an int to isinstance
            raise MisfitError(f"is {_kind(value)}, not {name}")
        return value

    return hook


def _integer_or_text(value: Any) -> int | str:
    if type(value) is int or isinstance(value, str):
        return value
    raise MisfitError(f"is {_kind(value)}, neither an integer nor a text")


def _is_tuple_of_any_length(cls: Any) -> bool:
    return get_origin(cls) is tuple and get_args(cls)[-1:] == (Ellipsis,)


def _list_factory(cls: Any, converter: cattrs.Converter) -> Any:
    structure_tuple = homogenous_tuple_structure_factory(cls, converter)

    def hook(value: Any, cls: Any) -> Any:
        if not isinstance(value, list | tuple):  # a text is an iterable, too
            raise MisfitError(f"is {_kind(value)}, not a list")
        return structure_tuple(value, cls)

    return hook


def _complaint(error: BaseException, expected: type | None) -> str:
    match error:
        case KeyError():
            return "is missing"
        case ForbiddenExtraKeysError():
            return f"has the unknown key `{_escaped(min(error.extra_fields))}`"
        case AttributeError() | TypeError() if expected is None or attrs.has(expected):
            return "is not an object"
        case MisfitError():
            return str(error)
        case _ if getattr(expected, "__args__", None) and "literal" in str(error):
            return "is none of " + ", ".join(_words(expected))
        case _:
            return "has not the form that it should have"


def _words(expected: Any) -> list[str]:
    """The words of a literal type, also where None is the alternative to it."""
    inner = get_args(expected)
    if get_origin(expected) is Literal:
        return [str(word) for word in inner]
    return [word for part in inner if part is not type(None) for word in _words(part)]


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return "an integer"
        case float():
            return "a number with a fraction"
        case str():
            return "a text"
        case list():
            return "a list"
        case _:
            return "an object"
