"""Runs know their images: others are refused with what differs, the same ones are found at another place."""

import json
import shutil
from pathlib import Path

import pytest

from tests.command_line import tunas
from tests.torch.image_folders import classes, write

SPACE = """space t {
    input image 16 x 16 x 3
    layer more = residual(bottleneck(kernel: 3 | 5, expand: 3x | 6x) | skip)
    block stem (filters: 8)  { conv(kernel: 3, stride: 2)  relu  more }
    block head (filters: 16) { conv(kernel: 1)  relu  global_pool }
    classifier (classes: 2)
}
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.space").write_text(SPACE)
    write(tmp_path / "images", classes(("cat", "dog"), count=12))
    return tmp_path


STEPS = ("--steps", "3", "--batch-size", "4")


def trained(*more, **status):
    return tunas("train", "t.space", "0:0:0:0:0", "--data", "images", *STEPS, "-o", "run", *more, **status)


def searched(*more):
    settings = ("--latency", "macs", "--target", "0.1", "--samples-per-step", "1")
    return tunas("search", "t.space", "--data", "images", *STEPS, *settings, "-o", "run", *more)


def summary(run="run"):
    return json.loads(Path(run, "data.json").read_text())


def test_the_first_lines_say_what_the_images_are(place):
    said = searched().stderr
    assert "images: 2 classes, cat and dog; 18 training, 4 validation, 2 test images" in said
    (place / "t.space").write_text(SPACE.replace("classes: 2", "classes: 10"))
    shutil.rmtree("run")
    assert "the classifier of `t` has 10 classes, the data only 2" in searched().stderr
    assert summary()["classes"] == ["cat", "dog"]
    assert summary()["images"] == {"train": 18, "validation": 4, "test": 2}


def content(path):
    """What is in a file, without the header of tensors, which names the data."""
    raw = path.read_bytes()
    return raw if path.suffix == ".json" else raw[8 + int.from_bytes(raw[:8], "little") :]


@pytest.mark.parametrize("run", [searched, trained])
def test_the_same_images_elsewhere_go_on_bit_for_bit(place, run):
    run()
    result = "policy.json" if run is searched else "weights.safetensors"
    first = content(place / "run" / result)
    for checkpoint in place.glob("run/checkpoint*"):
        checkpoint.unlink()
    (place / "run" / "result.json").unlink()
    (place / "run" / result).unlink()
    shutil.move("images", "moved")
    command = "search" if run is searched else "train"
    said = tunas(command, "--resume", "-o", "run", status=1)
    assert "if the images have moved, name their" in said.stderr
    tunas(command, "--resume", "-o", "run", "--data", "moved")
    assert content(place / "run" / result) == first
    assert json.loads((place / "run" / "settings.json").read_text())["data"] == str(place / "moved")


def test_evaluation_takes_the_same_images_from_elsewhere(place, monkeypatch):
    trained()
    before = tunas("evaluate", "run", "--test").stdout
    (place / "elsewhere").mkdir()
    monkeypatch.chdir(place / "elsewhere")
    assert tunas("evaluate", "../run", "--test").stdout == before
    shutil.copytree(place / "images", "copy")
    shutil.rmtree(place / "images")
    assert tunas("evaluate", "../run", "--test", "--data", "copy").stdout == before


def remove(images):
    for number in (3, 1, 5):
        (images / "dog" / f"{number}.png").unlink()


def change_one(images):
    (images / "dog/1.png").write_bytes((images / "cat/1.png").read_bytes() + b" ")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (remove, "3 images fewer: dog/1.png, dog/3.png, dog/5.png"),
        (lambda images: shutil.copy(images / "dog/1.png", images / "dog/x.png"), "1 image more: dog/x.png"),
        (change_one, "1 image of another size or content: dog/1.png"),
    ],
)
def test_other_images_are_refused_with_what_differs(place, change, message):
    trained()
    change(place / "images")
    for arguments in (("evaluate", "run", "--test"), ("train", "--resume", "-o", "run")):
        assert message in tunas(*arguments, status=1).stderr
    assert message in tunas("evaluate", "run", "--accept-changed-data").stderr
    tunas("train", "--resume", "-o", "run", "--accept-changed-data")
    assert message not in tunas("evaluate", "run").stderr


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("aaa", "class `dog` is now `aaa`; classes were cat, dog, and are aaa, cat"),
        ("hound", "is now `hound`"),
    ],
)
def test_a_renamed_class_is_refused(place, name, message):
    trained()
    (place / "images" / "dog").rename(place / "images" / name)
    for arguments in (("evaluate", "run", "--test"), ("train", "--resume", "-o", "run")):
        assert message in tunas(*arguments, status=1).stderr
    said = tunas("evaluate", "run", "--accept-changed-data", status=1).stderr
    assert "was trained on the classes cat, dog; images has" in said


def test_all_seeds_are_judged_on_the_same_images(place):
    for seed in "12":
        trained("--seed", seed, "--holdout", "6")
        shutil.move("run", f"run{seed}")
    lists = [(place / f"run{seed}" / "data.tsv.gz").read_bytes() for seed in "12"]
    assert lists[0] == lists[1]
    assert summary("run1")["images"] == {"train": 12, "validation": 6, "test": 6}
    assert "a count of images" in trained("--holdout", "0.5", status=1).stderr
