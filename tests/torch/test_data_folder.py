import io
import warnings
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tunas_dsl.search.errors import DataError
from tunas_torch.data import Augmentation, open_data
from tunas_torch.data.decoding import decode
from tunas_torch.data.files import Files, open_files
from tunas_torch.data.layout import find_layout

FORMATS = ("png", "jpg", "bmp", "gif", "webp")


def picture(seed=0, size=(8, 8), mode="RGB"):
    width, height = size
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)
    return Image.fromarray(pixels).convert(mode)


def encoded(image, suffix="png", **options):
    buffer = io.BytesIO()
    image.save(buffer, {"jpg": "JPEG"}.get(suffix, suffix), **options)
    return buffer.getvalue()


def classes(names=("ant", "bee"), count=4, size=(8, 8), below=""):
    """The files of a small data set, by name; every image is another."""
    return {
        f"{below}{name}/{number}.png": encoded(picture(100 * index + number, size))
        for index, name in enumerate(names)
        for number in range(count)
    }


def write(root, files):
    for name, content in files.items():
        path = root / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return root


def pack(root, files):
    path = root / "packed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def pack_splits(root, files, *, named=True):
    """A zip for each split; with ``named``, its files lie in a folder of the split's name."""
    for split in {name.split("/")[0] for name in files}:
        with zipfile.ZipFile(root / f"{split}.zip", "w") as archive:
            for name, content in files.items():
                if name.startswith(f"{split}/"):
                    archive.writestr(name if named else name.removeprefix(f"{split}/"), content)
    return root


@pytest.fixture(params=[write, pack], ids=["folder", "zip"])
def place(request, tmp_path):
    """Writes files as a folder or as a zip, and gives its path."""
    return lambda files: request.param(tmp_path, files)


def open_images(path, shape=(3, 8, 8), **options):
    return open_data(f"folder:{path}", image_shape=shape, seed=0, **options)


def sizes(data):
    return [len(split) for split in (data.train, data.validation, data.test)]


def everything(split):
    return split.images(np.arange(len(split)))


def refusal(path, shape=(3, 8, 8)):
    with pytest.raises(DataError) as caught:
        open_images(path, shape)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def test_classes_are_folders_in_alphabetical_order(place):
    files = classes(("cow", "ant", "bee"))
    data = open_images(place(files))
    assert data.class_names == ("ant", "bee", "cow")
    assert sizes(data) == [6, 3, 3]
    assert data.skipped == 0
    named = {
        picture.tobytes(): name.split("/")[0]
        for name, picture in ((name, pixels_of(content)) for name, content in files.items())
    }
    for split in (data.train, data.validation, data.test):
        for image, label in zip(everything(split), split.labels, strict=True):
            assert named[image.tobytes()] == data.class_names[label]


def pixels_of(content):
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image).transpose(2, 0, 1)


@pytest.mark.parametrize("named", [True, False])
def test_zips_of_splits_are_the_folders_in_them(tmp_path, named):
    files = classes(below="train/") | classes(count=2, below="val/") | classes(count=3, below="test/")
    (tmp_path / "folders").mkdir()
    folders = open_images(write(tmp_path / "folders", files))
    (tmp_path / "zips").mkdir()
    zips = open_images(pack_splits(tmp_path / "zips", files, named=named))
    assert sizes(zips) == sizes(folders) == [8, 4, 6]
    for mine, theirs in zip(
        (zips.train, zips.validation, zips.test),
        (folders.train, folders.validation, folders.test),
        strict=True,
    ):
        assert np.array_equal(everything(mine), everything(theirs))
        assert np.array_equal(mine.labels, theirs.labels)


def test_a_zip_of_one_split_alone_is_split_up(tmp_path):
    data = open_images(pack_splits(tmp_path, classes(("ant", "bee", "cow"), below="train/"), named=False))
    assert sizes(data) == [6, 3, 3]


