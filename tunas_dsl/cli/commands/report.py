"""``tunas report``: runs as one HTML page, or as TensorBoard's files."""

from pathlib import Path

import click

from tunas_dsl.storage.files import write_atomically


@click.command("report")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RUN...")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default="report.html",
    show_default=True,
    help="The page to write.",
)
@click.option("--title", default="Architecture searches", show_default=True, help="The page's heading.")
@click.option(
    "--tensorboard",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write files for TensorBoard into this folder, one a run, instead of a page.",
)
def command(runs: tuple[Path, ...], output: Path, title: str, tensorboard: Path | None) -> None:
    """Write a page on searches, baselines and trainings: RUN is a run folder, or a folder of them.

    The page compares them, draws the curves, the architectures found and the policy over time, and
    says why each alternative was taken. It is one file that needs no network. Runs that still go on
    are shown as far as they are.
    """
    from tunas_dsl.report.page import page
    from tunas_dsl.report.reading import find_runs, read_record

    folders = list(find_runs(runs))
    if tensorboard is not None:
        from tunas_dsl.report.tensorboard import write_log

        for folder in folders:
            write_log(folder / "events.jsonl", tensorboard / folder.resolve().name)
        click.echo(f"wrote {len(folders)} runs for TensorBoard: tensorboard --logdir {tensorboard}")
        return
    write_atomically(output, page([read_record(folder) for folder in folders], title))
    click.echo(f"wrote {output}, about {len(folders)} runs")
