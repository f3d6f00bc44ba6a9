"""Tables of operations put together and compared."""

from collections.abc import Iterator, Sequence
from typing import Literal

import attrs

from tunas_dsl.cost.signature import Signature
from tunas_dsl.cost.table import LatencyTable, Measurement
from tunas_dsl.cost.table_json import order
from tunas_dsl.errors import TableError

Prefer = Literal["first", "last"]


def merge_tables(tables: Sequence[LatencyTable], prefer: Prefer | None) -> LatencyTable:
    """One table with the operations of all ``tables``, of which there is at least one.

    Raises:
        TableError: a table is one of sites, they are of different devices or runtimes, or two entries differ
            and ``prefer`` does not say which one counts.
    """
    first = tables[0]
    found: dict[Signature, Measurement] = {}
    for table in tables:
        _check_comparable(first, table)
        for signature, measured in table.operations.items():
            if signature in found and found[signature].ms != measured.ms:
                if prefer is None:
                    both = f"{found[signature].ms:g} and {measured.ms:g} ms"
                    raise TableError(f"`{signature}` takes {both} in {table.name}: choose with --prefer")
                if prefer == "first":
                    continue
            found[signature] = measured
    kinds = {table.spread_kind for table in tables}
    sources = dict.fromkeys(table.source for table in tables)
    return attrs.evolve(
        first,
        operations=found,
        source="; ".join(sources),
        spread_kind=kinds.pop() if len(kinds) == 1 else None,
    )


def _check_comparable(first: LatencyTable, table: LatencyTable) -> None:
    if table.space is not None:
        raise TableError(
            f"{table.name} is a table of the sites of `{table.space}`: only operations can be merged"
        )
    for field in ("device", "runtime", "threads", "intercept"):
        ours, theirs = getattr(first, field), getattr(table, field)
        if ours != theirs:
            raise TableError(f"{first.name} and {table.name} differ in their {field}: {ours} and {theirs}")


def changes(one: LatencyTable, other: LatencyTable) -> Iterator[str]:
    """A line for each entry that only one table has (``-``, ``+``) or that differs, and for the head's."""
    for field in ("device", "runtime", "threads", "spread_kind"):
        if getattr(one, field) != getattr(other, field):
            yield f"~ {field} {getattr(one, field)} -> {getattr(other, field)}"
    if one.space is not None or other.space is not None:
        yield from _site_changes(one, other)
        return
    if one.intercept != other.intercept:
        yield f"~ intercept {one.intercept:g} -> {other.intercept:g} ms"
    for signature in sorted({*one.operations, *other.operations}, key=order):
        before, after = one.operations.get(signature), other.operations.get(signature)
        if before is None and after is not None:
            yield f"+ {signature}  {after.ms:g} ms"
        elif after is None and before is not None:
            yield f"- {signature}  {before.ms:g} ms"
        elif before is not None and after is not None and before.ms != after.ms:
            change = f" ({100 * (after.ms / before.ms - 1):+.1f} %)" if before.ms else ""
            yield f"~ {signature}  {before.ms:g} -> {after.ms:g} ms{change}"


def _site_changes(one: LatencyTable, other: LatencyTable) -> Iterator[str]:
    if one.space != other.space:
        yield f"~ space {one.space} -> {other.space}"
        return
    if one.intercept != other.intercept:
        yield f"~ intercept {one.intercept:g} -> {other.intercept:g} ms"
    before = {site.site: site for site in one.sites}
    after = {site.site: site for site in other.sites}
    for name in sorted({*before, *after}):
        if name not in after or name not in before:
            yield f"{'-' if name in before else '+'} site {name}"
        elif before[name].options != after[name].options:
            yield f"~ site {name} has other options"
        elif (before[name].ms != after[name].ms).any():
            largest = abs(after[name].ms - before[name].ms).max()
            yield f"~ site {name} differs by up to {largest:g} ms"
