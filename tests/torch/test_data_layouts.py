"""Data sets as people download them: other names of splits, labels in tables and names, archives."""

import io
import tarfile

import numpy as np
import pytest

from tests.torch.image_folders import classes, encoded, open_images, picture, sizes, write
from tunas_dsl.errors import DataError
from tunas_torch.data.files import open_files
from tunas_torch.data.layout import find_layout
from tunas_torch.data.split_names import split_of


def flat(below, count=4, stem="{}"):
    return {f"{below}{stem.format(number)}.png": encoded(picture(number)) for number in range(count)}


def layout(root, files):
    return find_layout(open_files(write(root, files)))


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [
        ("Train", "Valid", "Test"),
        ("training", "dev", "testing"),
        ("TRAINING_SET", "validation_set", "test_set"),
        ("seg_train/seg_train", "seg_val/seg_val", "seg_test/seg_test"),
        ("train2017", "val2017", "test2017"),
        ("a/b/imgs-train", "a/b/imgs-valid", "a/b/imgs-test"),
        ("trainset", "devset", "testset"),
    ],
)
def test_splits_by_their_other_names(tmp_path, train, validation, test):
    files = (
        classes(below=f"{train}/")
        | classes(count=2, below=f"{validation}/")
        | classes(count=3, below=f"{test}/")
    )
    data = open_images(write(tmp_path, files))
    assert sizes(data) == [8, 4, 6]
    assert data.class_names == ("ant", "bee")


@pytest.mark.parametrize(
    "name", ["trainer", "testament", "valley", "protest", "train_test", "developers", "contest"]
)
def test_other_words_are_no_splits(name):
    assert split_of(name) is None


def test_splits_of_unknown_names_are_said_to_look_like_some(tmp_path):
    data = open_images(write(tmp_path, classes(below="apprendre/") | classes(below="verifier/")))
    assert data.class_names == ("apprendre", "verifier")
    assert "apprendre, verifier hold the same folders (ant, bee)" in data.notes[0]


def test_flat_files_are_of_the_class_that_they_are_called_by(tmp_path):
    files = flat("train/", 6, "cat.{}") | flat("train/", 5, "dog.{}") | flat("test/", 3)
    found = layout(tmp_path, files)
    assert found.classes == ("cat", "dog")
    assert np.bincount(found.splits["train"].labels).tolist() == [6, 5]
    assert "test" not in found.splits
    assert any(note.startswith("3 images of `test/` without labels: passed over") for note in found.notes)


def test_tiny_imagenet_as_downloaded(tmp_path):
    files = {}
    for name in ("n01", "n02"):
        files |= flat(f"tiny/train/{name}/images/", 3, name + "_{}")
        files[f"tiny/train/{name}/{name}_boxes.txt"] = b"n01_0.png\t0\t0\t3\t3\n"
    rows = "".join(f"val_{number}.png\tn0{number % 2 + 1}\t0\t0\t3\t3\n" for number in range(4))
    files |= flat("tiny/val/images/", 4, "val_{}") | {"tiny/val/val_annotations.txt": rows.encode()}
    files |= flat("tiny/test/images/", 2, "test_{}") | {"tiny/wnids.txt": b"n01\nn02\n"}
    found = layout(tmp_path, files)
    assert found.classes == ("n01", "n02")
    listed = found.splits["validation"]
    assert {name: int(label) for name, label in zip(listed.names, listed.labels, strict=True)} == {
        f"tiny/val/images/val_{number}.png": number % 2 for number in range(4)
    }


@pytest.mark.parametrize(
    ("name", "head", "row"),
    [
        ("LOC_val_solution.csv", "ImageId,PredictionString\n", "val_{0},{1} 1 2 30 40 {1} 5 6 7 8\n"),
        ("val.txt", "", "val_{0}.png {2}\n"),
        ("labels.tsv", "file\tsize\tlabel\n", "val/val_{0}.png\t12\t{1}\n"),
    ],
)
def test_flat_validation_images_are_labelled_by_a_table(tmp_path, name, head, row):
    wnids = ("n02", "n01")
    rows = head + "".join(row.format(n, wnids[n % 2], 1 - n % 2) for n in range(4))
    found = layout(
        tmp_path, classes(("n01", "n02"), below="train/") | flat("val/", 4, "val_{}") | {name: rows.encode()}
    )
    assert found.splits["validation"].labels.tolist() == [1, 0, 1, 0]
    assert any(f"`{name}`" in note for note in found.notes)


