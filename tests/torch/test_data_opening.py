import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from tests.torch.image_folders import everything
from tunas_dsl.errors import DataError
from tunas_torch.data import Augmentation, open_data
from tunas_torch.data.opening import FASHION_MNIST

GREY = (1, 8, 8)
PARTS = {"train": 60, "t10k": 20}


def idx(array, magic=None):
    magic = magic or bytes((0, 0, 8, array.ndim))
    return magic + struct.pack(f">{array.ndim}I", *array.shape) + array.astype(np.uint8).tobytes()


def images_of(part, count):
    return np.random.default_rng(len(part)).integers(0, 256, (count, 28, 28)).astype(np.uint8)


@pytest.fixture
def fashion(tmp_path):
    """The four files in small."""
    for part, count in PARTS.items():
        (tmp_path / f"{part}-images-idx3-ubyte").write_bytes(idx(images_of(part, count)))
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(idx(np.arange(count) % 10))
    return tmp_path


def open_fashion(folder, shape=(1, 28, 28), **options):
    return open_data(f"fashion-mnist:{folder}", image_shape=shape, seed=0, **options)


def refusal(spec, shape=GREY):
    with pytest.raises(DataError) as caught:
        open_data(spec, image_shape=shape, seed=0)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_digits_are_those_of_scikit_learn():
    data = open_data("digits", image_shape=GREY, seed=0)
    splits = (data.train, data.validation, data.test)
    assert sum(map(len, splits)) == 1797
    assert data.num_classes == 10
    assert data.augmentation == Augmentation(shift=1)
    found = load_digits()
    for split in splits:
        assert everything(split)[:, 0] == pytest.approx(found.images[split.members] / 16 * 255, abs=0.5)
        assert np.array_equal(split.labels, found.target[split.members])


def test_a_fifth_of_digits_validates_unless_asked_otherwise():
    assert len(open_data("digits", image_shape=GREY, seed=0).validation) == pytest.approx(1797 / 5, abs=20)
    less = open_data("digits", image_shape=GREY, seed=0, holdout=0.1)
    assert len(less.validation) == pytest.approx(1797 / 10, abs=20)


def test_digits_are_resized_and_coloured_for_a_larger_input():
    small = open_data("digits", image_shape=GREY, seed=0)
    large = open_data("digits", image_shape=(3, 24, 16), seed=0)
    images = everything(large.test)
    assert images.shape == (len(small.test), 3, 24, 16)
    assert np.array_equal(images[:, 0], images[:, 1])
    assert np.array_equal(images[:, 0], images[:, 2])
    first = Image.fromarray(everything(small.test)[0, 0]).resize((16, 24), Image.Resampling.BILINEAR)
    assert np.array_equal(images[0, 0], np.asarray(first))
    assert large.augmentation == Augmentation(shift=3)


def test_fashion_mnist_has_its_own_test_images(fashion):
    data = open_fashion(fashion)
    assert [len(split) for split in (data.train, data.validation, data.test)] == [56, 4, 20]
    assert np.array_equal(everything(data.test)[:, 0], images_of("t10k", 20))
    assert np.array_equal(everything(data.train)[:, 0], images_of("train", 60)[data.train.members])
    assert np.array_equal(data.test.labels, np.arange(20) % 10)
    assert data.class_names[9] == "Ankle boot"
    assert data.augmentation == Augmentation(shift=2, flip=True)


