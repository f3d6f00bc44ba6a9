"""The one exception for what a user can put right in a search."""


class SearchError(Exception):
    """A setting, a run folder, a checkpoint or a loss that a search cannot go on with; one line says why."""
