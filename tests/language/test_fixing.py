"""Fixes applied to texts: until stable, without overlaps, never for the worse."""

from pathlib import Path

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunas_dsl.diagnostics import Diagnostic, Fix
from tunas_dsl.language.compiler import check_text
from tunas_dsl.language.fixing import fixed
from tunas_dsl.language.sources import read_source
from tunas_dsl.source import Source, Span

ERRORS = [  # without those of E205, which take long and have no fix, and without what is no text
    path
    for path in sorted((Path(__file__).parents[1] / "errors").glob("*.space"))
    if not {"E205", "E007"} & set(path.stem.split("-", 1)[0].split("+"))
]
HEAD = "space s {\n    input image 32 x 32 x 3\n"


def check(source):
    return check_text(source)[1].diagnostics


def mended(text):
    return fixed(Source("case.space", text), check)


def test_several_mistakes_of_one_line_are_mended_at_once():
    outcome = mended(HEAD + "    filters dividable by 8\n    block b (filters: 8) { cnov(kernal: 3) }\n}\n")
    assert (
        outcome.source.text
        == HEAD + "    filters divisible by 8\n    block b (filters: 8) { conv(kernel: 3) }\n}\n"
    )
    assert [one.finding.code for one in outcome.applied] == ["E005", "E101", "E105"]
    assert outcome.left == ()


def test_a_name_that_nothing_uses_is_left_to_people():
    text = HEAD + "    let k = 3\n    block b (filters: 8) { conv(kernel: 3) }\n}\n"
    outcome = mended(text)
    assert outcome.source.text == text
    assert [(found.code, found.fix.applicability) for found in outcome.left] == [("W502", "maybe")]


def test_a_brace_for_a_colon_is_left_to_people_since_the_closing_one_is_missing():
    text = "space four:\n    input image 32 x 32 x 3\n    block b (filters: 8) { conv(kernel: 3) }\n"
    assert mended(text).source.text == text


def test_a_sign_is_written_with_its_blank():
    text = HEAD + "    let kernel = 3\n    block b (filters: 8) { conv(kernel=kernel) }\n}\n"
    assert mended(text).source.text == text.replace("=kernel)", ": kernel)")


def test_fixes_that_may_be_wrong_are_left_to_people():
    text = HEAD + "    block b (filters: 20) { conv(kernel: 3) }\n}\n"  # W510: 24?
    outcome = mended(text)
    assert outcome.source.text == text
    assert [found.fix.applicability for found in outcome.left] == ["maybe"]


@pytest.mark.parametrize("path", ERRORS, ids=lambda path: path.stem)
def test_wrong_files_get_better_or_stay(path):
    before = read_source(path)
    outcome = fixed(before, check)
    again = fixed(outcome.source, check)
    assert not again.applied
    assert again.source == outcome.source
    assert errors(outcome.left) <= errors(check(before))
    assert not outcome.applied or outcome.source != before


@pytest.mark.parametrize("path", [path for path in ERRORS if path.stem[0] == "W"], ids=lambda path: path.stem)
def test_a_space_with_warnings_means_the_same_without_them(path):
    before = read_source(path)
    space, _ = check_text(before)
    after, _ = check_text(fixed(before, check).source)
    assert space is not None
    assert after == space


def errors(found):
    return sum(diagnostic.severity == "error" for diagnostic in found)


@attrs.frozen(kw_only=True)
class Anything(Diagnostic):
    """A finding with any fix."""

    code = "W999"
    message = "anything"
    change: Fix

    @property
    def fix(self):
        return self.change


@settings(max_examples=200)
@given(st.data())
def test_of_fixes_that_overlap_the_first_is_taken(data):
    """Against a second way: characters are replaced one by one, from the end."""
    text = "abcdefghij"
    source = Source("case.space", text)
    spans = data.draw(st.lists(st.tuples(st.integers(0, 10), st.integers(0, 4)), max_size=5))
    fixes = [
        Fix(Span(source, start, min(start + length, 10)), f"<{n}>") for n, (start, length) in enumerate(spans)
    ]

    def find(read):
        return tuple(Anything(span=f.span, change=f) for f in fixes) if read is source else ()

    outcome = fixed(source, find)
    wanted = [*list(text), ""]
    taken = [one.fix for one in outcome.applied]
    for fix in reversed(taken):
        wanted[fix.span.start : fix.span.end] = [fix.replacement]
    assert outcome.source.text == "".join(wanted)
    ends = [fix.span.end for fix in taken]
    assert all(fix.span.start >= end for fix, end in zip(taken[1:], ends, strict=False))
    left_out = [fix for fix in fixes if fix not in taken]
    assert all(any(touches(fix.span, other.span) for other in taken) for fix in left_out)


def touches(one, other):
    return one.start <= other.end and other.start <= one.end


def test_a_fix_that_makes_it_worse_is_not_applied():
    source = Source("case.space", HEAD + "    block b (filters: 8) { conv(kernel: 3) }\n}\n")
    bad = Anything(span=Span(source, 0, 5), change=Fix(Span(source, 0, 5), "spice"))

    def find(read):
        return (*check(read), bad) if read is source else check(read)

    assert fixed(source, find).source is source
