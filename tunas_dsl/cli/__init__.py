"""The program ``tunas``: its commands, each a module that is imported only when it is used."""

import importlib
import sys

import click

from tunas_dsl import __version__
from tunas_dsl.cli.errors import user_errors

MAX_RECURSION = 10_000

COMMANDS = {
    "new": "Write a space to start from.",
    "check": "Say what is wrong with spaces, and where.",
    "explain": "Explain the code of an error or warning.",
    "fmt": "Format spaces in the canonical style.",
    "show": "Show blocks, layers and decisions, and how large the space is.",
    "spaces": "List the spaces that come along, and copy one to start from.",
    "diff": "Say what differs between two spaces or architectures.",
    "cost": "Multiply-adds, parameters and latency of an architecture.",
    "table": "Show, check, import, merge and compare latency tables.",
    "profile": "Measure a latency table on this machine.",
    "validate-latency": "Measure networks, and hold them against a table's sums.",
    "sample": "Draw random architectures.",
    "compile": "Write a compiled space as a folder.",
    "search": "Search a space, into a run folder.",
    "baseline": "Random search and evolution, to compare a search with.",
    "train": "Train an architecture alone, into a run folder.",
    "bench": "Measure the steps of a search.",
    "evaluate": "Say how good a trained architecture is.",
    "export": "Write the architecture that a search found.",
    "watch": "Watch a search while it runs.",
    "report": "Write a page on runs: curves, architectures, and why.",
    "runs": "List runs and compare them.",
    "rank": "Say how far the ratings of a search can be trusted.",
    "experiment": "Run an experiment of the paper, and print its table.",
    "lsp": "Serve editors.",
}


class LazyGroup(click.Group):
    """Commands by the names of their modules; help needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order in which people use them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(
            f"tunas_dsl.cli.commands.{cmd_name.replace('-', '_')}"
        ).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of commands."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; what the user can put right ends in a message and status 1."""
        with user_errors(ctx):
            return super().invoke(ctx)


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    import platform
    from importlib.metadata import PackageNotFoundError, version

    try:
        torch = version("torch")
    except PackageNotFoundError:
        torch = "not installed"
    click.echo(f"tunas {__version__}, Python {platform.python_version()}, torch {torch}")
    ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the versions of tunas, Python and torch, and exit.",
)
def cli() -> None:
    """Spaces of neural architectures: check, measure, search."""


def main() -> None:
    """Run the program; ends with ``SystemExit``."""
    sys.setrecursionlimit(MAX_RECURSION)  # for layers in layers, some hundred deep
    cli(prog_name="tunas")
