import itertools

import pytest
from hypothesis import given, settings

from tests.cost.building import ENLARGED, SMALL, V3_LIKE, forests, small_spaces, space_of
from tunas_dsl.cost.counting import architectures, combinations, logits
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import canonical

FILTERS = 4**3 * 6 * 7**5
HEADS = 4**2 * 6 * 7**5


@pytest.mark.parametrize(
    ("space", "points", "distinct", "numbers"),
    [
        (SMALL, 2_156_489_995_751_704_756_224, 664_506_689_423_701_824, 153),
        (ENLARGED, 2_156_489_995_751_704_756_224 * FILTERS, 3 * 6**6 * 7**15 * FILTERS, 197),
        (V3_LIKE, (2 * 6) * 36**5 * 72**15 * HEADS, (2 * 4) * 36**5 * 37**15 * HEADS, 306),
    ],
)
def test_the_published_counts(space, points, distinct, numbers):
    """Facts 4.3."""
    assert combinations(space) == points
    assert architectures(space) == distinct
    assert logits(space) == numbers


def visited(space):
    points = itertools.product(*(range(len(decision.options)) for decision in space.decisions))
    return len({canonical(space, point) for point in points})


@settings(max_examples=30)
@given(small_spaces().filter(lambda space: combinations(space) <= 3000))
def test_distinct_architectures_are_counted_as_by_visiting_them(space):
    assert architectures(space) == visited(space)


@given(forests())
def test_any_conditions_are_counted_as_by_visiting(space):
    vectors = itertools.product(*(range(len(decision.options)) for decision in space.decisions))
    assert architectures(space) == sum(canonical(space, vector) == vector for vector in vectors)


def test_one_decision_that_many_layers_share_is_counted_without_a_table_of_them_all():
    """A kernel that 60 skippable layers share counts unless all of them are skipped."""
    skips = [ir.Decision(f"skip{number}", "layer", ("keep", "skip"), 0) for number in range(60)]
    active = tuple(((skip.id, (0,)),) for skip in skips)
    shared = ir.Decision("kernel", "kernel", (3, 5, 7), 2, active)
    assert architectures(space_of([*skips, shared])) == (2**60 - 1) * 3 + 1


def test_nothing_to_decide_is_one_architecture():
    assert (combinations(space_of([])), architectures(space_of([])), logits(space_of([]))) == (1, 1, 0)
