"""The tables of a report: searches side by side, seeds together, trainings, and what led to each choice."""

from collections.abc import Callable, Iterable, Sequence
from xml.etree.ElementTree import Element

from tunas_dsl.report.evidence import OptionEvidence, evidence
from tunas_dsl.report.figures import Figures, Spread, figures
from tunas_dsl.report.reading import SearchRecord, TrainingRecord
from tunas_dsl.report.svg import short, tag
from tunas_dsl.search.progress import Listed
from tunas_dsl.training.trust import Trust

WHY = (
    "For each option: its probability in the end; what it would add to the cost of the architecture found, "
    "all else equal; and by how much sampled architectures with it were rated above their contemporaries, "
    "with the standard error. Decisions in grey do not count in the architecture found."
)
SHORT_LIST = (
    "The best rated on target, trained alone: accuracies on validation images after trainings for a share of "
    "the length. The first one is the result."
)
DRAWING = "Colours are kernel sizes, outlines are residuals; the numbers are filters."

COLUMNS = ("run", "seed", "steps", "target", "found", "gap", "mean sampled", "quality", "best", "entropy")
"""What :func:`searches` says of each search."""


def searches(records: Sequence[SearchRecord], key: Callable[[int], Element]) -> Element:
    """One row for each search, with its colour in the charts."""
    rows = []
    for number, record in enumerate(records):
        some = figures(record)
        name = tag("td", key(number), f"{record.name} ({some.algorithm})")
        rows.append(tag("tr", name, *(tag("td", cell) for cell in cells(some))))
    return tag("table", _head(COLUMNS), tag("tbody", *rows))


def cells(some: Figures) -> list[str]:
    """The figures of one search as text, in the order of the columns after the name."""
    return [
        str(some.seed),
        f"{some.steps:,}" + ("" if some.finished else " so far"),
        f"{short(some.target)} {some.unit}",
        _number(some.argmax_cost),
        "" if some.gap is None else f"{100 * some.gap:+.2f} %",
        _number(some.mean_cost),
        _number(some.quality),
        _number(some.best),
        _number(some.entropy),
    ]


def seeds(grouped: Iterable[Sequence[SearchRecord]]) -> Element:
    """One row for each set of searches that differ in nothing but the seed: means and deviations."""
    columns = ("runs", "seeds", "target", "found", "gap in %", "size of the gap in %", "quality")
    rows = []
    for group in grouped:
        known = [figures(record) for record in group]
        gaps = [None if some.gap is None else 100 * some.gap for some in known]
        texts = (
            f"{group[0].name} ({known[0].algorithm}), ...",
            str(len(group)),
            f"{short(known[0].target)} {known[0].unit}",
            spread(Spread.of(some.argmax_cost for some in known)),
            spread(Spread.of(gaps)),
            spread(Spread.of(None if gap is None else abs(gap) for gap in gaps)),
            spread(Spread.of(some.quality for some in known)),
        )
        rows.append(tag("tr", *(tag("td", text) for text in texts)))
    return tag("table", _head(columns), tag("tbody", *rows))


def spread(numbers: Spread | None) -> str:
    """``mean +- deviation``."""
    if numbers is None:
        return ""
    deviation = "" if numbers.deviation is None else f" ± {numbers.deviation:.2g}"
    return short(numbers.mean) + deviation


def trainings(records: Iterable[TrainingRecord]) -> Element:
    """One row for each training."""
    columns = ("run", "seed", "steps", "M MAdds", "parameters", "validation", "test")
    rows = []
    for record in records:
        totals, result = record.architecture.totals, record.result or {}
        texts = (
            record.name,
            str(record.run.settings.seed),
            f"{int(result.get('step', len(record.steps))):,}" + ("" if result else " so far"),
            short(totals.macs / 1e6),
            f"{totals.parameters:,}",
            *(_accuracy(result.get(split)) for split in ("validation", "test")),
        )
        rows.append(tag("tr", *(tag("td", text) for text in texts)))
    return tag("table", _head(columns), tag("tbody", *rows))


