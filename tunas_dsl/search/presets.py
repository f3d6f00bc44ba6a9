"""The settings of the paper and of its code by name, and where each comes from (facts 5, 7, 8, 12).

A third set, ``small``, is for budgets that are small; none of it is the paper's.
"""

from collections.abc import Mapping
from typing import Any, Literal, get_args

import attrs

from tunas_dsl.search.settings import PolicySettings

Preset = Literal["paper", "reference-code", "small"]
PRESETS: tuple[Preset, ...] = get_args(Preset)


@attrs.frozen
class Row:
    """A setting: its values as the presets have them and as the default says, each with where it is from.

    What a preset does not set (None) is the default there too.
    """

    setting: str
    default: str
    ours: str
    paper: Any = None
    paper_source: str = "as the default"
    code: Any = None
    code_source: str = "as the default"
    small: Any = None


_AS_WITH_QUALITY = "as with `--quality`"
_PAPER_BATCH = "128 samples_per_step"
_SOME_RATINGS = "1.5 batch_size steps / rating_images"

ROWS = (
    Row("reward", "absolute", "paper 3", "absolute", "paper 3", "absolute", "flag"),
    Row("beta", "-0.1", "code", -0.1, "not stated; the code's", -0.1, "flag"),
    Row("beta_growth", "100, or 1 unless `absolute`", "ours", 1.0, "none", 1.0, "none"),
    Row("settling", "0.75", "ours"),
    Row("cost_samples", "64, or 0 unless `absolute`", "ours", 0, "none", 0, "none"),
    Row("price", "mean, or each without `cost_samples`", "ours", "each", "paper 3", "each", "code"),
    Row("start", "on-target, or uniform unless `absolute`", "ours", "uniform", "paper 3", "uniform", "zeros"),
    Row(
        "critic",
        "none, or additive with `--quality`",
        "ours",
        "none",
        "none",
        "none",
        "none",
        _AS_WITH_QUALITY,
    ),
    Row("samples_per_step", "4", "ours", 1, "paper 3", 32, "one a core", 1),
    Row(
        "policy_lr",
        "0.0015 max(1, 27,050 / steps)",
        "ours",
        3e-4,
        "appendix",
        4.8e-3,
        "3e-4 for each 256 of 4,096 images",
    ),
    Row("policy_lr_schedule", "exponential", "paper 3.3", "exponential", "paper 3.3", "exponential", "flag"),
    Row("phases", "together", "paper 3", "together", "paper 3", "together", "code", "apart"),
    Row("policy_delay", "0.25, or 0 with `--quality`", "paper 3.3", 0.25, "paper 3.3", 0.25, "flag", 0.0),
    Row("baseline_momentum", "0.95", "code", 0.95, "not stated; the code's", 0.95, "constant"),
    Row("entropy_bonus", "0", "code", 0.0, "not stated; the code's", 0.0, "flag"),
    Row("hierarchical", "true", "code", True, "not stated; the code's", True, "flag"),
    Row(
        "rounds",
        "1, or more with `--quality` without noise",
        "ours",
        1,
        "none",
        1,
        "none",
        _AS_WITH_QUALITY,
    ),
    Row(
        "batch_size",
        "32 samples_per_step, 64 at least",
        "ours; there 4,096",
        _PAPER_BATCH,
        "128 images an architecture",
        _PAPER_BATCH,
        "128 images a core",
    ),
    Row(
        "validation_batch_size",
        "4 batch_size",
        "code",
        "batch_size",
        "paper 3: one batch",
        "4 batch_size",
        "512 images for 128",
    ),
    Row("optimizer", "tf-rmsprop", "paper, appendix", "tf-rmsprop", "appendix", "tf-rmsprop", "TensorFlow's"),
    Row("execution", "sliced", "ours; computes the same"),
    Row("precision", "float32", "ours; there bfloat16 for the V3-like space"),
    Row("weight_lr", "0.165 batch_size / 256", "code"),
    Row("op_warmup", "0.25", "paper 3.2", 0.25, "paper 3.2", 0.25, "flag"),
    Row("filter_warmup", "0.25", "paper 3.2", 0.25, "paper 3.2", 0.25, "flag"),
    Row("label_smoothing", "0.1", "code", 0.1, "not stated; the code's", 0.1, "flag"),
    Row("l2", "4e-05", "paper, appendix", 4e-5, "appendix", 4e-5, "flag; 3e-5 with bfloat16"),
    Row("rmsprop_decay", "0.9", "paper, appendix", 0.9, "appendix", 0.9, "constant"),
    Row("rmsprop_momentum", "0.9", "paper, appendix", 0.9, "appendix", 0.9, "constant"),
    Row("rmsprop_epsilon", "0.1", "paper, appendix", 0.1, "appendix", 1.0, "constant"),
    Row("band", "0.1", "ours, with phases apart"),
    Row("rating_images", "2048", "ours", small=1024),
    Row("ratings", "0", "ours", small=_SOME_RATINGS),
    Row("short_list", "0", "ours", small=8),
)


_COLUMNS: Mapping[str, str] = {"paper": "paper", "reference-code": "code", "small": "small"}

IMAGES = 128
"""The images of an architecture in a step of the paper's searches (facts 5 and 9 of 12)."""

_COMPUTED = (_AS_WITH_QUALITY, _SOME_RATINGS, _PAPER_BATCH, "batch_size", "4 batch_size")
"""What the settings themselves compute, or :func:`with_preset` does."""


def with_preset(kind: type[PolicySettings], preset: str | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings ``given``, and those of ``preset`` for all that it sets and ``kind`` has.

    ``preset`` is one of :data:`PRESETS` or nothing. A cost term of its own does not go with every reward; so
    a preset is taken before the defaults that depend on the reward are.
    """
    if preset is None:
        return dict(given)
    known = {field.name for field in attrs.fields(kind)}
    wanted = {row.setting: getattr(row, _COLUMNS[preset]) for row in ROWS if row.setting in known}
    settings = {name: value for name, value in wanted.items() if value not in (None, *_COMPUTED)}
    if "validation_batch_size" in known and preset != "small":
        per_image = 1 if preset == "paper" else 4
        architectures = given.get("samples_per_step", settings["samples_per_step"])
        settings["batch_size"] = given.get("batch_size", IMAGES * architectures)
        settings["validation_batch_size"] = per_image * settings["batch_size"]
    return {**settings, **given}


def preset_table() -> str:
    """All settings by preset, as a table in Markdown."""
    lines = [
        "| setting | default | from | `paper` | from | `reference-code` | from | `small` |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in ROWS:
        values = [_words(value, row.default) for value in (row.paper, row.code, row.small)]
        lines.append(
            f"| `{row.setting}` | {row.default} | {row.ours} | {values[0]} | {row.paper_source} "
            f"| {values[1]} | {row.code_source} | {values[2]} |"
        )
    return "\n".join(lines) + "\n"


def _words(value: Any, default: str) -> str:
    if value is None:
        return default
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
