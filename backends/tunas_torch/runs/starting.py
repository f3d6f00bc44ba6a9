"""What a search and a training do before their first step: threads, device, and images that fit."""

import os

import torch

from tunas_dsl.errors import SearchError
from tunas_dsl.ir import space as ir
from tunas_dsl.runs.ranks import ranks
from tunas_torch.data import ImageData, open_data
from tunas_torch.memory.heap import keep_freed_memory


def use(device: str, threads: int | None) -> torch.device:
    """The device, tried out, after setting the number of threads and what becomes of freed memory.

    Raises:
        SearchError: there is no such device.
    """
    keep_freed_memory()
    if threads is not None:
        torch.set_num_threads(threads)
    if device == "cuda" and ranks() > 1:
        device = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
    try:
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError):  # the latter without CUDA
        raise SearchError(f"there is no device `{device}` on this machine: use `cpu`") from None
    return torch.device(device)


def images_for(space: ir.Space, data: str, seed: int) -> ImageData:
    """The data set that ``data`` names, in the size of the space's input.

    Raises:
        SearchError: the space has no classifier, or fewer classes than the data.
        DataError: the data cannot be used.
    """
    if space.classifier is None:
        raise SearchError(f"`{space.name}` has no classifier, so that there is no accuracy to work towards")
    height, width = max(space.inputs.size.options)  # a resolution decision only makes them smaller
    images = open_data(data, image_shape=(space.inputs.channels.constant, height, width), seed=seed)
    if len(images.class_names) > space.classifier.classes:
        raise SearchError(
            f"`{images.name}` has {len(images.class_names)} classes, "
            f"but the classifier of `{space.name}` only {space.classifier.classes}"
        )
    return images
