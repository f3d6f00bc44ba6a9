import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunas_torch.data import BatchSchedule

COUNT = st.integers(1, 40)


@given(COUNT, COUNT, st.integers(0, 9))
def test_batches_cut_one_permutation_after_the_other(size, batch_size, seed):
    steps = 3 * size // batch_size + 2
    order = np.concatenate(
        [
            np.random.default_rng([seed, 7, epoch]).permutation(size)
            for epoch in range(4 + 2 * -(-batch_size // size))
        ]
    )
    schedule = BatchSchedule(size, batch_size, seed, 7)
    for step in range(steps):
        expected = order[step * batch_size : (step + 1) * batch_size]
        assert np.array_equal(schedule.indices(step), expected)


@given(COUNT, COUNT, st.permutations(range(8)))
def test_steps_may_be_asked_in_any_order(size, batch_size, steps):
    schedule = BatchSchedule(size, batch_size, 1, 2)
    forwards = [schedule.indices(step).tolist() for step in range(8)]
    assert {step: schedule.indices(step).tolist() for step in steps} == dict(enumerate(forwards))


def test_a_batch_larger_than_the_data_repeats_it():
    batch = BatchSchedule(3, 8, 0, 0).indices(0)
    assert sorted(batch[:3]) == sorted(batch[3:6]) == [0, 1, 2]
    assert len(batch) == 8


def test_changing_a_batch_leaves_the_next_as_it_is():
    schedule = BatchSchedule(10, 4, 0, 0)
    before = schedule.indices(0).tolist()
    schedule.indices(0)[:] = -1
    assert schedule.indices(0).tolist() == before


def test_seed_purpose_and_epoch_each_change_the_order():
    orders = {
        tuple(BatchSchedule(50, 50, seed, purpose).indices(epoch))
        for seed in range(3)
        for purpose in range(3)
        for epoch in range(3)
    }
    assert len(orders) == 27


@pytest.mark.parametrize(("size", "batch_size"), [(0, 4), (4, 0), (-1, 4)])
def test_nothing_makes_no_batches(size, batch_size):
    with pytest.raises(ValueError, match="size' must be >= 1"):
        BatchSchedule(size, batch_size, 0, 0)
