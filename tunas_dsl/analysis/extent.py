"""How many layers a definition stands for, counted without writing them out.

Before: definitions that use each other. After: a number, which may have hundreds of digits.
"""

from collections.abc import Mapping

import attrs

from tunas_dsl.analysis.operators import OPERATORS
from tunas_dsl.analysis.scope import Binding
from tunas_dsl.syntax import tree

_MOST_VISITS = 5_000


class _Unknown(Exception):
    """A count that would take too long, or depends on a number that has no digits here."""


def layer_count(binding: Binding) -> int | None:
    """The layers that ``binding`` stands for, besides its parameters, if that can be said."""
    try:
        return _Counting().binding(binding, (0,) * len(binding.parameters))
    except (_Unknown, RecursionError):
        return None


@attrs.define(eq=False)
class _Counting:
    counts: dict[tuple[int, tuple[int, ...]], int] = attrs.field(factory=dict)
    visits: int = 0

    def binding(self, binding: Binding, given: tuple[int, ...]) -> int:
        """The layers of a definition whose parameters stand for so many layers each."""
        key = id(binding), given
        if key not in self.counts:
            names = (parameter.name.text for parameter in binding.parameters)
            parameters = dict(zip(names, given, strict=False))
            self.counts[key] = self.expression(binding.expression, binding, parameters)
        return self.counts[key]

    def expression(self, expression: tree.SyntaxNode, inside: Binding, given: Mapping[str, int]) -> int:
        self.visits += 1
        if self.visits > _MOST_VISITS:
            raise _Unknown
        match expression:
            case tree.Sequence(items=parts) | tree.Alternatives(options=parts):
                return sum(self.expression(part, inside, given) for part in parts)
            case tree.First(layers=layers):
                return self.expression(layers, inside, given)
            case tree.Product(factors=(*numbers, layer)):
                count = self.expression(layer, inside, given)
                for number in numbers:
                    count *= _times(number)
                return count
            case tree.Call(name=name, arguments=arguments):
                counts = tuple(self.expression(a.expression, inside, given) for a in arguments)
                if name.text in OPERATORS:
                    return 1 + sum(counts)
                return self.named(name.text, counts, inside, given)
            case tree.Reference(name=name):
                return 1 if name in OPERATORS else self.named(name, (), inside, given)
            case _:
                return 0

    def named(self, name: str, counts: tuple[int, ...], inside: Binding, given: Mapping[str, int]) -> int:
        if name in given:
            return given[name]
        binding = inside.scope.known(name)
        return 0 if binding is None else self.binding(binding, counts)


def _times(number: tree.Expression) -> int:
    match number:
        case tree.Number(number=times) if times.denominator == 1:
            return int(times)
        case tree.Alternatives(options=options):
            return max(map(_times, options))
        case _:
            raise _Unknown
