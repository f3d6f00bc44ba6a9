"""What a user can put right in a search, one exception each for the run and for its images."""


class SearchError(Exception):
    """A setting, a run folder, a checkpoint or a loss that a search cannot go on with; one line says why."""


class DivergedError(SearchError):
    """Weights or a loss that are no longer finite after ``step`` steps at a rate of ``lr``."""

    def __init__(self, symptom: str, step: int, lr: float) -> None:
        super().__init__(f"{symptom} in step {step}: start again with a `weight_lr` below {lr:g}")


class RankError(SearchError):
    """What one of several processes met alone; it says so itself, while the others are silent."""


class DataError(Exception):
    """Images that cannot be used: which file, and what is wrong with it, in one line."""
