"""Which images of a folder or a zip are of which class and split."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from tests.torch.image_folders import (
    classes,
    encoded,
    everything,
    open_images,
    pack,
    picture,
    sizes,
    write,
)
from tunas_torch.data import open_data


def pack_splits(root, files, *, named=True):
    """A zip for each split; with ``named``, its files lie in a folder of the split's name."""
    for split in {name.split("/")[0] for name in files}:
        with zipfile.ZipFile(root / f"{split}.zip", "w") as archive:
            for name, content in files.items():
                if name.startswith(f"{split}/"):
                    archive.writestr(name if named else name.removeprefix(f"{split}/"), content)
    return root


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
