"""Wrong files: exactly the codes of their names, and golden messages."""

from pathlib import Path

import pytest

from tunas_dsl.analysis import rules as meanings
from tunas_dsl.diagnostics import SpaceError, render, to_json
from tunas_dsl.language.compiler import check_text
from tunas_dsl.language.sources import read_source
from tunas_dsl.source import Source
from tunas_dsl.syntax import rules as texts

HEAD = "space s {\n    input image 32 x 32 x 3\n"
STEM = "    block stem (filters: 16) { conv(kernel: 3) }\n"

ERRORS = Path(__file__).parents[1] / "errors"
CASES = sorted(path.stem for path in ERRORS.iterdir() if path.suffix != ".txt")
"""A file of this name, or a folder with its imports whose ``main.space`` is checked."""


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_file_gives_exactly_the_codes_of_its_name(case, golden, monkeypatch):
    folder = ERRORS / case
    monkeypatch.chdir(folder if folder.is_dir() else ERRORS)
    found = findings("main.space" if folder.is_dir() else f"{case}.space")
    golden(ERRORS / f"{case}.txt", "\n\n".join(map(render, found)) + "\n")
    codes, _ = case.split("-", 1)
    assert {d.code for d in found} == set(codes.split("+"))


def findings(path):
    try:
        return check_text(read_source(path))[1].diagnostics
    except SpaceError as error:
        return error.report.diagnostics


def test_every_code_is_unique_explained_and_tried():
    rules = (*texts.RULES, *meanings.RULES)
    assert len({rule.code for rule in rules}) == len(rules)
    assert all(rule.__doc__ and rule.__doc__ != rules[0].__mro__[1].__doc__ for rule in rules)
    tried = {code for case in CASES for code in case.split("-", 1)[0].split("+")}
    elsewhere = {"E116"}  # of installed distributions: tests/kinds
    assert {rule.code for rule in rules} == tried | elsewhere


def test_all_independent_mistakes_are_reported_at_once():
    text = HEAD + "    block b (filters: 8) { cnov(kernel: 3)  conv(kernel: 4)  skip }\n}"
    _, report = check_text(Source("case.space", text))
    assert [d.code for d in report.diagnostics] == ["E101", "E201", "E303"]


def test_a_message_shows_both_places_and_the_way_out():
    text = HEAD + STEM + "    block b (filters: 24) { residual(conv(kernel: 3)) }\n}"
    _, report = check_text(Source("nets/case.space", text))
    assert render(report.diagnostics[0]) == (
        "error[E302]: a residual needs the same filters before and after, "
        "but there are 16 before and 24 after\n"
        " --> nets/case.space:4:29\n"
        "  |\n"
        "4 |     block b (filters: 24) { residual(conv(kernel: 3)) }\n"
        "  |                             ^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        " ::: nets/case.space:3:26\n"
        "  |\n"
        "3 |     block stem (filters: 16) { conv(kernel: 3) }\n"
        "  |                          -- the input has 16 filters\n"
        "  = help: give both the same filters, or put a layer without a residual first"
    )


@pytest.mark.parametrize(
    "block",
    [
        "(filters: 32 * widht) { unit }",
        "(filters: 32) { residual(conv(kernel: 3, filters: widht)) }",
        "(filters: 32) { conv(kernel: 3, filters: widht)  unit }",
    ],
)
def test_filters_that_cannot_be_read_are_not_held_against_others(block):
    layer = "    layer unit = residual(conv(kernel: 3))\n"
    _, report = check_text(Source("case.space", f"{HEAD}{layer}{STEM}    block b {block}\n}}"))
    assert [(d.code, d.span.text) for d in report.diagnostics] == [("E101", "widht")]


def test_filters_that_differ_in_a_layer_are_marked_where_it_is_used():
    layer = "    layer unit = residual(conv(kernel: 3))\n"
    _, report = check_text(
        Source("case.space", f"{HEAD}{layer}{STEM}    block b (filters: 24) {{ unit }}\n}}")
    )
    (found,) = report.diagnostics
    assert [(note.span.text, note.label) for note in found.notes] == [
        ("16", "the input has 16 filters"),
        ("24", "used where there are 24 filters"),
    ]


def test_commas_between_layers_inside_a_residual_are_said_one_by_one():
    text = HEAD + STEM + "    block b (filters: 16) { residual({ conv(kernel: 3), relu, swish }) }\n}"
    _, report = check_text(Source("case.space", text))
    assert [(d.code, d.fix.applicability) for d in report.diagnostics] == [("E012", "safe")] * 2


def test_a_warning_can_be_silenced_on_its_line_and_an_error_cannot():
    body = "    block b (filters: 16 | 17) { conv(kernel: 3) }  # tunas: ignore[W501]\n}"
    space, report = check_text(Source("case.space", HEAD + body))
    assert space is not None
    assert not report.diagnostics
    body = "    block b (filters: 8) { conv(kernel: 4) }  # tunas: ignore[E201]\n}"
    assert check_text(Source("case.space", HEAD + body))[0] is None


@pytest.mark.parametrize(
    ("body", "mended"),
    [
        (
            "    block b (filters: 8) { cnov(kernel: 3) }\n}",
            "    block b (filters: 8) { conv(kernel: 3) }\n}",
        ),
        (
            "    block b (filters: 8) { conv(kernal: 3) }\n}",
            "    block b (filters: 8) { conv(kernel: 3) }\n}",
        ),
        ("    filters dividable by 8\n" + STEM + "}", "    filters divisible by 8\n" + STEM + "}"),
        ("    blok b (filters: 8) { relu }\n}", "    block b (filters: 8) { relu }\n}"),
    ],
)
def test_a_fix_mends_its_finding(body, mended):
    (found, *_) = check_text(Source("case.space", HEAD + body))[1].diagnostics
    span, text = found.fix.span, HEAD + body
    assert text[: span.start] + found.fix.replacement + text[span.end :] == HEAD + mended
    assert found.fix.applicability == "safe"
    assert to_json([found])[0]["fix"]["replacement"] == found.fix.replacement
    assert not check_text(Source("case.space", HEAD + mended))[1].diagnostics
