"""Runs as one HTML page that needs nothing else: no script, no network, no other file."""

import html
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np

from tunas_dsl.ir.selection import prune
from tunas_dsl.report import tables
from tunas_dsl.report.charts import COLOURS, Line, Points, line_chart, scatter
from tunas_dsl.report.drawing import drawing
from tunas_dsl.report.figures import against_random, figures, groups, is_policy, late_samples
from tunas_dsl.report.heatmap import heat_map
from tunas_dsl.report.reading import Record, SearchRecord, TrainingRecord
from tunas_dsl.report.svg import markup, short, tag
from tunas_dsl.search.phases import POLICY, WEIGHTS
from tunas_dsl.training.ranking import read_ranking
from tunas_dsl.training.trust import trust
from tunas_dsl.views.layer_rows import architecture_rows

_CURVES: tuple[tuple[str, str], ...] = (
    ("accuracy", "quality of the sampled architectures"),
    ("reward", "reward"),
    ("entropy", "entropy of the policy (nats)"),
    ("agreement", "stability of the weights' ratings: Spearman with those of the time before"),
)


def page(records: Sequence[Record], title: str) -> str:
    """The page on ``records``: a comparison, curves, a scatter plot, and each search by itself."""
    searches = [record for record in records if isinstance(record, SearchRecord)]
    trainings = [record for record in records if isinstance(record, TrainingRecord)]
    body = tag("body", tag("h1", title), *_comparison(searches))
    if any(map(is_policy, searches)):
        body.append(tag("h2", "Over the steps"))
        body.append(tag("div", *_curves(searches), class_="charts"))
    body.extend(_costs_and_qualities(searches, trainings))
    if trainings:
        body.append(tag("h2", "Trained from scratch"))
        body.append(_scrollable(tables.trainings(trainings)))
    for number, record in enumerate(searches):
        body.extend(_search(record, number))
    style = (files("tunas_dsl") / "report" / "style.css").read_text(encoding="utf-8")
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>\n{style}</style>\n</head>\n{markup(body)}\n</html>\n"
    )


def _comparison(searches: Sequence[SearchRecord]) -> Iterator[Element]:
    if not searches:
        return
    yield _scrollable(tables.searches(searches, key=_key))
    repeated = [group for group in groups(searches) if len(group) > 1]
    if repeated:
        yield tag("h3", "Seeds together")
        yield _scrollable(tables.seeds(repeated))
    for record in filter(is_policy, searches):
        if (found := against_random(record, searches)) is not None:
            better = "better" if found.difference > 0 else "worse"
            yield tag(
                "p",
                f"At the same cost (within 2 % of the target) the {found.searched.count:,} architectures "
                f"that {record.name} sampled last are {better} than random ones by "
                f"{short(abs(found.difference))} on average: {short(found.searched.mean)} against "
                f"{short(found.random.mean)} for the {found.random.count:,} of {found.baseline}, the best "
                f"of which was rated {short(found.random_best)}.",
            )


def _curves(searches: Sequence[SearchRecord]) -> Iterator[Element]:
    """Those of policies: a baseline's steps are batches, in which nothing is learned."""
    learning = [(number, record) for number, record in enumerate(searches) if is_policy(record)]
    for name, label in _CURVES:
        lines = [_line(record, number, name) for number, record in learning]
        yield from _figure(line_chart(lines, label), label)
    for unit in sorted({record.model.unit for _, record in learning}):
        some = [(number, record) for number, record in learning if record.model.unit == unit]
        lines = [_line(record, number, "argmax_cost") for number, record in some]
        lines += [_line(record, number, "cost", dashed=True) for number, record in some]
        targets = {_target(record) for _, record in some}
        level = ("target", targets.pop()) if len(targets) == 1 else None
        caption = f"cost in {unit}: of the most probable architecture, dashed of the sampled ones"
        yield from _figure(line_chart(lines, f"cost ({unit})", level), caption)


