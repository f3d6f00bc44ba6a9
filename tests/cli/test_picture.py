"""What a picture shows, by a trained network and by what is exported of it: the same, by what is inside."""

import gzip
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from tests.cli.test_data_identity import SPACE, STEPS
from tests.command_line import document, tunas
from tests.torch.image_folders import classes, encoded, picture, write

ONNX = """
import json, sys
import numpy as np
import onnxruntime
from PIL import Image, ImageOps
session = onnxruntime.InferenceSession("arch.onnx")
about = {name: json.loads(value) for name, value in session.get_modelmeta().custom_metadata_map.items()}
image = ImageOps.exif_transpose(Image.open(sys.argv[1])).convert("RGB")
height, width = about["size"]
if image.size != (width, height):
    scale = about["share"] * min(image.width / width, image.height / height)
    wide, high = int(scale * width), int(scale * height)
    left, top = (image.width - wide) // 2, (image.height - high) // 2
    image = image.crop((left, top, left + wide, top + high)).resize((width, height), Image.Resampling.BICUBIC)
pixels = (np.asarray(image, np.float32) - np.float32(about["mean"])) / np.float32(about["std"])
logits = session.run(None, {"images": pixels.transpose(2, 0, 1)[None]})[0][0].astype(float)
powers = np.exp(logits - logits.max())
print(json.dumps(dict(zip(about["classes"], powers / powers.sum()))))
"""
MODULE = "import json, sys, arch; print(json.dumps(dict(arch.predict(sys.argv[1]))))"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    path = tmp_path_factory.mktemp("run")
    (path / "t.space").write_text(SPACE)
    write(path / "images", classes(("cat", "dog"), count=12, size=(48, 40)))
    data = ("--data", path / "images")
    tunas("train", path / "t.space", "0:0:0:0:0", *data, *STEPS, "-o", path / "run")
    for suffix, format in (("py", "python"), ("onnx", "onnx")):
        tunas("export", path / "run", "--format", format, "-o", path / f"arch.{suffix}")
    exif = Image.Exif()
    exif[0x0112] = 6
    smooth = picture(3, (9, 7)).resize((90, 70), Image.Resampling.BICUBIC)
    write(path, {"lying.jpg": encoded(smooth, "jpg", exif=exif), "small.png": encoded(picture(5, (16, 16)))})
    return path


@pytest.mark.parametrize("name", ["lying.jpg", "small.png"])
@pytest.mark.parametrize("script", [MODULE, ONNX], ids=["module", "onnx"])
def test_what_is_exported_sees_what_evaluation_does(place, name, script):
    said = document("evaluate", place / "run", "--image", place / name)[str(place / name)]
    command = [sys.executable, "-W", "ignore", "-c", script, name]
    found = json.loads(subprocess.run(command, cwd=place, check=True, capture_output=True).stdout)
    assert found.keys() == said.keys() == {"cat", "dog"}
    assert found == pytest.approx(said, abs=1e-5)


def test_an_exported_module_uses_neither_this_project_nor_other_packages(place):
    text = (place / "arch.py").read_text()
    assert "tunas_" not in text
    assert "safetensors import" not in text
    assert max(map(len, text.splitlines())) < 200


def test_a_picture_that_is_none_is_refused(place):
    broken = place / "broken.png"
    broken.write_bytes(b"no image")
    said = tunas("evaluate", place / "run", "--image", broken, status=1).stderr
    assert "`broken.png`, whose content is no" in said


def test_evaluation_and_pictures_agree(place):
    """The test images, one by one, get the accuracy and the loss that evaluation gives them together."""
    rows = gzip.decompress((place / "run" / "data.tsv.gz").read_bytes()).decode().splitlines()
    tested = [row.split("\t")[:2] for row in rows if row.split("\t")[2] == "test"]
    paths = [place / "images" / label / key for label, key in tested]
    found = document("evaluate", place / "run", *(part for path in paths for part in ("--image", path)))
    shares = [(found[str(path)], label) for path, (label, _) in zip(paths, tested, strict=True)]
    rated = document("evaluate", place / "run", "--test")
    assert rated["accuracy"] == pytest.approx(np.mean([max(of, key=of.get) == label for of, label in shares]))
    assert rated["loss"] == pytest.approx(-np.mean([np.log(of[label]) for of, label in shares]), rel=1e-4)
