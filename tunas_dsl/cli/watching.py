"""``--watch``: the same again whenever a .space file changes."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import click

Action = Callable[[Sequence[str]], object]

_TICK = 200
"""Milliseconds between looks at whether ctrl-C was pressed."""


def watch_files(paths: Sequence[str], action: Action) -> None:
    """Do ``action`` now and after every change in the folders of ``paths``, until ctrl-C.

    These are the folders from which the files may import. Raises a usage error where there is nothing to
    watch, and a plain one without watchfiles.
    """
    try:
        from watchfiles import watch
    except ModuleNotFoundError:
        message = "--watch needs watchfiles: pip install 'tunas-dsl[watch]'"
        raise click.ClickException(message) from None
    folders = {path if path.is_dir() else path.parent for path in map(Path, paths)}
    spaces = partial(watch, *folders, watch_filter=lambda _, name: name.endswith(".space"))
    changes = spaces(rust_timeout=_TICK, yield_on_timeout=True)
    with suppress(KeyboardInterrupt):
        next(changes)  # it watches from here on, so that nothing is missed
        action(paths)
        click.echo("waiting for changes; ctrl-C ends", err=True)
        for _ in filter(None, changes):
            click.echo(f"\n{time.strftime('%H:%M:%S')}", err=True)
            _again(paths, action)


def _again(paths: Sequence[str], action: Action) -> None:
    try:
        action(paths)
    except click.UsageError as error:  # a file that is just being replaced
        click.echo(f"error: {error.message}", err=True)
