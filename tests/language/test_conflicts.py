"""Merge conflicts: which lines they are, and what is read in their place."""

from hypothesis import given
from hypothesis import strategies as st

from tunas_dsl.source import Source
from tunas_dsl.syntax.conflicts import find_conflicts, one_side

TEXT = """a
<<<<<<< ours
b
||||||| base
c
=======
d
>>>>>>> theirs
e
<<<<<<< ours
f
=======
>>>>>>> theirs
"""


def test_the_first_side_of_each_conflict_is_read():
    source = Source("case.space", TEXT)
    conflicts = find_conflicts(source)
    lines = [tuple(map(source.line_number, (one.span.start, one.span.end))) for one in conflicts]
    assert lines == [(2, 8), (10, 13)]
    assert one_side(source, conflicts).split() == ["a", "b", "e", "f"]


LINE = st.sampled_from(["<<<<<<< a", "||||||| b", "=======", ">>>>>>> c", "relu", "# <<<<<<<", ""])
LINES = st.lists(LINE, min_size=1, max_size=14)


@given(LINES)
def test_all_places_stay_what_they_are_and_no_marker_is_left(lines):
    source = Source("case.space", "\n".join(lines))
    read = one_side(source, find_conflicts(source))
    assert [len(line) for line in read.split("\n")] == [len(line) for line in lines]
    assert not any(line.startswith(("<<<<<<<", ">>>>>>>")) for line in read.split("\n"))
