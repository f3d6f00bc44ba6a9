"""What is the user's to put right: one base, and its kinds.

Of the same family is :class:`tunas_dsl.diagnostics.SpaceError`, which has a report with places in a text.
"""


class UserError(Exception):
    """Something that the user can put right; the message says in a line what, and where.

    Whatever the library is given and cannot use ends in one; any other exception is a mistake of ours.
    """


class DocumentError(UserError, ValueError):
    """What is wrong with a document, and where in it: ``$.sites[3].ms is missing``."""


class NotInSpace(UserError, ValueError):
    """An index vector that the space does not have; the message says which number is wrong."""


class ArchitectureError(UserError):
    """A document that is no architecture of this version; one line says what is wrong and where."""


class BundleError(UserError):
    """A folder that is no bundle of this version, or a damaged one; one line says what and where."""


class TableError(UserError):
    """A latency table that is missing, malformed, or of another space; one line says what and where."""


class TickError(UserError):
    """A tick that would take too long and too much memory; the message says which would not."""


class SamplingError(UserError):
    """A request for samples that cannot be met; the message says why."""


class UndecidedError(UserError):
    """The search for a point in a very narrow band was given up."""


class DataError(UserError):
    """Images that cannot be used: which file, and what is wrong with it, in one line."""


class SearchError(UserError):
    """A setting, a run folder, a checkpoint or a loss that a search cannot go on with; one line says why."""


class LockedError(UserError):
    """Another process writes there; the message says which, and since when. Nothing was changed."""


class DivergedError(SearchError):
    """Weights or a loss that are no longer finite after ``step`` steps at a rate of ``lr``."""

    def __init__(self, symptom: str, step: int, lr: float) -> None:
        super().__init__(f"{symptom} in step {step}: start again with a `weight_lr` below {lr:g}")


class RankError(SearchError):
    """What one of several processes met alone; it says so itself, while the others are silent."""
