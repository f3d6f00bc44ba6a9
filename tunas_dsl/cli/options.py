"""Options that several commands have."""

import click

output_format = click.option(
    "--format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="What to print."
)
latency = click.option(
    "--latency",
    metavar="TABLE|macs",
    help="A latency table: a file, a folder, or a shipped one such as pixel1.",
)
quality = click.option(
    "--quality",
    metavar="MODULE:FUNCTION",
    help="What rates architectures: a function of index vectors, (n, decisions), that gives n numbers.",
)
