"""The trials of an experiment as a table: mean and standard deviation over the seeds."""

import statistics
from collections.abc import Sequence
from typing import Any

from tunas_dsl.experiments.conduct import Trial

HEADINGS = {
    "found": ("found, % off", "{:+.2f}", 1.0),
    "argmax": ("argmax, % off", "{:+.2f}", 1.0),
    "average": ("average, % off", "{:+.2f}", 1.0),
    "quality": ("quality, %", "{:.2f}", 100.0),
    "accuracy": ("validation, %", "{:.2f}", 100.0),
    "test": ("test, %", "{:.2f}", 100.0),
    "z": ("z", "{:+.2f}", 1.0),
    "mean_quality": ("mean of all, %", "{:.2f}", 100.0),
    "mean_accuracy": ("mean of all, %", "{:.2f}", 100.0),
    "mean_test": ("mean of all, test, %", "{:.2f}", 100.0),
    "cpu_seconds": ("cost, CPU min", "{:.2f}", 1 / 60),
}
"""By the name of a figure, its column's heading, how it is written, and a factor."""


def summary(trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """A document for every space and row, in order: of each figure mean, deviation and all values."""
    grouped: dict[tuple[str, str], list[Trial]] = {}
    for trial in trials:
        grouped.setdefault((trial.place, trial.row), []).append(trial)
    rows: list[dict[str, Any]] = [
        {"space": place, "row": row, "seeds": len(group), "figures": _figures(group)}
        for (place, row), group in grouped.items()
    ]
    for row in rows:
        row["figures"].update(_yardstick(row, rows))
    return rows


def _yardstick(row: dict[str, Any], rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """z, how many deviations of random architectures better than their mean, where a row has some.

    It is that of test images where there are some, else of the quality.
    """
    for figure in ("test", "quality"):
        for other in rows:
            figures = other["figures"]
            if other["space"] == row["space"] and f"mean_{figure}" in figures and figure in row["figures"]:
                mean, deviation = (figures[f"{name}_{figure}"]["mean"] for name in ("mean", "deviation"))
                if deviation:
                    values = [(value - mean) / deviation for value in row["figures"][figure]["values"]]
                    return {"z": _figure(values)}
    return {}


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The summary in Markdown; where there is one seed, there is no deviation."""
    shown = [name for name in HEADINGS if any(name in row["figures"] for row in rows)]
    lines = [
        "| " + " | ".join(["space", "", "seeds", *(HEADINGS[name][0] for name in shown)]) + " |",
        "|" + "---|" * (3 + len(shown)),
    ]
    for row in rows:
        cells = [_cell(name, row["figures"].get(name)) for name in shown]
        lines.append("| " + " | ".join([row["space"], row["row"], str(row["seeds"]), *cells]) + " |")
    return "\n".join(lines) + "\n"


def _figures(trials: Sequence[Trial]) -> dict[str, Any]:
    figures = {}
    for name in trials[0].figures:
        values = [trial.figures[name] for trial in trials if name in trial.figures]
        if len(values) < len(trials):
            continue  # runs of before this was counted
        figures[name] = _figure(values)
    return figures


def _figure(values: list[float]) -> dict[str, Any]:
    deviation = statistics.stdev(values) if len(values) > 1 else None
    return {"mean": statistics.fmean(values), "std": deviation, "values": values}


def _cell(name: str, figure: dict[str, Any] | None) -> str:
    if figure is None:
        return ""
    _, form, factor = HEADINGS[name]
    mean = form.format(factor * figure["mean"])
    return mean if figure["std"] is None else f"{mean} ± {factor * figure['std']:.2f}"
