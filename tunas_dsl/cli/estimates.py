"""What is said of a table that lacks operations, and for which others stand."""

import click

from tunas_dsl.cost.lookup import Missing
from tunas_dsl.cost.model import CostModel


class Estimates:
    """Says of each table that is opened how many operations are estimated, and keeps the last number."""

    def __init__(self, missing: Missing) -> None:
        self.missing = missing
        self.operations = 0

    def __call__(self, model: CostModel) -> None:
        """A note where some are."""
        if model.estimated:
            self.operations = model.estimated
            what = "operation is" if model.estimated == 1 else "operations are"
            note = (
                f"note: {model.estimated} {what} not in the table, and estimated (--missing {self.missing})"
            )
            click.echo(note, err=True)
