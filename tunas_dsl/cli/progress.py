"""The progress of a search on standard error: a live line on a terminal, otherwise a line now and then."""

import time
from types import TracebackType

from rich.console import Console
from rich.live import Live

from tunas_dsl.search.progress import Progress

_SECONDS = 10.0


class Reporter:
    """Shows each step that it is told of; costs are in ``unit``, and what is best is ``best``."""

    def __init__(self, unit: str, quality: str = "accuracy", best: str = "argmax") -> None:
        self._unit, self._quality, self._best = unit, quality, best
        self._console = Console(stderr=True, highlight=False)
        self._live = Live(console=self._console, auto_refresh=False) if self._console.is_terminal else None
        self._shown_at = time.monotonic()

    def __enter__(self) -> "Reporter":
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def report(self, progress: Progress) -> None:
        """Show the state after a step."""
        if self._live:
            self._live.update(self._line(progress), refresh=True)
        elif progress.step == progress.steps or time.monotonic() - self._shown_at >= _SECONDS:
            self._shown_at = time.monotonic()
            self.tell(self._line(progress))

    def tell(self, sentence: str) -> None:
        """Print a sentence that stays."""
        self._console.print(sentence, markup=False, soft_wrap=True)

    def _line(self, progress: Progress) -> str:
        entropy = "" if progress.entropy is None else f"entropy {progress.entropy:.2f}  "
        return (
            f"step {progress.step}/{progress.steps}  {self._quality} {progress.accuracy:.3f}  "
            f"sampled {progress.sampled_cost:.4g}, {self._best} {progress.argmax_cost:.4g} {self._unit}  "
            f"{entropy}{progress.seconds_left:.0f} s left"
        )
