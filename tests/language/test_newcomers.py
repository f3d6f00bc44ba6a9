"""What people write who come from papers and other tools, and the help that they get."""

import pytest

from tunas_dsl.language.compiler import check_text
from tunas_dsl.source import Source

HEAD = "space s {\n    input image 32 x 32 x 3\n"


@pytest.mark.parametrize(
    ("body", "help"),
    [
        ("block b (filters: 8) { conv(3) HS }", "did you mean `swish6`?"),
        ("block b (filters: 8) { sepconv(3, act: RE) }", "did you mean `relu`?"),
        ("block b (filters: 8) { sepconv(3, NL: relu) }", "did you mean `act`?"),
        ("let depth = 2..5", "write the options out: `2 | 3 | 4 | 5`"),
        ("let width = 16..32", "write the options out: `16 | ... | 32`"),
        (
            "block b (filters: 8) { conv(5) + relu }",
            "there is no addition: write the sum, or options as `a | b`; `residual(a)` adds `a` to its input",
        ),
        (
            "block b (filters: 8) { relu6(conv(5)) }",
            "an activation stands behind its layer: write `conv(5) relu6`",
        ),
        (
            "block b (filters: 8) { conv(3, activation: HS) }",
            "write `swish6` behind it: `conv` has no activation of its own",
        ),
        ("classifier 12", "write `classifier (classes: 12)`"),
        (
            "classifier (classes: twelve)",
            "write a number, such as `10`, or define it by `let twelve = ...`",
        ),
        ("layer sep(s = 2) = sepconv(kernel: 3, stride: s)", "defaults are written `s: 2`"),
        (
            "block b (filters: 8) { conv(3)  decide k = 3 | 5 }",
            "a `decide` is one decision for the whole file and stands outside of braces; alternatives of "
            "whole layers, such as `residual(pair(3) | pair(5))`, are one decision for each use",
        ),
    ],
)
def test_the_help_says_how_it_is_written_here(body, help):
    _, report = check_text(Source("case.space", f"{HEAD}    {body}\n}}\n"))
    assert help in [found.hint for found in report.diagnostics]


@pytest.mark.parametrize(
    ("shared", "setting", "combined"),
    [
        ("1/2 | 1", "filters: 32 * w * (1 | 2)", "16 | 32 | 64"),
        ("1/2 | 1", "filters: w * (1 | 2) * 32", "16 | 32 | 64"),
        ("1/2 | 1", "filters: base * w", "8 | 16 | 32"),
        ("16 | 32", "filters: 8 | w | 64", "8 | 16 | 32 | 64"),
    ],
)
def test_shared_decisions_and_others_are_written_out_combined(shared, setting, combined):
    block = f"    block b ({setting}) {{ conv(kernel: 3) }}\n}}\n"
    source = Source("case.space", f"{HEAD}    decide w = {shared}\n    decide base = 16 | 32\n{block}")
    (found,) = (d for d in check_text(source)[1].diagnostics if d.code == "E206")
    assert found.hint.endswith(f"or write the combined options, a decision of their own: `{combined}`")
    assert found.fix.applicability == "maybe"
    span = found.fix.span
    mended = source.text[: span.start] + found.fix.replacement + source.text[span.end :]
    space, report = check_text(Source("case.space", mended))
    assert not report.has_errors
    assert [str(option) for option in space.blocks[0].filters.options] == combined.split(" | ")


@pytest.mark.parametrize(
    "body",
    [
        "layer l(k) = conv(kernel: k | w)\n    block b (filters: 8) { l(5)  l(7) }",  # others for each use
        "block b (filters: 8 * w * w * (1 | 3)) { relu }",  # one decision twice
        "block b (filters: 8 * w * (2 | 4 | 6 | 8 | 10 | 12 | 14 | 16)) { relu }",  # too many to read
        "block b (filters: 8) { w * (2 | 3) * conv(kernel: 3) }",
        "block b (filters: 8) { conv(kernel: w | relu) }",  # no kernel
    ],
)
def test_what_is_not_sure_is_not_written_out(body):
    found = check_text(Source("case.space", f"{HEAD}    decide w = 1 | 3\n    {body}\n}}\n"))[1].diagnostics
    (mixed,) = (d for d in found if d.code == "E206")
    assert mixed.hint.endswith("or write the combined options, a decision of their own")
    assert mixed.fix is None


def test_every_group_of_options_that_merge_is_said():
    body = "    block b (filters: 9 | 8 | 16 | 30 | 31 | 32) { conv(kernel: 3) }\n}\n"
    (found,) = check_text(Source("case.space", HEAD + body))[1].diagnostics
    assert found.text == (
        "of 6 options, rounding leaves 8, 16, 32: 9 and 8 both become 8; 30, 31 and 32 all become 32"
    )


def test_the_other_uses_of_a_shared_decision_are_marked():
    uses = "    block a (filters: 16 * w) { relu }\n    block b (filters: 16 * w * (1 | 2)) { relu }\n}\n"
    text = HEAD + "    decide w = 1/2 | 1\n" + uses
    (found,) = check_text(Source("case.space", text))[1].diagnostics
    assert found.code == "E206"
    assert [note.span.start for note in found.notes] == [text.index("w)")]
