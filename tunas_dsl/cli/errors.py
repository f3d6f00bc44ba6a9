"""User errors as a message and an exit status."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from tunas_dsl.diagnostics import SpaceError, render
from tunas_dsl.diagnostics.printable import in_one_line, printable
from tunas_dsl.errors import RankError, UserError
from tunas_dsl.runs.ranks import rank


@contextmanager
def user_errors(ctx: click.Context, status: int = 1) -> Iterator[None]:
    """End the program with ``status`` and a message where an error is the user's; pass on all others."""
    try:
        yield
    except (UserError, OSError, MemoryError) as error:
        if isinstance(error, BrokenPipeError):  # click knows what to do
            raise
        if _is_mine(error):
            click.echo(_message(error), err=True)
        ctx.exit(status)


def _message(error: UserError | OSError | MemoryError) -> str:
    if isinstance(error, SpaceError):
        diagnostics = [render(diagnostic) for diagnostic in error.report.diagnostics]
        return "\n".join([*diagnostics, "error: the space cannot be used"])
    if isinstance(error, MemoryError):
        return "error: there is not enough memory for what was asked for"
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"error: {in_one_line(f'{where}{error.strerror or error}')}"
    return f"error: {printable(str(error))}"


def _is_mine(error: UserError | OSError | MemoryError) -> bool:
    """Whether this process should say it: of several, all meet most errors alike."""
    return not rank() or isinstance(error, RankError | OSError | MemoryError)
