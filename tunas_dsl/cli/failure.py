"""The user's mistakes as messages: never a traceback."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from tunas_dsl.diagnostics import SpaceError, render


@contextmanager
def reported() -> Iterator[None]:
    """Turn what a user can put right into a message on standard error and exit status 1."""
    try:
        yield
    except SpaceError as error:
        click.echo("\n\n".join(map(render, error.report.diagnostics)), err=True)
        sys.exit(1)
    except BrokenPipeError:  # the reader of our output went away, which is not an error
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        click.echo(f"error: {place}{error.strerror or error}", err=True)
        sys.exit(1)
    except Exception as error:
        if not isinstance(error, _mistakes()):
            raise
        click.echo(f"error: {error}", err=True)
        sys.exit(1)


def _mistakes() -> tuple[type[Exception], ...]:
    # Imported here: none of it is needed where nothing goes wrong.
    from tunas_dsl.architecture_json import ArchitectureError
    from tunas_dsl.bundle import BundleError
    from tunas_dsl.cost.sampling import SamplingError
    from tunas_dsl.cost.table import TableError
    from tunas_dsl.ir.selection import NotInSpace
    from tunas_dsl.search.errors import DataError, SearchError

    return (ArchitectureError, BundleError, SamplingError, TableError, NotInSpace, DataError, SearchError)
