"""What commands take: spaces (text, bundle, or exported architecture) and points of them."""

import re
from pathlib import Path

import attrs

from tunas_dsl.bundle import MANIFEST, read_bundle, source_sha256
from tunas_dsl.compiler import compile_text, load_space, read_source
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.matching import locate
from tunas_dsl.ir.selection import NotInSpace, check_indices


@attrs.frozen
class Named:
    """A space, and the text that it was written in."""

    space: ir.Space
    text: str

    @property
    def sha256(self) -> str:
        """The hash that names the text in what is derived from it."""
        return source_sha256(self.text)


def open_space(path: str) -> Named:
    """The space in a .space file, a bundle, an exported architecture, or the shipped one of that name."""
    if (Path(path) / MANIFEST).is_file():
        bundle = read_bundle(Path(path))
        return Named(bundle.space, bundle.source)
    if path.endswith(".json"):
        from tunas_dsl.architecture_json import read_architecture

        network = read_architecture(Path(path)).network
        return Named(compile_text(network, path), network)
    source = read_source(path)
    return Named(compile_text(source.text, source.path), source.text)


def open_point(space: ir.Space, written: str | None) -> tuple[int, ...]:
    """The index vector that ``written`` names: ``0:1:2``, a JSON file, or a .space file without ``|``.

    Raises:
        NotInSpace: nothing is written and the space has decisions, or it is no point of ``space``.
    """
    if written is None:
        if not space.is_architecture:
            raise NotInSpace(
                f"`{space.name}` has decisions: name an architecture, as 0:1:..., a JSON or a .space file"
            )
        return (0,) * len(space.decisions)
    if re.fullmatch(r"\s*\d+(\s*:\s*\d+)*\s*", written):
        return check_indices(space, [int(number) for number in written.split(":")])
    if written.endswith(".json"):
        from tunas_dsl.architecture_json import read_architecture

        document = read_architecture(Path(written))
        choices = document.choices
        if choices.keys() == space.position.keys():
            return check_indices(space, document.indices)
        return locate(space, compile_text(document.network, written))
    architecture = load_space(written)
    if not architecture.is_architecture:
        raise NotInSpace(f"{written} is not an architecture: it still has decisions")
    return locate(space, architecture)