def test_a_path_needs_no_word_before_it(place):
    path = place(classes())
    assert sizes(open_data(str(path), image_shape=(3, 8, 8), seed=0)) == sizes(open_images(path))


def test_folders_of_splits_are_official(place):
    files = classes(below="train/") | classes(count=2, below="val/") | classes(count=3, below="test/")
    data = open_images(place(files))
    assert sizes(data) == [8, 4, 6]
    assert data.class_names == ("ant", "bee")
    expected = {pixels_of(content).tobytes() for name, content in files.items() if name.startswith("test/")}
    assert {image.tobytes() for image in everything(data.test)} == expected


@pytest.mark.parametrize(
    ("below", "expected"),
    [
        (("train/",), [4, 2, 2]),
        (("train/", "test/"), [6, 2, 8]),
        (("train/", "validation/"), [6, 8, 2]),
        (("set/train/", "set/test/"), [6, 2, 8]),
        (("set/",), [4, 2, 2]),
        (("test/",), [4, 2, 2]),
    ],
)
def test_one_more_folder_around_everything_is_passed_through(place, below, expected):
    files = {}
    for prefix in below:
        files |= classes(below=prefix)
    data = open_images(place(files))
    assert sizes(data) == expected
    assert data.class_names == ("ant", "bee")


def test_classes_may_be_called_like_splits(place):
    data = open_images(place(classes(("train", "bus"))))
    assert data.class_names == ("bus", "train")


def test_images_may_lie_deeper_in_their_class(place):
    files = classes() | {"ant/queens/1.PNG": encoded(picture(77))}
    data = open_images(place(files))
    assert data.class_names == ("ant", "bee")
    assert sum(sizes(data)) == 9


def test_what_is_no_image_of_a_class_is_skipped_and_counted(place):
    strays = {
        "cover.png": encoded(picture()),
        "README.md": b"text",
        "ant/notes.txt": b"text",
        "ant/.hidden.png": b"no image",
        ".cache/x/1.png": b"no image",
        "__MACOSX/ant/._0.png": b"no image",
    }
    data = open_images(place(classes() | strays))
    assert data.skipped == len(strays)
    assert sum(sizes(data)) == 8


def test_backslashes_of_other_systems_are_folders(tmp_path):
    files = {name.replace("/", "\\"): content for name, content in classes().items()}
    assert sizes(open_images(pack(tmp_path, files))) == [4, 2, 2]


def test_linked_class_folders_are_followed_but_not_round_and_round(tmp_path):
    elsewhere, root = tmp_path / "elsewhere", tmp_path / "root"
    write(elsewhere, classes(("bee",)))
    write(root, classes(("ant",)))
    (root / "bee").symlink_to(elsewhere / "bee")
    (root / "ant" / "again").symlink_to(root)
    data = open_images(root)
    assert data.class_names == ("ant", "bee")
    assert sum(sizes(data)) == 8


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


def test_sixteen_bits_become_eight_and_palettes_lose_transparency(tmp_path):
    deep = np.arange(0, 64000, 1000, np.uint16).reshape(8, 8)
    palette = picture(1).quantize(16)
    clear = encoded(palette, transparency=bytes(range(16)))
    files = {f"deep/{n}.png": encoded(Image.fromarray(deep)) for n in range(3)}
    files |= {f"clear/{n}.png": clear for n in range(3)}
    data = open_images(write(tmp_path, files))
    assert np.array_equal(data.train.images(np.array([1]))[0, 0], deep >> 8)
    assert np.array_equal(data.train.images(np.array([0]))[0].transpose(1, 2, 0), palette.convert("RGB"))


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


def test_a_file_that_cannot_be_decoded_is_named(place):
    broken = {"ant/3.png": b"not an image", "bee/3.png": classes()["bee/3.png"][:-60]}
    for name, content in broken.items():
        said = refusal(place(classes() | {name: content}))
        assert f"`{name}`" in said
        assert "0x" not in said  # no addresses of objects


