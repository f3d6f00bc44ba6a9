"""Lets, decides and layers that are defined by themselves, over whatever other names.

Before: a scope with all names of a file. After: names in a circle are reported, and count as broken.
"""

from collections.abc import Iterator, Mapping

from tunas_dsl.analysis import rules
from tunas_dsl.analysis.scope import Scope
from tunas_dsl.diagnostics import Note, Report
from tunas_dsl.syntax import tree

MOST_PLACES = 8
"""Definitions of a circle that are shown."""


def check_circles(scope: Scope, report: Report) -> None:
    """Report each circle once, at the first of its names."""
    uses = {name: _uses(name, scope) for name in scope.exported()}
    for circle in _circles(uses):
        first = min(circle, key=lambda name: scope.place(name).start)
        start = circle.index(first)
        names = [*circle[start:], *circle[:start], first]
        others = tuple(
            Note(scope.place(name), f"`{name}` is defined here") for name in names[1:-1][:MOST_PLACES]
        )
        cycle = " -> ".join(names)
        report.add(rules.CyclicDefinition(span=scope.place(first), name=first, cycle=cycle, others=others))
        scope.broken.update(circle)


def _uses(name: str, scope: Scope) -> list[str]:
    """The names of this file that the definition of ``name`` uses."""
    binding = scope.own()[name]
    parameters = {parameter.name.text for parameter in binding.parameters}
    found: dict[str, None] = {}
    for node in tree.walk(binding.expression):
        match node:
            case tree.Reference(name=text) | tree.Call(name=tree.Name(text=text)) if text not in parameters:
                found[text] = None
    return list(found)


def _circles(uses: Mapping[str, list[str]]) -> Iterator[list[str]]:
    """Circles that have no name in common: depth first, without recursion, since chains may be long."""
    done: set[str] = set()
    for start in uses:
        path: list[str] = []
        on_path: set[str] = set()
        left = [iter((start,))]
        while left:
            name = next(left[-1], None)
            if name is None:
                left.pop()
                if path:
                    on_path.discard(path[-1])
                    done.add(path.pop())
            elif name in on_path:
                circle = path[path.index(name) :]
                if done.isdisjoint(circle):
                    yield circle
                    done.update(circle)
            elif name in uses and name not in done:
                path.append(name)
                on_path.add(name)
                left.append(iter(uses[name]))
