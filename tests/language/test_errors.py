"""Every code on the smallest text that has the mistake: the code, the line, and valid places."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunas_dsl.analysis import rules as meanings
from tunas_dsl.compiler import check_text
from tunas_dsl.diagnostics import render, to_json
from tunas_dsl.resources import shipped
from tunas_dsl.source import Source
from tunas_dsl.syntax import rules as texts
from tunas_dsl.syntax.parser import MAX_NESTING

HEAD = "space s {\n    input image 32 x 32 x 3\n"
STEM = "    block stem (filters: 16) { conv(kernel: 3) }\n"

CASES = {
    # A mistake in line 3, unless the last item says another line.
    "E001 a bar between items": ("    block b (filters: 8) { conv(kernel: 3) | relu }\n}", {"E001"}),
    "E011 a brace is missing": ("    block b (filters: 8) { relu\n    block c { relu }\n}", {"E011"}),
    "E010 an equals sign": ("    block b (filters = 8) { relu }\n}", {"E010"}),
    "E012 a parenthesis": ("    block b (filters: 8)) { relu }\n}", {"E012"}),
    "E013 a loose parenthesis": ("    block b (filters: 8) { conv (kernel: 3) }\n}", {"E013"}),
    "E002 a number and a letter": ("    let k = 3k\n}", {"E002"}),
    "E003 the end": (STEM, {"E003"}),
    "E004 nesting": ("    let k = " + "(" * (MAX_NESTING + 1) + "\n}", {"E004"}),
    "E005 a phrase": ("    filters dividable by 8\n" + STEM + "}", {"E005"}),
    "E006 zero": ("    let k = 3/0\n    block b (filters: k) { relu }\n}", {"E006"}),
    "E008 digits": ("    let k = " + "9" * 31 + "\n" + STEM + "}", {"E008"}),
    "E009 a misspelt statement": ("    lett k = 3\n    block b (filters: k) { relu }\n}", {"E009"}),
    "E206 two decisions at once": (
        "    decide w = 1 | 2\n    block b (filters: 8 * w * (1 | 3)) { conv(kernel: 3) }\n}", {"E206"}, 4,
    ),
    "E207 a kernel and filters": (
        "    decide k = 3 | 5\n    block b (filters: 8 * k) { conv(kernel: k) }\n}", {"E207"}, 4,
    ),
    "E208 nothing to decide": ("    decide k = 3\n    block b (filters: 8) { conv(kernel: k) }\n}", {"E208"}),
    "E306 more layers than the depth": (
        STEM + "    block b (filters: 16) { first (1 | 2) of { relu relu relu } }\n}", {"E306"}, 4,
    ),
    "E307 a stride that may be left out": (
        STEM + "    block b (filters: 16) { (1 | 2) * conv(kernel: 3, stride: 2) }\n}", {"E307"}, 4,
    ),
    "W503 a parameter that hides a let": (
        "    layer a(k) = conv(kernel: k)\n    let k = 3\n    block b (filters: 8) { a(k) }\n}", {"W503"},
    ),
    "W504 a stride on a pixel": (
        "    block b (filters: 8) { global_pool conv(kernel: 1, stride: 2) }\n}", {"W504"},
    ),
    "W505 an option twice": ("    block b (filters: 8) { conv(kernel: 3 | 5 | 3) }\n}", {"W505"}),
    "E101 an unknown layer": ("    block b (filters: 8) { cnov(kernel: 3) }\n}", {"E101"}),
    "E101 an unknown value": ("    block b (filters: 8) { conv(kernel: kernle) }\n}", {"E101"}),
    "E102 a let twice": ("    let k = 3\n    let k = 5\n    block b (filters: k) { relu }\n}", {"E102"}, 4),
    "E102 a block twice": (STEM + STEM + "}", {"E102"}, 4),
    "E103 a value of itself": ("    let k = k\n    block b (filters: k) { relu }\n}", {"E103"}),
    "E103 layers of each other": (
        "    layer a = b\n    layer b = a\n    block c (filters: 8) { a }\n}", {"E103"},
    ),
    "E104 a built-in name": ("    let conv = 3\n" + STEM + "}", {"E104"}),
    "E105 an unknown argument": ("    block b (filters: 8) { conv(kernal: 3, kernel: 3) }\n}", {"E105"}),
    "E106 an argument twice": ("    block b (filters: 8) { conv(kernel: 3, kernel: 5) }\n}", {"E106"}),
    "E107 too many": ("    block b (filters: 8) { relu(3) }\n}", {"E107"}),
    "E108 a missing argument": ("    block b (filters: 8) { conv(stride: 2) }\n}", {"E108"}),
    "E109 no block": ("}", {"E109"}, 1),
    "E110 a classifier twice": (
        STEM + "    classifier (classes: 2)\n    classifier (classes: 2)\n}", {"E110"}, 5,
    ),
    "E201 an even kernel": ("    block b (filters: 8) { conv(kernel: 4) }\n}", {"E201"}),
    "E201 no activation": ("    block b (filters: 8) { sepconv(kernel: 3, act: on) }\n}", {"E201"}),
    "E202 a decided stride": ("    block b (filters: 8) { conv(kernel: 3, stride: 1 | 2) }\n}", {"E202"}),
    "E203 a number as a layer": ("    block b (filters: 8) { 3 }\n}", {"E203"}),
    "E204 a layer as a number": ("    block b (filters: 8) { conv(kernel: conv(3)) }\n}", {"E204"}),
    "E205 layers of layers": (
        "    layer a = 200 * relu\n    layer b = 200 * a\n    block c (filters: 8) { b }\n}", {"E205"},
    ),
    "E301 a residual over a stride": (
        STEM + "    block b (filters: 16) { residual(conv(kernel: 3, stride: 2)) }\n}", {"E301"}, 4,
    ),
    "E302 other filters": (STEM + "    block b (filters: 24) { residual(conv(kernel: 3)) }\n}", {"E302"}, 4),
    "E303 a skip": ("    block b (filters: 8) { (conv(kernel: 3) | skip) }\n}", {"E303"}),
    "E304 strides that differ": (
        "    block b (filters: 8) { (conv(kernel: 3) | conv(kernel: 3, stride: 2)) }\n}", {"E304"},
    ),
    "E305 no filters": ("    block b { conv(kernel: 3) }\n}", {"E305"}),
    "W501 options that merge": ("    block b (filters: 16 | 17 | 24) { conv(kernel: 3) }\n}", {"W501"}),
    "W502 a let that nothing uses": ("    let k = 3\n" + STEM + "}", {"W502"}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_reports_exactly_the_code_on_its_line(name):
    body, codes, *line = CASES[name]
    _, report = check_text(Source("case.space", HEAD + body))
    assert {d.code for d in report.diagnostics} == codes
    assert {place["line"] for place in to_json(report.diagnostics)} == {line[0] if line else 3}, [
        render(d) for d in report.diagnostics
    ]


def test_every_code_is_unique_explained_and_tried():
    rules = (*texts.RULES, *meanings.RULES)
    assert len({rule.code for rule in rules}) == len(rules)
    assert all(rule.__doc__ and rule.__doc__ != rules[0].__mro__[1].__doc__ for rule in rules)
    tried = {code for _, codes, *_ in CASES.values() for code in codes}
    # Bytes, which a text cannot have, and what takes several files: test_imports.py.
    assert {rule.code for rule in rules} - tried == {"E007", "E111", "E112", "E113", "E114", "E115"}


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


def test_a_warning_can_be_silenced_on_its_line_and_an_error_cannot():
    body = "    block b (filters: 16 | 17) { conv(kernel: 3) }  # tunas: ignore[W501]\n}"
    space, report = check_text(Source("case.space", HEAD + body))
    assert space is not None
    assert not report.diagnostics
    body = "    block b (filters: 8) { conv(kernel: 4) }  # tunas: ignore[E201]\n}"
    assert check_text(Source("case.space", HEAD + body))[0] is None


TEXTS = [path.read_text() for path in shipped("spaces").iterdir() if path.name.endswith(".space")]


@settings(max_examples=300)
@given(st.sampled_from(TEXTS), st.data())
def test_a_damaged_space_gives_a_space_or_diagnostics_inside_the_text(text, data):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 30)))
    put = data.draw(
        st.sampled_from(["", "|", "(", "}", "conv(", "3x", " skip ", "\0", "é", text[start:end] * 2])
    )
    damaged = text[:start] + put + text[end:]
    space, report = check_text(Source("damaged.space", damaged))
    assert (space is None) == report.has_errors
    for diagnostic in report.diagnostics:
        assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(damaged)
        assert render(diagnostic)


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
        ("    let k = 3\n" + STEM + "}", STEM + "}"),
    ],
)
def test_a_fix_mends_its_finding(body, mended):
    (found, *_) = check_text(Source("case.space", HEAD + body))[1].diagnostics
    span, text = found.fix.span, HEAD + body
    assert text[: span.start] + found.fix.replacement + text[span.end :] == HEAD + mended
    assert found.fix.applicability == "safe"
    assert to_json([found])[0]["fix"]["replacement"] == found.fix.replacement
    assert not check_text(Source("case.space", HEAD + mended))[1].diagnostics
