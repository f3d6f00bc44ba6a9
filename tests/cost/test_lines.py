import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cost.building import ENLARGED, SMALL, V3_LIKE, small_spaces
from tunas_dsl.cost.layers import macs_lines, macs_model
from tunas_dsl.cost.lines import layer_name, model_lines
from tunas_dsl.cost.lookup import operation_lines, operation_model
from tunas_dsl.cost.named import cost_model, explained
from tunas_dsl.cost.sampling import sample
from tunas_dsl.cost.signature import operations
from tunas_dsl.cost.table import LatencyTable, Measurement
from tunas_dsl.ir.selection import active_decisions


def point(space, seed):
    return tuple(sample(space, 1, seed)[0].tolist())


def measured(space):
    """A table with a time of its own for every operation of ``space``."""
    signatures = {s for operation in operations(space) for s in operation.signatures.ravel()}
    times = {s: Measurement(0.001 * number) for number, s in enumerate(sorted(signatures, key=str), 1)}
    return LatencyTable("measured", "a device", "a test", 0.5, operations=times)


@settings(max_examples=40)
@given(small_spaces(), st.integers(0, 2**31))
def test_lines_add_up_to_the_cost(space, seed):
    indices = point(space, seed)
    vector = np.array([indices])
    assert sum(line.cost for line in macs_lines(space, indices)) == macs_model(space).total(vector)[0]
    table = measured(space)
    times = operation_lines(space, indices, table)
    total = operation_model(space, table).total(vector)[0]
    assert 0.5 + sum(line.cost for line in times) == pytest.approx(total, abs=1e-9)


@pytest.mark.parametrize("space", [SMALL, ENLARGED, V3_LIKE])
@pytest.mark.parametrize("seed", range(3))
def test_lines_of_the_published_tables_add_up_to_the_cost(space, seed):
    indices = point(space, seed)
    model = cost_model(space, "pixel1")
    expected = model.total(np.array([indices]))[0]
    explanation = explained(space, indices, "pixel1")
    assert explanation.total == pytest.approx(expected, abs=1e-9)
    bare = model_lines(space, indices, model)
    assert [(line.site, line.cost) for line in bare] == [
        (line.site, pytest.approx(line.cost)) for line in explanation.lines
    ]


@settings(max_examples=40)
@given(small_spaces(), st.data())
def test_a_line_names_every_decision_that_changes_it(space, data):
    """Another option of a decision that counts and that no line of a layer names leaves its lines alone."""
    indices = point(space, data.draw(st.integers(0, 2**31)))
    position = data.draw(st.integers(0, len(space.decisions) - 1))
    decision = space.decisions[position]
    option = data.draw(st.integers(0, len(decision.options) - 1))
    other = (*indices[:position], option, *indices[position + 1 :])
    table = measured(space)
    lines = [[*macs_lines(space, i), *operation_lines(space, i, table)] for i in (indices, other)]
    unnamed = [
        [(line.site, line.key, line.cost) for line in some if decision.id not in line.taken] for some in lines
    ]
    if not active_decisions(space, indices)[position]:
        assert unnamed[0] == [(line.site, line.key, line.cost) for line in lines[0]] == unnamed[1]
        return
    assert sorted(unnamed[0]) == sorted(unnamed[1])


def test_a_line_says_layer_key_and_decisions():
    """A 7x7 kernel at six times the width in b3.1 (b2.1 in the built space), which is not skipped."""
    indices = [0] * len(SMALL.decisions)
    indices[19:22] = [2, 1, 0]
    lines = {line.site: line for line in explained(SMALL, indices, "pixel1").lines}
    assert lines["3.1"].key == "kernel=7 expand=6x"
    assert list(lines["3.1"].taken.values()) == [7, "6x", "layer 0"]
    assert layer_name(SMALL, "3.1") == "b3.1"
    indices[21] = 1
    skipped = {line.site: line for line in explained(SMALL, indices, "pixel1").lines}["3.1"]
    assert (skipped.key, list(skipped.taken.values())) == ("skip", ["layer 1"])
    assert not [line for line in macs_lines(SMALL, indices) if line.site == "3.1"]