def short_list(listed: Sequence[Listed], unit: str) -> Element:
    """One row for each architecture that a search in phases trained alone."""
    shares = sorted({share for one in listed for share in one.shares})
    columns = ("architecture", unit, "rating", *(f"trained, {share:.3g}" for share in shares))
    rows = []
    for one in listed:
        accuracies = dict(zip(one.shares, one.accuracies, strict=True))
        cells = (_number(accuracies.get(share)) for share in shares)
        texts = (":".join(map(str, one.indices)), short(one.cost), short(one.rating), *cells)
        rows.append(tag("tr", *(tag("td", text) for text in texts)))
    return tag("table", _head(columns), tag("tbody", *rows))


def trust_sentence(found: Trust) -> str:
    """How ratings rank what was trained alone, in words."""
    spearman, kendall = (
        f"{one.value:+.2f} ({one.interval[0]:+.2f} to {one.interval[1]:+.2f})"
        for one in (found.spearman, found.kendall)
    )
    low, high = found.slope_interval
    return (
        f"Of {found.count} random architectures of about the target's cost, ratings and accuracies have a "
        f"rank correlation of {spearman} by Spearman and {kendall} by Kendall, with 95 % intervals. A point "
        f"of rating is worth {found.slope:.2f} points of accuracy ({low:.2f} to {high:.2f})."
    )


def biases(found: Trust) -> Element:
    """One row for each option: by how many points of accuracy it is rated too low (+) or too high (-)."""
    columns = ("decision", "option", "points", "95 % interval", "architectures")
    rows = []
    for bias in found.biases:
        low, high = (100 * end for end in bias.interval)
        texts = (
            bias.decision,
            str(bias.option),
            f"{100 * bias.effect:+.1f}",
            f"{low:+.1f} to {high:+.1f}",
            str(bias.count),
        )
        style = "won" if bias.is_clear else None
        rows.append(tag("tr", *(tag("td", text) for text in texts), class_=style))
    return tag("table", _head(columns), tag("tbody", *rows))


def sentence(some: Figures) -> str:
    """How a search did, in words."""
    state = "It has finished" if some.finished else "It goes on"
    words = [f"{state} after {some.steps:,} steps."]
    if some.argmax_cost is not None and some.gap is not None:
        words.append(
            f"What it found costs {short(some.argmax_cost)} {some.unit}, {100 * some.gap:+.2f} % from the "
            f"target of {short(some.target)}."
        )
    if some.mean_cost is not None:
        words.append(f"Architectures drawn from the policy cost {short(some.mean_cost)} on average.")
    return " ".join(words)


def evidence_table(record: SearchRecord) -> Element:
    """A row for each option of each decision that has several."""
    columns = ("decision", "option", "probability", f"cost ({record.model.unit})", "quality", "sampled")
    rows = []
    for decided in evidence(record):
        name = decided.decision.id
        for option in decided.options:
            style = ("won" if option.chosen else "") + ("" if decided.active else " soft")
            texts = (name, *_option(option))
            rows.append(tag("tr", *(tag("td", text) for text in texts), class_=style.strip() or None))
            name = ""
    return tag("table", _head(columns), tag("tbody", *rows))


def _option(option: OptionEvidence) -> tuple[str, ...]:
    effect = ""
    if option.effect is not None and option.error is not None:
        effect = f"{option.effect:+.4f} ± {option.error:.4f}"
    return (
        str(option.option),
        "" if option.probability is None else f"{option.probability:.3f}",
        "" if option.chosen else f"{option.cost_change:+.4g}",
        effect,
        f"{option.count:,}",
    )


def _head(columns: Iterable[str]) -> Element:
    return tag("thead", tag("tr", *(tag("th", name) for name in columns)))


def _number(number: float | None) -> str:
    return "" if number is None else short(number)


def _accuracy(part: dict[str, float] | None) -> str:
    return "" if part is None else f"{part['accuracy']:.4f}"
