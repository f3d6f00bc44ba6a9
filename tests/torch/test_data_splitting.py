import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunas_dsl.errors import DataError
from tunas_torch.data.augment import Augmentation
from tunas_torch.data.images import ArraySource
from tunas_torch.data.splitting import make_data

COUNTS = st.lists(st.integers(3, 40), min_size=1, max_size=5)
SHARE = st.floats(0.01, 1 / 3)


def source(counts, seed=0):
    """So many images of each class, shuffled; every image is of another pixel pattern."""
    random = np.random.default_rng(seed)
    labels = random.permutation(np.repeat(np.arange(len(counts)), counts))
    return ArraySource(random.integers(0, 256, (len(labels), 2, 3)).astype(np.uint8), labels, (1, 2, 3))


def split(counts, *, seed=0, holdout=0.2, **sources):
    names = tuple("abcdefgh"[: len(counts)])
    return make_data("toy", names, Augmentation(), source(counts), seed=seed, holdout=holdout, **sources)


@given(COUNTS, SHARE, st.integers(0, 9))
def test_held_out_splits_share_every_class_and_no_image(counts, share, seed):
    data = split(counts, seed=seed, holdout=share)
    members = np.concatenate([part.members for part in (data.train, data.validation, data.test)])
    assert sorted(members) == list(range(sum(counts)))
    for label, count in enumerate(counts):
        held = max(1, round(share * count))
        assert (data.validation.labels == label).sum() == held
        assert (data.test.labels == label).sum() == held
        assert (data.train.labels == label).sum() == count - 2 * held


def test_the_seed_draws_validation_but_never_touches_the_test_images():
    first, second = (split([40, 40], seed=seed) for seed in (1, 2))
    assert not np.array_equal(first.validation.members, second.validation.members)
    assert np.array_equal(first.test.members, second.test.members)
    again = split([40, 40], seed=1)
    assert np.array_equal(first.validation.members, again.validation.members)


def test_official_splits_are_whole():
    validation, test = source([2, 3], seed=1), source([4, 1], seed=2)
    data = split([5, 6], validation=validation, test=test)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [11, 5, 5]
    everything = np.arange(5)
    assert np.array_equal(data.test.images(everything), test.read(everything, None))
    assert np.array_equal(data.validation.labels, validation.labels)


def test_one_official_split_leaves_the_other_to_be_held_out():
    data = split([10, 10], test=source([3, 3], seed=1))
    assert [len(part) for part in (data.train, data.validation, data.test)] == [16, 4, 6]


@given(COUNTS)
def test_pixels_are_those_of_the_training_images(counts):
    data = split(counts)
    pixels = data.train.images(np.arange(len(data.train))).astype(np.float64)
    assert data.test.mean.ravel() == pytest.approx([pixels.mean()], rel=1e-6)
    assert data.test.std.ravel() == pytest.approx([pixels.std()], rel=1e-6)


def test_measured_images_are_a_sample_that_the_seed_draws():
    means = [split([400], seed=seed, measured=20).train.mean.item() for seed in (1, 1, 2)]
    assert means[0] == means[1] != means[2]
    assert means[0] == pytest.approx(127.5, abs=25)


def test_images_of_one_colour_stay_finite():
    grey = ArraySource(np.full((8, 2, 2), 9, np.uint8), np.arange(8) % 2, (1, 2, 2))
    data = make_data("grey", ("a", "b"), Augmentation(), grey, seed=0, holdout=0.2)
    images, _ = data.train.batch(np.arange(len(data.train)), None, np.random.default_rng(0))
    assert np.all(images == 0)


def test_batches_are_normalised_and_labelled():
    data = split([30, 50])
    indices = np.arange(len(data.train))[::-1]
    images, labels = data.train.batch(indices, None, np.random.default_rng(0))
    assert images.dtype == np.float32
    assert images.shape == (len(data.train), 1, 2, 3)
    assert images.mean() == pytest.approx(0, abs=1e-5)
    assert images.std() == pytest.approx(1, abs=1e-5)
    assert np.array_equal(labels, data.train.labels[indices])
    raw = data.train.images(indices)
    assert images * data.train.std + data.train.mean == pytest.approx(raw.astype(float), abs=1e-3)


@pytest.mark.parametrize("counts", [[5, 2], [0, 4], [1, 1]])
def test_a_class_with_too_few_images_is_named(counts):
    label = next(label for label, count in enumerate(counts) if count < 3)
    with pytest.raises(DataError, match=f"class `{'ab'[label]}` of toy has {counts[label]} training images"):
        split(counts)


@pytest.mark.parametrize("holdout", [0, -0.1, 0.4, 1])
def test_a_holdout_must_leave_images(holdout):
    with pytest.raises(ValueError, match="holdout"):
        split([9, 9], holdout=holdout)
