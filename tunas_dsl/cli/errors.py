"""User errors as a message and an exit status."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from tunas_dsl.diagnostics import SpaceError, render


@contextmanager
def user_errors(ctx: click.Context, status: int = 1) -> Iterator[None]:
    """End the program with ``status`` and a message where an error is the user's; pass on all others."""
    try:
        yield
    except (BrokenPipeError, click.exceptions.Exit, click.ClickException):  # click knows what to do
        raise
    except SpaceError as error:
        for diagnostic in error.report.diagnostics:
            click.echo(render(diagnostic), err=True)
        click.echo("error: the space cannot be used", err=True)
        ctx.exit(status)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        click.echo(f"error: {where}{error.strerror or error}", err=True)
        ctx.exit(status)
    except Exception as error:
        if not isinstance(error, _expected()):
            raise
        if _is_mine(error):
            click.echo(f"error: {error}", err=True)
        ctx.exit(status)


def _is_mine(error: Exception) -> bool:
    """Whether this process should say it: of several, all meet most errors alike."""
    from tunas_dsl.errors import RankError
    from tunas_dsl.runs.ranks import rank

    return not rank() or isinstance(error, RankError)


def _expected() -> tuple[type[Exception], ...]:
    # Imported only now: NumPy would slow down every command that needs no numbers.
    from tunas_dsl.cost.most_probable import UndecidedError
    from tunas_dsl.cost.sampling import SamplingError
    from tunas_dsl.cost.table import TableError
    from tunas_dsl.cost.ticks import TickError
    from tunas_dsl.errors import DataError, SearchError
    from tunas_dsl.exchange.architecture_json import ArchitectureError
    from tunas_dsl.exchange.bundle import BundleError
    from tunas_dsl.ir.selection import NotInSpace
    from tunas_dsl.storage.documents import DocumentError

    return (
        ArchitectureError,
        BundleError,
        SamplingError,
        UndecidedError,
        TickError,
        TableError,
        DocumentError,
        NotInSpace,
        DataError,
        SearchError,
    )
