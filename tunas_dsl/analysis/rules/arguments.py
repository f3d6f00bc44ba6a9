"""What can be wrong with the arguments of layers and statements."""

import re
from typing import get_args

import attrs

from tunas_dsl.analysis.vocabulary import advice, meant
from tunas_dsl.diagnostics import Diagnostic, Fix, Note
from tunas_dsl.ir.space import ActivationFunction
from tunas_dsl.source import Span


@attrs.frozen(kw_only=True)
class UnknownArgument(Diagnostic):
    """An argument that the layer or statement does not have.

    The message names those that it has; ``docs/language.md`` has a table of all layers with their arguments.
    """

    code = "E105"
    message = "`{owner}` has no argument `{name}`; it has {accepted}"

    owner: str
    name: str
    known: frozenset[str]

    @property
    def accepted(self) -> str:
        """The arguments that there are."""
        return ", ".join(f"`{name}`" for name in sorted(self.known)) or "none"

    @property
    def hint(self) -> str | None:
        """An argument that is spelt nearly the same, or that others call so."""
        if self.owner.startswith("block ") and self.name in ("stride", "kernel", "act", "expand", "se"):
            return f"`{self.name}` is an argument of layers: `bottleneck(kernel: 3, expand: 6x, stride: 2)`"
        if self.owner == "conv" and meant(self.name, ("act",)):
            value = re.match(r"\s*[:=]\s*(\w+)", self.span.source.text[self.span.end :])
            word = value[1] if value else "relu"
            near = meant(word, get_args(ActivationFunction))
            return f"write `{near.name if near else word}` behind it: `conv` has no activation of its own"
        return advice(self.name, self.known)

    @property
    def fix(self) -> Fix | None:
        """That argument in its place."""
        near = meant(self.name, self.known)
        return near.fix(self.span) if near else None


@attrs.frozen(kw_only=True)
class RepeatedArgument(Diagnostic):
    """An argument that is given twice: by position and by name, or two times by name.

    Where several values are to be tried, they are alternatives: ``kernel: 3 | 5``.
    """

    code = "E106"
    message = "the argument `{name}` of `{owner}` is given twice"

    owner: str
    name: str
    first: Span

    @property
    def notes(self) -> tuple[Note, ...]:
        """The first one."""
        return (Note(self.first, "first given here"),)


@attrs.frozen(kw_only=True)
class TooManyArguments(Diagnostic):
    """More arguments without a name than the layer has.

    Arguments without a name are taken in the order of the layer's definition.
    """

    code = "E107"
    message = "`{owner}` takes {taken}"

    owner: str
    names: tuple[str, ...]

    @property
    def hint(self) -> str | None:
        """How several layers are written."""
        if self.owner in get_args(ActivationFunction) and self.span.text.endswith(")"):
            return f"an activation stands behind its layer: write `{self.span.text} {self.owner}`"
        if self.owner != "residual":
            return None
        return "alternatives are written `residual(a | b)`, several layers `residual({ a b })`"

    @property
    def taken(self) -> str:
        """The arguments that there are."""
        if not self.names:
            return "no arguments"
        listed = ", ".join(f"`{name}`" for name in self.names)
        return f"only the argument {listed}" if len(self.names) == 1 else f"only the arguments {listed}"


@attrs.frozen(kw_only=True)
class MissingArgument(Diagnostic):
    """An argument without a default that is not given.

    Where many calls would give the same, ``default bottleneck(expand: 6x)`` gives it once for a file.
    """

    code = "E108"
    message = "`{owner}` needs the argument `{name}`"

    owner: str
    name: str

    @property
    def hint(self) -> str | None:
        """How it is given."""
        if self.owner == "residual":
            return "write `residual(layer)`, or `residual({ a b })` around several layers"
        value = {"kernel": "3", "expand": "6x", "classes": "1000"}.get(self.name, "...")
        if self.span.text.endswith(")") and not self.span.text.endswith("()"):
            return f"add `{self.name}: {value}`"
        gap = " " * (self.owner == "classifier")
        return f"write `{self.owner}{gap}({self.name}: {value})`"