def test_a_file_of_another_format_is_no_image_whatever_its_name(place):
    tiff = encoded(picture(), "tiff")
    assert "no PNG, JPEG, BMP, GIF or WEBP image" in refusal(place(classes() | {"ant/3.png": tiff}))


@pytest.mark.parametrize("limit", [40, 10], ids=["warning", "error"])
def test_decompression_bombs_are_refused(place, monkeypatch, limit):
    path = place(classes())
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert "decompression bomb" in refusal(path)


def test_huge_entries_of_a_zip_are_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr("tunas_torch.data.files._LARGEST", 1000)
    assert "`ant/9.png` of 1001 bytes" in refusal(pack(tmp_path, classes() | {"ant/9.png": bytes(1001)}))


@pytest.mark.parametrize("name", ["../ant/0.png", "ant/../../0.png", "/ant/0.png", "..\\ant\\0.png"])
def test_names_that_lead_out_of_a_zip_are_refused(tmp_path, name):
    assert "leads out of it" in refusal(pack(tmp_path, classes() | {name: encoded(picture())}))


def test_a_zip_must_be_one(tmp_path):
    path = tmp_path / "images.zip"
    path.write_bytes(b"no zip")
    assert "is no zip file" in refusal(path)
    assert "there is no folder or zip file" in refusal(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"notes.txt": b"text"}, "no images in folders of their classes"),
        ({"1.png": encoded(picture())}, "no images in folders of their classes"),
        (classes(("ant",)), "only the class `ant`"),
        (classes(("ant",), below="train/"), "only the class `ant`"),
        (classes() | {"cow/": b""}, "no images in the class folder `cow`"),
        (classes() | {"cow/readme.txt": b""}, "no images in the class folder `cow`"),
        (classes(below="train/") | {"train/cow/": b""}, "no images in the class folder `train/cow`"),
        (classes(below="train/") | {"test/": b""}, "no class folders in `test/`"),
        (classes(below="train/") | classes(("cow",), below="test/"), "no training images of the class `cow`"),
        (classes(below="train/") | classes(("cow",)), "has images in `cow`, beside its splits"),
        (classes(count=2), "class `ant` of"),
    ],
)
def test_folders_that_are_no_data_set_are_described(place, files, message):
    with pytest.raises(DataError) as caught:
        open_images(place(files))
    assert message in str(caught.value)


def changed(raw, edits, cut):
    """``raw`` with some bytes replaced and its end cut off."""
    damaged = bytearray(raw)
    for position, byte in edits:
        damaged[position % len(damaged)] = byte
    return bytes(damaged[: max(1, len(damaged) - cut)])


EDITS = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=6)
CUT = st.sampled_from([0, 0, 1, 20, 100])


def outcome(read):
    """What ``read`` gives, or what it refuses in one line; any other exception fails the test."""
    try:
        return read()
    except DataError as error:
        return str(error)


@settings(max_examples=200)
@given(st.sampled_from(FORMATS), EDITS, CUT)
def test_damaged_images_are_pixels_or_a_message(suffix, edits, cut):
    raw = changed(encoded(picture(), suffix), edits, cut)
    name = f"a/1.{suffix}"
    found = outcome(lambda: decode(Files("here", (name,), frozenset({"a"}), lambda _: raw), name, 3))
    if isinstance(found, str):
        assert found.startswith(f"here has `{name}`")
        assert "\n" not in found
    else:
        assert found.mode == "RGB"


@settings(max_examples=100)
@given(EDITS, st.integers(0, 100))
def test_damaged_zips_are_images_or_a_message(tmp_path_factory, edits, cut):
    path = pack(tmp_path_factory.mktemp("damaged"), classes(count=1))
    path.write_bytes(changed(path.read_bytes(), edits, cut))

    def read():
        files = open_files(path)
        return [decode(files, name, 3) for name, _ in find_layout(files).splits["train"]]

    found = outcome(read)
    assert str(path) in found if isinstance(found, str) else all(image.mode == "RGB" for image in found)
