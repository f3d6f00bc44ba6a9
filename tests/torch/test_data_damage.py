"""Folders and zips that are no data set, or a hostile one: a line that names the place."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.torch.image_folders import (
    FORMATS,
    classes,
    encoded,
    open_images,
    pack,
    picture,
)
from tunas_dsl.errors import DataError
from tunas_torch.data.decoding import decode, image_size
from tunas_torch.data.files import Files, open_files
from tunas_torch.data.layout import find_layout


def refusal(path, shape=(3, 8, 8)):
    with pytest.raises(DataError) as caught:
        open_images(path, shape)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def test_a_file_that_cannot_be_decoded_is_named(place):
    broken = {"ant/2.png": b"not an image", "bee/2.png": classes()["bee/2.png"][:-60]}
    for name, content in broken.items():
        said = refusal(place(classes() | {name: content}))
        assert f"`{name}`" in said
        assert "0x" not in said  # no addresses of objects


def test_a_file_of_another_format_is_no_image_whatever_its_name(place):
    other = encoded(picture(), "tga")
    assert "no PNG, JPEG, BMP, GIF, WEBP, TIFF, AVIF or PPM image" in refusal(
        place(classes() | {"ant/3.png": other})
    )


def test_decompression_bombs_are_refused(place, monkeypatch):
    path = place(classes())
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    assert "decompression bomb" in refusal(path)


def test_huge_photos_are_decoded_reduced(place, monkeypatch):
    huge = encoded(picture(size=(640, 320)), "jpg")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 20_000)
    monkeypatch.setattr("tunas_torch.data.decoding._LARGEST", 20_000)
    files = open_files(place({"ant/1.jpg": huge}))
    assert image_size(files, "ant/1.jpg") == (640, 320)
    assert decode(files, "ant/1.jpg", 3).size == (160, 80)
    monkeypatch.setattr("tunas_torch.data.decoding._LARGEST", 200)
    with pytest.raises(DataError, match="says that it has 204800 pixels"):
        decode(files, "ant/1.jpg", 3)


def test_huge_entries_of_a_zip_are_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr("tunas_torch.data.listing.LARGEST", 1000)
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
        (classes(count=1), "class `ant` of"),
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
        return [decode(files, name, 3) for name in find_layout(files).splits["train"].names]

    found = outcome(read)
    assert str(path) in found if isinstance(found, str) else all(image.mode == "RGB" for image in found)
