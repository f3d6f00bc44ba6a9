"""Whole networks of a space measured on a bench, and the file from which that is resumed."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from tunas_dsl.cost.layers import macs_model
from tunas_dsl.cost.table import Measurement
from tunas_dsl.errors import DocumentError, TableError
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import prune
from tunas_dsl.profiling.bench import Bench
from tunas_dsl.profiling.driver import Job, Measured, Noise, measure
from tunas_dsl.profiling.plan import plan
from tunas_dsl.profiling.profile import scale
from tunas_dsl.profiling.rounds import Rounds, Rules
from tunas_dsl.storage.documents import check_schema, dump, finite, parse, read_text
from tunas_dsl.storage.files import write_atomically

SCHEMA = "tunas.measured-networks/1"

NETWORKS = 6
"""Networks that are measured in turn."""

Vector = tuple[int, ...]


@attrs.frozen(eq=False)
class Networks:
    """The architectures ``wanted`` of ``space``, of which ``done`` are measured.

    ``level`` is what the reference took, in ms, when the first of them were; ``origin`` says what was
    measured on what, for a file to be held against.
    """

    space: ir.Space
    wanted: Sequence[Vector]
    origin: Mapping[str, str | int]
    done: Mapping[Vector, Measurement] = attrs.field(factory=dict)
    level: float | None = None

    @property
    def left(self) -> list[Vector]:
        """Those that are not measured yet, each once."""
        return [vector for vector in dict.fromkeys(self.wanted) if vector not in self.done]

    def resumed(self, file: Path) -> "Networks":
        """With what ``file`` has of them.

        Raises:
            TableError: it is damaged, or of another space or device.
        """
        try:
            document = parse(read_text(file))
            check_schema(document, SCHEMA)
            for key, ours in self.origin.items():
                if document.get(key) != ours:
                    raise DocumentError(f"$.{key} is {document.get(key)}, not {ours}: name another folder")
            rows = document["networks"]
            done = {
                tuple(row["indices"]): Measurement(finite(row["ms"]), finite(row["spread"]), row["count"])
                for row in rows
            }
            return attrs.evolve(self, done=done, level=finite(document["reference_ms"]))
        except (DocumentError, KeyError, TypeError, ValueError) as error:
            what = error if isinstance(error, DocumentError) else f"it is damaged ({type(error).__name__})"
            raise TableError(f"{file}: {what}") from None

    def written(self) -> dict[str, Any]:
        """All that is measured, for a file."""
        rows = [
            {"indices": list(vector), "ms": found.ms, "spread": found.spread, "count": found.count}
            for vector, found in self.done.items()
        ]
        return {"schema": SCHEMA, **self.origin, "reference_ms": self.level, "networks": rows}


@attrs.frozen(eq=False)
class Series:
    """The networks that are left, on a bench."""

    networks: Networks
    bench: Bench
    rounds: Rounds

    @classmethod
    def begin(cls, networks: Networks, bench: Bench, rules: Rules, stopped: Callable[[], bool]) -> "Series":
        """Make the reference ready, an operation of the space of middling size."""
        reference = plan(networks.space, {}).reference
        return cls(networks, bench, Rounds(bench.operation(reference), rules, stopped))

    def run(self, file: Path | None, report: Callable[[Measured], None]) -> tuple[Networks, Noise]:
        """Measure what is left; after each batch, ``file`` has all that is done.

        Raises:
            Stopped: it was interrupted.
        """
        found, states = dict(self.networks.done), [self.networks]

        def keep(batch: Mapping[Vector, Measurement]) -> None:
            level = self.networks.level or self.rounds.level or 1.0
            factor = level / (self.rounds.level or level)
            found.update({vector: scale(measured, factor) for vector, measured in batch.items()})
            states[:] = [attrs.evolve(self.networks, done=dict(found), level=level)]
            if file is not None:
                write_atomically(file, dump(states[0].written(), indent=None))

        noise = measure(self._job(), self.rounds, keep=keep, report=report)
        return states[0], noise

    def _job(self) -> Job[Vector]:
        space, left = self.networks.space, self.networks.left
        macs = macs_model(space)

        def prepare(vector: Vector) -> Any:
            return self.bench.network(prune(space, vector))

        def weight(vector: Vector) -> float:
            return float(macs.total(np.array([vector]))[0])

        return Job(left, prepare, weight, NETWORKS, list(self.networks.done))
