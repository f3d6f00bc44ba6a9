"""What a backend measures with: a bench, which makes tasks of operations and of networks."""

from typing import Literal, Protocol

from tunas_dsl.cost.signature import Signature
from tunas_dsl.ir import space as ir

Runtime = Literal["onnxruntime", "torch", "executorch"]
RUNTIMES: tuple[Runtime, ...] = ("onnxruntime", "torch", "executorch")


class Task(Protocol):
    """Something that can be run again and again."""

    def __call__(self) -> float:
        """Run it once on batch 1, its input written just before; the time that it took, in ms."""
        ...


class Bench(Protocol):
    """A runtime on a device, on which operations and networks are timed in inference mode, batch norm folded.

    ``runtime`` and ``device`` are as a table names them, ``clock`` says which time is taken.
    """

    @property
    def runtime(self) -> str:
        """The runtime and its version."""
        ...

    @property
    def device(self) -> str:
        """The processor that it measures on, by its name."""
        ...

    @property
    def threads(self) -> int:
        """How many threads compute."""
        ...

    @property
    def clock(self) -> str:
        """What is timed: the processor's time or the wall clock's."""
        ...

    def operation(self, signature: Signature) -> Task:
        """The operation as the runtime fuses it. Raises SearchError where the runtime cannot have it."""
        ...

    def network(self, architecture: ir.Space) -> Task:
        """The whole network of a space in which nothing is left to decide."""
        ...
