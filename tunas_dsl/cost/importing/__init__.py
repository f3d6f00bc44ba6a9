"""Latency tables of other tools, as tables of operations."""

from pathlib import Path

from tunas_dsl.cost.importing.csv_table import read_csv
from tunas_dsl.cost.importing.lookup_yaml import read_yaml
from tunas_dsl.cost.table import LatencyTable
from tunas_dsl.cost.table_files import read_text
from tunas_dsl.errors import TableError

__all__ = ["import_table"]


def import_table(file: Path) -> LatencyTable:
    """The table in ``file``: YAML as ProxylessNAS and once-for-all publish theirs, or CSV by its ending.

    Raises:
        TableError: it cannot be read, or is not of such a form; the message names file and line.
    """
    text = read_text(file)
    match file.suffix.lower():
        case ".csv":
            return read_csv(text, file)
        case ".yaml" | ".yml":
            return read_yaml(text, file)
        case _:
            raise TableError(f"{file}: its name ends neither in .yaml nor in .csv")
