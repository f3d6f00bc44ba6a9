"""The pixels of images that are files: formats, colours, sizes, and the area that is looked at."""

import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from tests.torch.image_folders import (
    FORMATS,
    classes,
    encoded,
    everything,
    open_images,
    picture,
    write,
)
from tunas_dsl.errors import DataError
from tunas_torch.data import Augmentation
from tunas_torch.data.decoding import decode, image_size
from tunas_torch.data.files import Files, open_files
from tunas_torch.data.fitting import exact_pixels, fast_pixels
from tunas_torch.data.jpeg import jpeg_part


@pytest.mark.parametrize("suffix", FORMATS)
def test_formats(tmp_path, suffix):
    image = picture(5, mode="L").convert("RGB")  # colours that a palette of 256 holds
    options = {"lossless": True} if suffix == "webp" else {}
    files = {f"{name}/{n}.{suffix}": encoded(image, suffix, **options) for name in "ab" for n in range(3)}
    images = everything(open_images(write(tmp_path, files)).train)
    tolerance = 40 if suffix == "jpg" else 0
    assert np.abs(images.astype(int) - np.asarray(image).transpose(2, 0, 1)).max() <= tolerance


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "1"])
def test_grey_and_colour_follow_the_input(tmp_path, mode):
    files = {f"{name}/{n}.png": encoded(picture(n, mode=mode)) for name in "ab" for n in range(3)}
    path = write(tmp_path, files)
    assert everything(open_images(path, (3, 8, 8)).train).shape == (2, 3, 8, 8)
    assert everything(open_images(path, (1, 8, 8)).train).shape == (2, 1, 8, 8)


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_deep_samples_are_scaled_by_the_bits_that_they_fill(tmp_path, bits):
    deep = np.linspace(0, 2**bits - 1, 64).astype(np.uint16).reshape(8, 8)
    for suffix in ("png", "tiff"):
        files = open_files(write(tmp_path, {f"a/1.{suffix}": encoded(Image.fromarray(deep), suffix)}))
        assert np.array_equal(decode(files, f"a/1.{suffix}", 1), deep >> (bits - 8))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_white(tmp_path, mode):
    pixels = np.full((8, 8, 4), (200, 0, 100, 255), np.uint8)
    pixels[:, :4, 3] = 0
    image = Image.fromarray(pixels)
    image = image.quantize(4) if mode == "P" else image.convert(mode)
    files = open_files(write(tmp_path, {"a/1.png": encoded(image)}))
    found = np.asarray(decode(files, "a/1.png", 3))
    assert np.all(found[:, :4] == 255)
    expected = (
        (200, 0, 100) if mode != "LA" else Image.fromarray(pixels[..., :3]).convert("L").getpixel((0, 0))
    )
    assert np.all(np.abs(found[:, 4:].astype(int) - expected) <= 1)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tiff"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_images_are_turned_as_viewers_show_them(tmp_path, suffix, orientation):
    image = Image.fromarray(np.kron(np.arange(15).reshape(3, 5) * 17, np.ones((16, 16))).astype(np.uint8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    files = open_files(write(tmp_path, {f"a/1.{suffix}": encoded(image.convert("RGB"), suffix, exif=exif)}))
    expected = ImageOps.exif_transpose(Image.open(tmp_path / "a" / f"1.{suffix}")).convert("L")
    found = decode(files, f"a/1.{suffix}", 1)
    assert found.size == expected.size == image_size(files, f"a/1.{suffix}")
    assert np.abs(np.asarray(found).astype(int) - np.asarray(expected)).max() <= 2
    flips = {
        1: image,
        3: image.rotate(180),
        6: image.rotate(-90, expand=True),
        8: image.rotate(90, expand=True),
    }
    if orientation in flips:
        assert np.abs(np.asarray(found).astype(int) - np.asarray(flips[orientation])).mean() < 4


@pytest.mark.parametrize(
    "box", [(0, 0, 120, 90), (40, 10, 200, 120), (3, 2, 90, 75), (150, 120, 240, 180), (0, 0, 240, 180)]
)
@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize(
    "options", [{}, {"subsampling": 0}, {"restart_marker_blocks": 3}, {"progressive": True}]
)
def test_a_part_of_a_jpeg_is_what_pillow_decodes_there(tmp_path, box, mode, options):
    smooth = picture(1, (12, 9)).resize((240, 180), Image.Resampling.BICUBIC).convert(mode)
    content = encoded(smooth, "jpg", quality=95, **options)
    channels = len(mode)
    part = jpeg_part(content, smooth.size, box, (50, 40), channels)
    with Image.open(io.BytesIO(content)) as opened:
        expected = np.asarray(opened.crop(box)).reshape(box[3] - box[1], box[2] - box[0], channels)
    if options.get("progressive"):
        assert part is None
        return
    factor = round(expected.shape[0] / part.shape[0])
    assert factor == min((box[2] - box[0]) // 50, (box[3] - box[1]) // 40, 4) or factor == 2
    if factor == 1:
        assert np.array_equal(part, expected)
    files = Files("here", ("1.jpg",), frozenset(), lambda _: content)
    fast, exact = (
        np.asarray(pixels(files, "1.jpg", (channels, 40, 50), lambda _: box)).astype(int)
        for pixels in (fast_pixels, exact_pixels)
    )
    assert np.abs(fast - exact).mean() < 2


def test_a_jpeg_that_is_cut_off_is_damaged(tmp_path):
    content = encoded(picture(1, (64, 64)), "jpg")[:-500]
    files = Files("here", ("1.jpg",), frozenset(), lambda _: content)
    for pixels in (fast_pixels, exact_pixels):
        with pytest.raises(DataError, match=r"`1.jpg`, which cannot be decoded: .*truncated"):
            pixels(files, "1.jpg", (3, 8, 8), lambda _: (0, 0, 16, 16))


def test_images_near_the_size_of_the_input_are_used_whole(tmp_path):
    path = write(tmp_path, classes(size=(9, 9)))
    data = open_images(path, (3, 8, 8))
    assert data.augmentation == Augmentation(shift=1, flip=True)
    with Image.open(path / "ant" / "0.png") as opened:
        expected = np.asarray(opened.resize((8, 8), Image.Resampling.BICUBIC)).transpose(2, 0, 1)
    assert expected.tobytes() in seen_images(data)


def test_the_centre_of_larger_images_is_evaluated(tmp_path):
    path = write(tmp_path, classes(size=(32, 48)))
    data = open_images(path, (3, 16, 16))
    assert data.augmentation == Augmentation(area=True, flip=True)
    with Image.open(path / "bee" / "0.png") as opened:
        centre = opened.crop((2, 10, 30, 38))  # 28 = 0.875 * 32 pixels
        expected = np.asarray(centre.resize((16, 16), Image.Resampling.BICUBIC)).transpose(2, 0, 1)
    assert expected.tobytes() in seen_images(data)


@pytest.mark.parametrize(
    ("sizes", "fitted"),
    [
        ([(16, 16)] * 4, ""),
        ([(8, 8)] * 4, "images of 8 x 8 are resized to 16 x 16"),
        ([(16, 12)] * 4, "images of 12 x 16 are cropped and resized to 16 x 16"),
        ([(32, 32)] * 4, "images of 32 x 32 are cropped and resized to 16 x 16"),
        ([(16, 16)] * 3 + [(8, 8)], "images of 16 x 16 in the median are resized to 16 x 16"),
        ([(30, 20)] * 3 + [(40, 60)], "images of 20 x 30 in the median are cropped and resized to 16 x 16"),
    ],
)
def test_what_is_done_to_images_is_said(tmp_path, sizes, fitted):
    files = {
        f"{name}/{number}.png": encoded(picture(number, size))
        for name in ("ant", "bee")
        for number, size in enumerate(sizes)
    }
    assert open_images(write(tmp_path, files), (3, 16, 16)).fitted == fitted


def seen_images(data):
    return {
        image.tobytes() for part in (data.train, data.validation, data.test) for image in everything(part)
    }


def test_training_looks_at_random_areas_that_the_generator_decides(tmp_path):
    ramp = np.tile(np.linspace(0, 255, 200).astype(np.uint8), (200, 1))  # brighter to the right
    files = {f"{name}/{n}.png": encoded(Image.fromarray(ramp)) for name in "ab" for n in range(9)}
    data = open_images(write(tmp_path, files), (1, 16, 16))
    indices = np.zeros(200, int)

    def batch(seed):
        return data.train.batch(indices, data.augmentation, np.random.default_rng(seed))[0]

    images = batch(1) * data.train.std + data.train.mean
    assert np.array_equal(batch(1), batch(1))
    assert not np.array_equal(batch(1), batch(2))
    rise = (images[:, 0, 0, -1] - images[:, 0, 0, 0]) / 255 * 16 / 15
    widths = np.abs(rise)
    assert 0.4 < np.mean(rise < 0) < 0.6  # mirrored
    assert widths.min() < 0.4  # of the image; at least sqrt(0.1 * 3/4) = 0.27
    assert widths.min() > 0.25
    assert widths.max() > 0.9


@pytest.mark.parametrize("size", [(32, 32), (200, 200)], ids=["alone", "threads"])
def test_a_batch_does_not_depend_on_what_was_read_before(tmp_path, size):
    path = write(tmp_path, classes(size=size, count=12))
    fresh, used = (open_images(path, (3, 16, 16)) for _ in range(2))
    everything(used.train)
    indices = np.array([3, 1, 3, 0])
    for augmentation in (None, fresh.augmentation):
        first, second = (
            data.train.batch(indices, augmentation, np.random.default_rng(4))[0] for data in (fresh, used)
        )
        assert np.array_equal(first, second)
        assert first.flags.c_contiguous


def test_images_stay_in_memory_while_they_fit(tmp_path, monkeypatch):
    path = write(tmp_path, classes())
    data = open_images(path)
    before = everything(data.train)
    monkeypatch.setattr("tunas_torch.data.folder._CACHE_BYTES", 8 * 3 * 64 - 1)
    too_large = open_images(path)
    write(tmp_path, {name: encoded(picture(999)) for name in classes()})
    assert np.array_equal(everything(data.train), before)
    assert not np.array_equal(everything(too_large.train), before)
