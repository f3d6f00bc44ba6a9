"""User errors as a message and an exit status."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from tunas_dsl.diagnostics import SpaceError, render
from tunas_dsl.errors import RankError, UserError
from tunas_dsl.runs.ranks import rank


@contextmanager
def user_errors(ctx: click.Context, status: int = 1) -> Iterator[None]:
    """End the program with ``status`` and a message where an error is the user's; pass on all others."""
    try:
        yield
    except (UserError, OSError) as error:
        if isinstance(error, BrokenPipeError):  # click knows what to do
            raise
        if _is_mine(error):
            click.echo(_message(error), err=True)
        ctx.exit(status)


def _message(error: UserError | OSError) -> str:
    if isinstance(error, SpaceError):
        diagnostics = [render(diagnostic) for diagnostic in error.report.diagnostics]
        return "\n".join([*diagnostics, "error: the space cannot be used"])
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"error: {where}{error.strerror or error}"
    return f"error: {error}"


def _is_mine(error: UserError | OSError) -> bool:
    """Whether this process should say it: of several, all meet most errors alike."""
    return not rank() or isinstance(error, RankError | OSError)
