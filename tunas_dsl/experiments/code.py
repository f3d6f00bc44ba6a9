"""The code that an experiment's outcomes depend on, as one hash."""

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from tunas_dsl.storage.resources import shipped

_PACKAGES = ("tunas_dsl", "tunas_torch")


@cache
def code_hash() -> str:
    """The hash of the compiler, the backend and the grammar, in 16 digits.

    Comments and docstrings do not count. Nothing is imported for it, torch least of all.
    """
    grammars = (file.read_bytes() for file in shipped("grammars").iterdir() if file.name.endswith(".lark"))
    return hash_of(_sources(), sorted(grammars))


def hash_of(sources: Iterable[bytes], others: Iterable[bytes] = ()) -> str:
    """The hash of Python ``sources``, by what they do, and of ``others``, byte for byte."""
    hashed = hashlib.sha256()
    for source in sources:
        tree = ast.parse(source)
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                node.body = [part for part in node.body if not _is_docstring(part)]
        hashed.update(ast.dump(tree).encode() + b"\0")
    for other in others:
        hashed.update(other + b"\0")
    return hashed.hexdigest()[:16]


def _sources() -> Iterator[bytes]:
    """The modules of all packages, in the order of their names."""
    for package in _PACKAGES:
        spec = find_spec(package)
        for folder in (spec and spec.submodule_search_locations) or ():
            for file in sorted(Path(folder).rglob("*.py")):
                yield file.read_bytes()


def _is_docstring(node: ast.stmt) -> bool:
    match node:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
    return False
