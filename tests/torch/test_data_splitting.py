import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunas_dsl.errors import DataError
from tunas_torch.data.augment import Augmentation
from tunas_torch.data.images import ArraySource
from tunas_torch.data.splitting import hash_places, held_out, make_data

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


KEYS = st.lists(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=12), min_size=12, max_size=80, unique=True
)
HOLDOUT = SHARE | st.integers(1, 4)


def split_keys(keys, holdout):
    """The split of each of ``keys``, which are of one class."""
    places = hash_places(keys)
    held = {"validation": held_out(places, holdout, last=True), "test": held_out(places, holdout, last=False)}
    found = dict.fromkeys(keys, "train")
    return found | {keys[member]: part for part, members in held.items() for member in members}


@given(KEYS, SHARE, st.data())
def test_an_image_that_comes_or_goes_moves_no_other(keys, share, data):
    before = split_keys(keys, share)
    changed = list(keys)
    gone = changed.pop(data.draw(st.integers(0, len(keys) - 1)))
    if data.draw(st.booleans()):
        changed.insert(data.draw(st.integers(0, len(changed))), gone + "x")
    after = split_keys(data.draw(st.permutations(changed)), share)
    # Only where a split would be empty does it reach for its nearest image.
    for part in ("validation", "test"):
        if sum(hash_places(keys) <= share) and sum(hash_places(keys) >= 1 - share) and part in after.values():
            full = {part: sum((1 - p if part == "validation" else p) <= share for p in hash_places(changed))}
            if full[part]:
                same = [key for key in changed if key in before]
                assert [before[key] == part for key in same] == [after[key] == part for key in same]


def test_one_image_more_or_less_among_thousands_moves_no_other():
    keys = [f"{number:04d}.jpg" for number in range(5000)]
    before = split_keys(keys, 0.1)
    for changed in (keys[1:], keys[:-1], [*keys, "another.jpg"], ["renamed.jpg", *keys[1:]]):
        after = split_keys(changed, 0.1)
        assert all(before[key] == after[key] for key in changed if key in before)


@given(KEYS, HOLDOUT)
def test_held_out_splits_share_no_image_and_have_some(keys, holdout):
    places = hash_places(keys)
    first, last = (held_out(places, holdout, last=last) for last in (False, True))
    assert len(first)
    assert len(last)
    if holdout >= 1:
        assert len(first) == len(last) == holdout
    assert not set(first) & set(last)


def test_shares_are_what_was_asked_for():
    places = hash_places([f"{number}" for number in range(20_000)])
    for share in (0.01, 0.1, 0.3):
        for last in (False, True):
            assert len(held_out(places, share, last=last)) == pytest.approx(20_000 * share, rel=0.15)


def test_all_seeds_validate_and_test_on_the_same_images():
    first, second = (split([40, 40], seed=seed) for seed in (1, 2))
    assert np.array_equal(first.validation.members, second.validation.members)
    assert np.array_equal(first.test.members, second.test.members)
    everyone = np.concatenate([part.members for part in (first.train, first.validation, first.test)])
    assert sorted(everyone) == list(range(80))


def test_the_splits_of_a_data_set_are_those_of_its_images_keys():
    data = split([40, 40])
    keys = list(data.train.source.keys)
    wanted = split_keys(keys, 0.2)
    parts = {"train": data.train, "validation": data.validation, "test": data.test}
    found = {keys[member]: part for part, images in parts.items() for member in images.members}
    assert found == wanted
    assert set(found.values()) == set(parts)


def test_official_splits_are_whole():
    validation, test = source([2, 3], seed=1), source([4, 1], seed=2)
    data = split([5, 6], validation=validation, test=test)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [11, 5, 5]
    everything = np.arange(5)
    assert np.array_equal(data.test.images(everything), test.read(everything, None))
    assert np.array_equal(data.validation.labels, validation.labels)


def test_one_official_split_leaves_the_other_to_be_held_out():
    data = split([10, 10], test=source([3, 3], seed=1), holdout=4)
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


@pytest.mark.parametrize("counts", [[5, 0], [0, 4], [1, 1]])
def test_a_class_without_training_images_is_named(counts):
    label = next(label for label, count in enumerate(counts) if count < 2)
    with pytest.raises(DataError, match=f"class `{'ab'[label]}` of toy has {counts[label]} image"):
        split(counts, holdout=1 if max(counts) == 1 else 0.2)


@pytest.mark.parametrize("holdout", [0, -0.1, 0.4, 2.5])
def test_a_holdout_must_leave_images(holdout):
    with pytest.raises(ValueError, match="holdout"):
        split([9, 9], holdout=holdout)
