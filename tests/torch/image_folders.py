"""Small folders and zips of images, made for a test."""

import io
import zipfile

import numpy as np
from PIL import Image

from tunas_torch.data import open_data

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


def open_images(path, shape=(3, 8, 8), **options):
    return open_data(f"folder:{path}", image_shape=shape, seed=0, **options)


def sizes(data):
    return [len(split) for split in (data.train, data.validation, data.test)]


def everything(split):
    return split.images(np.arange(len(split)))
