from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunas_torch.data.augment import CENTRE, Augmentation, augment, random_area
from tunas_torch.data.pixels import central_area

SIDE = st.integers(1, 3000)


def random_images(count=6, channels=3, height=5, width=7, seed=0):
    return np.random.default_rng(seed).integers(1, 256, (count, channels, height, width)).astype(np.uint8)


def moves(image, pixels, flip):
    """Every way to move and mirror one image, by hand."""
    _, height, width = image.shape
    for down in range(-pixels, pixels + 1):
        for right in range(-pixels, pixels + 1):
            moved = np.zeros_like(image)
            for row in range(height):
                for column in range(width):
                    if 0 <= row - down < height and 0 <= column - right < width:
                        moved[:, row, column] = image[:, row - down, column - right]
            yield (down, right, False), moved
            if flip:
                yield (down, right, True), moved[:, :, ::-1]


@pytest.mark.parametrize(("pixels", "flip"), [(0, True), (1, False), (2, True)])
def test_images_move_and_mirror_each_in_its_own_way(pixels, flip):
    image = random_images(1)
    possible = {moved.tobytes(): how for how, moved in moves(image[0], pixels, flip)}
    many = np.repeat(image, 2000, axis=0)
    changed = augment(many, Augmentation(pixels, flip), np.random.default_rng(5))
    assert changed.shape == many.shape
    assert changed.dtype == np.uint8
    seen = [possible[picture.tobytes()] for picture in changed]  # KeyError: no such move
    assert set(seen) == set(possible.values())
    if flip:
        assert 0.45 < np.mean([mirrored for *_, mirrored in seen]) < 0.55


def test_an_augmentation_of_nothing_changes_nothing():
    images = random_images()
    assert np.array_equal(augment(images, Augmentation(), np.random.default_rng(0)), images)


@given(st.integers(0, 99))
def test_the_generator_decides_alone_and_the_images_stay(seed):
    images = random_images()
    before = images.copy()
    first, second = (augment(images, Augmentation(2, True), np.random.default_rng(seed)) for _ in range(2))
    assert np.array_equal(first, second)
    assert np.array_equal(images, before)


@given(SIDE, SIDE, st.sampled_from([8, 32, 224]))
def test_evaluation_looks_at_seven_eighths_of_the_short_side(width, height, target):
    left, top, right, bottom = central_area((width, height), (target, target), CENTRE)
    assert right - left == bottom - top == max(1, min(width, height) * 224 // 256)
    assert abs(left - (width - right)) <= 1
    assert abs(top - (height - bottom)) <= 1


@given(SIDE, SIDE, st.integers(1, 300), st.integers(1, 300))
def test_the_central_area_has_the_proportions_of_the_input(width, height, wide, high):
    left, top, right, bottom = central_area((width, height), (wide, high), Fraction(1))
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    assert right - left == width or bottom - top == height or 1 in (right - left, bottom - top)
    if min(right - left, bottom - top) > 1:
        scale = min(width / wide, height / high)
        assert abs((right - left) - scale * wide) < 1.001
        assert abs((bottom - top) - scale * high) < 1.001


@given(SIDE, SIDE, st.integers(0, 2**32))
def test_random_areas_are_as_in_the_reference_implementation(width, height, seed):
    box = random_area((width, height), np.random.default_rng(seed))
    if box is not None:
        left, top, right, bottom = box
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
        assert 10 * (right - left) * (bottom - top) >= width * height
        assert (right - left, bottom - top) != (width, height)
        # half a pixel of rounding on each side
        assert (right - left - 0.5) / (bottom - top + 0.5) < 4 / 3 + 1e-9
        assert (right - left + 0.5) / (bottom - top - 0.5) > 3 / 4 - 1e-9


def test_random_areas_reach_every_size_aspect_and_corner():
    random = np.random.default_rng(3)
    boxes = np.array([box for box in (random_area((400, 400), random) for _ in range(3000)) if box])
    left, top, right, bottom = boxes.T
    areas, aspects = (right - left) * (bottom - top) / 400**2, (right - left) / (bottom - top)
    assert areas.min() < 0.11
    assert areas.max() > 0.9
    assert aspects.min() < 0.76
    assert aspects.max() > 1.32
    assert left.min() == top.min() == 0
    assert right.max() == bottom.max() == 400


def test_an_image_too_long_for_any_area_falls_back():
    assert random_area((10, 1000), np.random.default_rng(0)) is None
