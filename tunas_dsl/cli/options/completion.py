"""What a shell completes: the names of shipped spaces, and files."""

import click
from click.shell_completion import CompletionItem

from tunas_dsl.storage.resources import shipped_spaces


def complete_shipped(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Shipped spaces whose names begin with ``incomplete``."""
    return [CompletionItem(name) for name in shipped_spaces() if name.startswith(incomplete)]


def complete_space(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Files, and shipped spaces; what names a file is not a shipped space."""
    return [
        CompletionItem(incomplete, type="file"),
        *complete_shipped(context, parameter, incomplete),
    ]
