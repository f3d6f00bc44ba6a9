"""The progress of a run on standard error: a live line on a terminal, otherwise a line now and then."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

from rich.console import Console
from rich.live import Live

from tunas_dsl.search.progress import Progress
from tunas_dsl.training.progress import TrainingProgress

_SECONDS = 10.0


class Steps(Protocol):
    """The state after ``step`` of ``steps`` steps."""

    @property
    def step(self) -> int:
        """The steps done."""
        ...

    @property
    def steps(self) -> int:
        """The steps in all, those done included."""
        ...

    @property
    def seconds_left(self) -> float:
        """The time that the remaining steps will take, in seconds, by those done so far."""
        ...


P = TypeVar("P", bound=Steps)


class Reporter(Generic[P]):
    """Shows each step that it is told of; ``describe`` puts what it did into words."""

    def __init__(self, describe: Callable[[P], str]) -> None:
        self._describe = describe
        self._console = Console(stderr=True, highlight=False)
        self._live = Live(console=self._console, auto_refresh=False) if self._console.is_terminal else None
        self._shown_at = time.monotonic()
        self._state = ""

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def report(self, progress: P) -> None:
        """Show the state after a step."""
        self._state = in_a_line(progress, self._describe(progress))
        self._show(self._state, self._state, progress.step == progress.steps)

    def within(self, line: str) -> None:
        """Show how far the next step is, in a ``line`` below the state after the last one."""
        self._show(line, "\n".join(filter(None, (self._state, line))))

    def tell(self, sentence: str) -> None:
        """Print a sentence that stays."""
        self._console.print(sentence, markup=False, soft_wrap=True)

    def _show(self, line: str, lines: str, last: bool = False) -> None:
        """The ``lines`` where they stay in place, or else a ``line`` now and then."""
        if self._live:
            self._live.update(lines, refresh=True)
        elif last or time.monotonic() - self._shown_at >= _SECONDS:
            self._shown_at = time.monotonic()
            self.tell(line)


def in_a_line(progress: Steps, description: str) -> str:
    """The state after a step, with the ``description`` of what it did."""
    done = f"step {progress.step}/{progress.steps}"
    return f"{done}  {description}  {progress.seconds_left:.0f} s left"


def training_line(progress: TrainingProgress) -> str:
    """Puts a step of a training into words."""
    validation = "" if progress.validation is None else f"  validation {progress.validation:.4f}"
    return f"loss {progress.loss:.3f}  accuracy {progress.accuracy:.3f}{validation}"


def search_line(unit: str, quality: str = "accuracy", best: str = "argmax") -> Callable[[Progress], str]:
    """Puts a step of a search into words; costs are in ``unit``, and what is best is ``best``."""

    def describe(progress: Progress) -> str:
        phase = "" if progress.phase is None else f"{progress.phase}: "
        best_cost = "" if progress.argmax_cost is None else f", {best} {progress.argmax_cost:.4g}"
        entropy = "" if progress.entropy is None else f"  entropy {progress.entropy:.2f}"
        return (
            f"{phase}{quality} {progress.accuracy:.3f}  sampled {progress.sampled_cost:.4g}{best_cost} "
            f"{unit}{entropy}"
        )

    return describe