def test_flat_validation_images_are_labelled_by_the_devkit(tmp_path):
    from scipy.io import savemat

    meta = io.BytesIO()
    synsets = np.array([(1, "n02"), (2, "n01")], dtype=[("ILSVRC2012_ID", object), ("WNID", object)])
    savemat(meta, {"synsets": synsets})
    files = classes(("n01", "n02"), below="train/") | flat("val/", 4, "ILSVRC2012_val_0000000{}")
    files["devkit/data/ILSVRC2012_validation_ground_truth.txt"] = b"1\n2\n2\n1\n"
    files["devkit/data/meta.mat"] = meta.getvalue()
    assert layout(tmp_path, files).splits["validation"].labels.tolist() == [1, 0, 0, 1]


@pytest.mark.parametrize("one_hot", [False, True])
def test_a_table_may_label_everything(tmp_path, one_hot):
    if one_hot:
        rows = "image,CAT,DOG\n" + "".join(f"{n},{n % 2}.0,{1 - n % 2}.0\n" for n in range(8))
    else:
        rows = "id,breed,split\n" + "".join(
            f"{n},{['DOG', 'CAT'][n % 2]},{'train' if n < 6 else 'test'}\n" for n in range(8)
        )
    found = layout(
        tmp_path, flat("part_1/", 8) | {"part_2/9.png": encoded(picture())} | {"table.csv": rows.encode()}
    )
    assert found.classes == ("CAT", "DOG")
    assert len(found.splits["train"]) == (8 if one_hot else 6)
    assert found.splits["train"].labels.tolist()[:2] == [1, 0]
    assert "1 image not in `table.csv`: passed over" in found.notes


def test_validation_images_without_labels_are_refused_with_the_right_layout(tmp_path):
    with pytest.raises(DataError, match=r"no class folders in `val/`.*one folder for each class"):
        layout(tmp_path, classes(below="train/") | flat("val/"))


def test_what_is_passed_over_is_said_by_suffix(tmp_path):
    strays = {f"ant/{number}.heic": b"x" for number in range(30)} | {"ant/notes.md": b"x"}
    assert layout(tmp_path, classes() | strays).notes == ("31 files passed over: 30 .heic, 1 .md",)


def test_a_class_of_unknown_files_names_what_is_there_and_what_is_read(tmp_path):
    with pytest.raises(DataError, match=r"`dog`, but 20 \.heic; files that are read end in .*\.png.*\.tif"):
        layout(tmp_path, classes() | {f"dog/{number}.heic": b"x" for number in range(20)})


def test_a_class_that_a_split_lacks_is_said(tmp_path):
    assert layout(tmp_path, classes(below="train/") | classes(("ant",), below="val/")).notes == (
        "no validation images of class bee",
    )


@pytest.mark.parametrize("mode", ["w:", "w:gz"])
def test_tar_files_are_read_like_folders(tmp_path, mode):
    path = tmp_path / "images.tar"
    with tarfile.open(path, mode) as archive:
        for name, content in classes().items():
            member = tarfile.TarInfo(f"./{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    packed, plain = open_images(path), open_images(write(tmp_path / "plain", classes()))
    assert sizes(packed) == sizes(plain)
    for mine, theirs in ((packed.train, plain.train), (packed.test, plain.test)):
        everyone = np.arange(len(mine))
        assert np.array_equal(mine.images(everyone), theirs.images(everyone))


def test_tar_files_that_grow_or_lead_out_are_refused(tmp_path, monkeypatch):
    bomb, out = tmp_path / "bomb.tgz", tmp_path / "out.tar"
    for path, name, size in ((bomb, "ant/1.png", 1 << 20), (out, "../1.png", 4)):
        with tarfile.open(path, "w:gz" if path == bomb else "w") as archive:
            member = tarfile.TarInfo(name)
            member.size = size
            archive.addfile(member, io.BytesIO(bytes(size)))
    monkeypatch.setattr("tunas_torch.data.archives._LEAST_GROWN", 1 << 10)
    with pytest.raises(DataError, match="more than 20 times its own size"):
        open_files(bomb)
    with pytest.raises(DataError, match="leads out of it"):
        open_files(out)
    bomb.write_bytes(bomb.read_bytes()[:-30])
    with pytest.raises(DataError, match=r"no tar file that can be read|more than 20"):
        open_files(bomb)