def _costs_and_qualities(
    searches: Sequence[SearchRecord], trainings: Sequence[TrainingRecord]
) -> Iterator[Element]:
    """A scatter plot for each unit of cost, and one of the networks that were trained."""
    plots: list[Element] = []
    for unit in sorted({record.model.unit for record in searches}):
        some = [(number, record) for number, record in enumerate(searches) if record.model.unit == unit]
        targets = {_target(record) for _, record in some}
        level = ("target", targets.pop()) if len(targets) == 1 else None
        points = [_rating_points(record, number) for number, record in some]
        caption = "what was sampled last, and what baselines drew (squares random, triangles evolution)"
        plots += _figure(scatter(points, f"cost ({unit})", "quality", level), caption)
    trained = scatter(list(_training_points(trainings)), "M MAdds", "validation accuracy", None)
    plots += _figure(trained, "trained from scratch")
    if plots:
        yield tag("h2", "Cost and quality")
        yield tag("div", *plots, class_="charts")


def _rating_points(record: SearchRecord, number: int) -> Points:
    shapes: dict[str, Any] = {"random": "square", "evolution": "triangle"}
    samples = late_samples(record) if is_policy(record) else record.samples
    shape = shapes.get(record.run.algorithm, "dot")
    return Points(record.name, number, shape, samples.costs, samples.qualities)


def _training_points(trainings: Sequence[TrainingRecord]) -> Iterator[Points]:
    for number, record in enumerate(trainings):
        validation = (record.result or {}).get("validation")
        if validation:
            macs = np.array([record.architecture.totals.macs / 1e6])
            accuracy = np.array([float(validation["accuracy"])])
            yield Points(record.name, number, "star", macs, accuracy, large=True)


def _search(record: SearchRecord, number: int) -> Iterator[Element]:
    """One search by itself: what it found, why, and how the policy got there."""
    if record.found is None:
        return
    yield tag("h2", _key(number), record.name)
    yield tag("p", tables.sentence(figures(record)))
    if listed := record.run.short_list(record.space):
        yield tag("h3", "The short list")
        yield tag("p", tables.SHORT_LIST, class_="soft")
        yield _scrollable(tables.short_list(listed, record.model.unit))
    yield from _rating_trust(record, number)
    yield tag("h3", "The architecture found")
    rows = tuple(architecture_rows(prune(record.space, record.found)))
    yield tag("div", drawing(rows), class_="scroll")
    yield tag("p", tables.DRAWING, class_="soft")
    yield tag("h3", "Why these alternatives")
    yield tag("p", tables.WHY, class_="soft")
    yield tag("details", tag("summary", "every decision"), _scrollable(tables.evidence_table(record)))
    heat = heat_map(record.space.decisions, record.snapshots, record.found)
    if heat is not None:
        yield tag("h3", "The policy over time")
        yield tag("p", "The darker, the more probable; bold is what was found.", class_="soft")
        yield heat


def _rating_trust(record: SearchRecord, number: int) -> Iterator[Element]:
    """How far the ratings can be trusted, where architectures were trained to see it."""
    ranking = read_ranking(record.run.path, record.space)
    if ranking is None or not ranking.judged:
        return
    yield tag("h3", "Ratings by shared weights, and accuracies when trained alone")
    if (found := trust(record.space, ranking.judged)) is not None:
        yield tag("p", tables.trust_sentence(found))
    ratings = np.array([one.rating for one in ranking.judged])
    accuracies = np.array([one.accuracy for one in ranking.judged])
    points = Points("trained alone", number, "dot", ratings, accuracies, large=True)
    chart = scatter([points], "rating by shared weights", "accuracy when trained alone", None)
    yield tag("div", *_figure(chart, "one dot an architecture"), class_="charts")
    if found is not None and found.biases:
        yield tag(
            "details", tag("summary", "what is rated too low or too high"), _scrollable(tables.biases(found))
        )


def _line(record: SearchRecord, number: int, name: str, dashed: bool = False) -> Line:
    phases = (None, WEIGHTS if name == "agreement" else POLICY)
    steps = [step for step in record.steps if step.get(name) is not None and step.get("phase") in phases]
    x = np.array([step["step"] + 1 for step in steps], dtype=float)
    y = np.array([step[name] for step in steps], dtype=float)
    return Line(record.name, number, x, y, dashed)


def _target(record: SearchRecord) -> float:
    return float(record.run.settings.to_json()["target"])


def _key(number: int) -> Element:
    return tag("span", class_=f"key c{number % COLOURS}")


def _figure(chart: Element | None, caption: str) -> list[Element]:
    return [] if chart is None else [tag("figure", tag("figcaption", caption), chart)]


def _scrollable(table: Element) -> Element:
    return tag("div", table, class_="scroll")