def test_files_compressed_with_gzip_are_the_same(fashion):
    plain = open_fashion(fashion)
    for path in list(fashion.iterdir()):
        Path(f"{path}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    packed = open_fashion(fashion)
    assert np.array_equal(everything(plain.train), everything(packed.train))
    assert np.array_equal(plain.test.labels, packed.test.labels)


def test_small_images_are_enlarged_as_they_are_read(fashion):
    images = everything(open_fashion(fashion, (3, 56, 56)).test)
    assert images.shape == (20, 3, 56, 56)
    assert images.mean() == pytest.approx(images_of("t10k", 20).mean(), abs=2)


def damage(path, change):
    path.write_bytes(change(path.read_bytes()))


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("train-images-idx3-ubyte", lambda raw: raw[:-1], "only 47039"),
        ("train-images-idx3-ubyte", lambda raw: raw + b"x", "it holds more"),
        ("train-images-idx3-ubyte", lambda raw: raw[:9], "ends within its header"),
        ("train-images-idx3-ubyte", lambda raw: b"", "begins with nothing"),
        ("t10k-images-idx3-ubyte", lambda raw: b"\0\0\x0d\3" + raw[4:], "begins with 00000d03"),
        ("t10k-images-idx3-ubyte", lambda raw: raw[:4] + b"\xff" * 12 + raw[16:], "more than any"),
        ("t10k-labels-idx1-ubyte", lambda raw: idx(np.zeros((20, 1))), "begins with 00000802"),
        ("t10k-labels-idx1-ubyte", lambda raw: idx(np.zeros(19)), "20 images, but 19 labels"),
        ("train-labels-idx1-ubyte", lambda raw: raw[:-1] + b"\x0a", "has the label 10"),
    ],
)
def test_a_damaged_idx_file_is_named(fashion, file, change, message):
    damage(fashion / file, change)
    said = refusal(f"fashion-mnist:{fashion}", (1, 28, 28))
    assert message in said
    assert (file if "labels" not in message and "the label" not in message else str(fashion)) in said


@pytest.mark.parametrize(
    "change", [lambda raw: raw[:-20], lambda raw: raw[:30] + b"!!!" + raw[33:], bytes.upper]
)
def test_a_damaged_gzip_file_is_named(fashion, change):
    path = fashion / "train-images-idx3-ubyte"
    Path(f"{path}.gz").write_bytes(change(gzip.compress(path.read_bytes())))
    path.unlink()
    said = refusal(f"fashion-mnist:{fashion}", (1, 28, 28))
    assert said.startswith(f"{path}.gz ")


def test_files_without_images_are_refused(fashion):
    (fashion / "t10k-images-idx3-ubyte").write_bytes(idx(np.zeros((0, 28, 28))))
    (fashion / "t10k-labels-idx1-ubyte").write_bytes(idx(np.zeros(0)))
    assert "has no images in its t10k files" in refusal(f"fashion-mnist:{fashion}")


def test_a_missing_file_or_folder_is_named(fashion):
    (fashion / "t10k-labels-idx1-ubyte").unlink()
    assert "t10k-labels-idx1-ubyte.gz" in refusal(f"fashion-mnist:{fashion}")
    said = refusal(f"fashion-mnist:{fashion / 'nowhere'}")
    assert "nowhere: install Debian's package dataset-fashion-mnist" in said


@pytest.mark.parametrize(
    ("spec", "hint"),
    [
        ("digit", "did you mean `digits`?"),
        ("fashion_mnist", "did you mean `fashion-mnist`?"),
        ("folders:x", "did you mean `folder`?"),
        ("imagenet", "folder:PATH"),
        ("", "folder:PATH"),
        ("folder:", "folder:PATH"),
        ("digits:8", "use digits,"),
    ],
)
def test_an_unknown_data_set_gets_a_hint(spec, hint):
    said = refusal(spec)
    assert f"no data set `{spec}`" in said
    assert hint in said


def test_inputs_of_two_channels_are_refused():
    assert "the space's input has 2" in refusal("digits", (2, 8, 8))


@pytest.mark.skipif(not Path(FASHION_MNIST).is_dir(), reason="Fashion-MNIST is not installed")
def test_the_published_mean_and_deviation_of_fashion_mnist():
    data = open_data("fashion-mnist", image_shape=(1, 28, 28), seed=0)
    assert (len(data.train) + len(data.validation), len(data.test)) == (60_000, 10_000)
    assert data.train.mean.item() / 255 == pytest.approx(0.2860, abs=1e-3)
    assert data.train.std.item() / 255 == pytest.approx(0.3530, abs=1e-3)
