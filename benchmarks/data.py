"""How fast pictures become training tensors, beside Pillow used as torchvision's transforms do, in turns.

From a zip of pictures to normalised tensors of 224 x 224: a random area, resized bicubically, mirrored half
of the time. Both read the same files in the same order, each on one processor and on two, in turns.

    python benchmarks/data.py PICTURES.zip [--rounds 5] [-o benchmarks/results/data.json]
"""

import argparse
import io
import json
import math
import os
import random
import statistics
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from PIL import Image

from tunas_torch.data import open_data
from tunas_torch.data.decoding import use_workers

SIDE = 224
BATCH = 32
MEAN = torch.tensor((0.485, 0.456, 0.406)).view(-1, 1, 1)
STD = torch.tensor((0.229, 0.224, 0.225)).view(-1, 1, 1)

Read = Callable[[int], None]
"""Reads every picture once, with so many workers."""


def ours(place: Path) -> Read:
    """What a training reads: batches of a data set's training images."""
    data = open_data(str(place), image_shape=(3, SIDE, SIDE))
    split = data.train
    everyone = np.arange(len(split.source.labels))
    whole = type(split)(split.source, everyone, split.mean, split.std)

    def read(workers: int) -> None:
        use_workers(workers)
        for start in range(0, len(everyone), BATCH):
            images, _ = whole.batch(
                everyone[start : start + BATCH], data.augmentation, np.random.default_rng(start)
            )
            assert images.shape[1:] == (3, SIDE, SIDE)

    return read


def theirs(place: Path) -> Read:
    """RandomResizedCrop(224, BICUBIC), RandomHorizontalFlip, ToTensor, Normalize, and their collation."""
    archive = zipfile.ZipFile(place)
    names = sorted(name for name in archive.namelist() if name.lower().endswith((".jpg", ".jpeg", ".png")))

    def one(name: str) -> torch.Tensor:
        image = Image.open(io.BytesIO(archive.read(name))).convert("RGB")
        image = image.crop(_area(*image.size)).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        if random.random() < 0.5:
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        pixels = torch.from_numpy(np.array(image, np.uint8, copy=True)).permute(2, 0, 1).contiguous()
        return pixels.to(torch.float32).div(255).sub_(MEAN).div_(STD)

    def read(workers: int) -> None:
        random.seed(0)
        with ThreadPoolExecutor(workers) as pool:
            for start in range(0, len(names), BATCH):
                part = names[start : start + BATCH]
                images = torch.stack(list(pool.map(one, part) if workers > 1 else map(one, part)))
                assert images.shape[1:] == (3, SIDE, SIDE)

    return read


def _area(width: int, height: int) -> tuple[int, int, int, int]:
    for _ in range(10):
        area = width * height * random.uniform(0.08, 1)
        aspect = math.exp(random.uniform(math.log(3 / 4), math.log(4 / 3)))
        wide, high = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < wide <= width and 0 < high <= height:
            left, top = random.randint(0, width - wide), random.randint(0, height - high)
            return left, top, left + wide, top + high
    return 0, 0, width, height


def measure(read: Read, workers: int, images: int) -> dict[str, float]:
    """Images a second of processor time and on the wall, of one reading."""
    wall, used = time.perf_counter(), time.process_time()
    read(workers)
    return {
        "images_per_cpu_second": images / (time.process_time() - used),
        "images_per_second": images / (time.perf_counter() - wall),
    }


def main() -> None:
    """Measure, print a table, and write it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("place", type=Path, metavar="PICTURES.zip")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("-o", "--output", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    with zipfile.ZipFile(given.place) as archive:
        images = sum(name.lower().endswith((".jpg", ".jpeg", ".png")) for name in archive.namelist())
    readers = {"ours": ours(given.place), "pillow": theirs(given.place)}
    for read in readers.values():
        read(1)  # not counted: files are cached, code is loaded
    turns: dict[str, list[dict[str, float]]] = {}
    for _ in range(given.rounds):
        for workers in (1, 2):
            for name, read in readers.items():
                turns.setdefault(f"{name}, {workers}", []).append(measure(read, workers, images))
    found = {
        name: {figure: round(statistics.median(turn[figure] for turn in of), 1) for figure in of[0]}
        for name, of in turns.items()
    }
    ratios = {
        "a CPU-second, ours to Pillow's": _ratio(turns, "images_per_cpu_second", "ours, 1", "pillow, 1"),
        "a second, one processor, ours to Pillow's": _ratio(
            turns, "images_per_second", "ours, 1", "pillow, 1"
        ),
        "a second, two processors, ours to Pillow's": _ratio(
            turns, "images_per_second", "ours, 2", "pillow, 2"
        ),
        "a second, ours, two processors to one": _ratio(turns, "images_per_second", "ours, 2", "ours, 1"),
    }
    result = {"images": images, "rounds": given.rounds, "medians": found, "ratios": ratios}
    print(json.dumps(result, indent=2))
    if given.output:
        given.output.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def _ratio(turns: dict[str, list[dict[str, float]]], figure: str, one: str, other: str) -> float:
    """The median of the ratios of turns that came one after the other."""
    pairs = zip(turns[one], turns[other], strict=True)
    return round(statistics.median(mine[figure] / theirs[figure] for mine, theirs in pairs), 2)


if __name__ == "__main__":
    main()
