"""``tunas lsp``: the language server."""

import click


@click.command("lsp")
@click.option("--tcp", is_flag=True, help="Listen on a port instead of speaking over standard input.")
@click.option("--host", default="127.0.0.1", show_default=True, help="With --tcp.")
@click.option("--port", type=int, default=2087, show_default=True, help="With --tcp.")
@click.option("--stdio", is_flag=True, help="Speak over standard input and output, as without options.")
def command(tcp: bool, host: str, port: int, stdio: bool) -> None:
    """Serve editors: findings, hover, definitions, renaming, completion, outline."""
    try:
        from tunas_dsl.lsp.server import make_server
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("pygls", "lsprotocol"):
            raise
        raise click.ClickException("the language server needs pygls: pip install 'tunas-dsl[lsp]'") from None
    server = make_server()
    if tcp:
        server.start_tcp(host, port)
    else:
        server.start_io()
