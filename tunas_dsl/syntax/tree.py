"""What was written: the syntax tree of a .space file, with the place of every node.

Equality ignores places, so that two texts are equal when they say the same in the same words.
"""

from collections.abc import Iterator
from fractions import Fraction

import attrs

from tunas_dsl.source import Span


@attrs.frozen(kw_only=True)
class SyntaxNode:
    """What every node has: the characters that it was written with."""

    span: Span = attrs.field(eq=False, repr=False)


@attrs.frozen
class Name(SyntaxNode):
    """A word where it is defined or used."""

    text: str


@attrs.frozen
class Number(SyntaxNode):
    """An exact number: ``3``, ``0.5`` or ``5/8``."""

    number: Fraction


@attrs.frozen
class Times(SyntaxNode):
    """A factor of the selected input filters: ``3x``."""

    factor: Fraction


@attrs.frozen
class Reference(SyntaxNode):
    """A word that stands for a let, a parameter, a layer, or one of a setting's own words."""

    name: str


@attrs.frozen
class Argument(SyntaxNode):
    """``name: expression`` or only an expression."""

    name: Name | None
    expression: "Expression"


@attrs.frozen
class Call(SyntaxNode):
    """A layer with arguments: ``conv(kernel: 3)``."""

    name: Name
    arguments: tuple[Argument, ...]


@attrs.frozen
class Alternatives(SyntaxNode):
    """``a | b | c``: a decision. A single one was written with a leading bar."""

    options: "tuple[Expression, ...]"


@attrs.frozen
class Product(SyntaxNode):
    """``a * b``: numbers multiplied, or a layer repeated."""

    factors: "tuple[Expression, ...]"


@attrs.frozen
class Sequence(SyntaxNode):
    """``{ a b c }``: layers one after the other, as one layer."""

    items: "tuple[Expression, ...]"


@attrs.frozen
class Size(SyntaxNode):
    """``224x192``: height and width in pixels."""

    height: Number
    width: Number


@attrs.frozen
class First(SyntaxNode):
    """``first (2 | 3) of { a b c }``: as many of the layers as the count says."""

    count: "Expression"
    layers: Sequence


Expression = Number | Times | Size | Reference | Call | Alternatives | Product | Sequence | First


@attrs.frozen
class Input(SyntaxNode):
    """``input image 224 x 224 x 3``, ``input image (160 | 192) x 3``: size and channels."""

    size: Expression
    channels: Number


@attrs.frozen
class Divisor(SyntaxNode):
    """``filters divisible by 8``."""

    divisor: Number


@attrs.frozen
class Let(SyntaxNode):
    """``let name = expression``."""

    name: Name
    expression: Expression


@attrs.frozen
class Decide(SyntaxNode):
    """``decide name = alternatives``: one decision for everything that names it."""

    name: Name
    expression: Expression


@attrs.frozen
class Parameter(SyntaxNode):
    """``name`` or ``name: default``."""

    name: Name
    default: Expression | None


@attrs.frozen
class Layer(SyntaxNode):
    """``layer name(parameters) = expression``."""

    name: Name
    parameters: tuple[Parameter, ...]
    expression: Expression


@attrs.frozen
class Default(SyntaxNode):
    """``default bottleneck(act: swish6)``: arguments of a built-in layer where they are not given."""

    name: Name
    arguments: tuple[Argument, ...]


@attrs.frozen
class Block(SyntaxNode):
    """``block name (arguments) { items }``."""

    name: Name
    arguments: tuple[Argument, ...]
    items: tuple[Expression, ...]


@attrs.frozen
class Classifier(SyntaxNode):
    """``classifier (arguments)``."""

    arguments: tuple[Argument, ...]


Definition = Let | Decide | Layer | Default
Statement = Definition | Input | Divisor | Block | Classifier


@attrs.frozen
class Space(SyntaxNode):
    """``space name { statements }``."""

    name: Name
    statements: tuple[Statement, ...]


@attrs.frozen
class Imported(SyntaxNode):
    """A name that is imported, and the name that it has here."""

    name: Name
    as_name: Name


@attrs.frozen
class Import(SyntaxNode):
    """``import a, b as c from "file.space"``, or every name of the file with ``import "file.space"``."""

    names: tuple[Imported, ...]
    path: Name


@attrs.frozen
class Broken(SyntaxNode):
    """A statement that could not be read, after which reading went on; its name, if it defines one."""

    keyword: str
    name: str | None


@attrs.frozen
class File(SyntaxNode):
    """A text: what it imports and defines for itself and for others, and its space if it has one."""

    imports: tuple[Import, ...]
    definitions: tuple[Definition, ...]
    space: Space | None
    broken: tuple[Broken, ...] = ()


def children(node: SyntaxNode) -> Iterator[SyntaxNode]:
    """The nodes directly inside ``node``, in the order of the text."""
    for field in attrs.fields(type(node)):
        inside = getattr(node, field.name)
        if isinstance(inside, SyntaxNode):
            yield inside
        elif isinstance(inside, tuple):
            yield from inside


def walk(node: SyntaxNode) -> Iterator[SyntaxNode]:
    """``node`` and every node inside it, parents first."""
    yield node
    for child in children(node):
        yield from walk(child)


def equal(one: SyntaxNode, other: SyntaxNode) -> bool:
    """Whether two trees are equal, as ``==`` says, for which deep ones leave too little of Python's stack."""
    pairs: list[tuple[object, object]] = [(one, other)]
    while pairs:
        ours, theirs = pairs.pop()
        if isinstance(ours, SyntaxNode) and type(ours) is type(theirs):
            fields = (field.name for field in attrs.fields(type(ours)) if field.eq)
            pairs += ((getattr(ours, name), getattr(theirs, name)) for name in fields)
        elif isinstance(ours, tuple) and isinstance(theirs, tuple) and len(ours) == len(theirs):
            pairs += zip(ours, theirs, strict=True)
        elif ours != theirs:
            return False
    return True
