"""What a search and a training do before their first step: threads, device, and images that fit."""

import os
from pathlib import Path
from typing import Protocol

import attrs
import torch

from tunas_dsl.errors import SearchError
from tunas_dsl.ir import space as ir
from tunas_dsl.runs.data_record import hold_record
from tunas_dsl.runs.ranks import rank, ranks
from tunas_torch.data import ImageData, open_data
from tunas_torch.data.pair import open_pair
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
    except (RuntimeError, AssertionError, ImportError):  # the latter without CUDA
        raise SearchError(f"there is no device `{device}` on this machine: use `cpu`") from None
    return torch.device(device)


class RunWithData(Protocol):
    """What of a run's folder says which images it has."""

    @property
    def path(self) -> Path:
        """The folder."""
        ...

    @property
    def data(self) -> str | None:
        """Where the images lie."""
        ...

    @property
    def accept_changed_data(self) -> bool:
        """Whether other images than at the first start will do."""
        ...

    def keep_place(self) -> None:
        """Write down where the images lie."""
        ...


def images_of(
    space: ir.Space,
    run: RunWithData,
    seed: int,
    holdout: float | None,
    *,
    keep: bool = True,
    images: object | None = None,
) -> ImageData:
    """The images of ``run``, or ``images``, a pair of data sets, held against those that it had first.

    With ``keep``, their place is kept.

    Raises:
        SearchError: the space has no classifier, or fewer classes than the data.
        DataError: the data cannot be used, or are others than before; the message says what differs.
    """
    place = str(run.data)
    found = images_for(space, place if images is None else images, seed, holdout)
    keep = keep and not rank()
    accept = run.accept_changed_data
    differences = hold_record(run.path, found.record(), place, accept=accept, keep=keep)
    if keep:
        run.keep_place()
    return attrs.evolve(found, notes=(*differences, *found.notes))


def images_for(space: ir.Space, data: object, seed: int, holdout: float | None = None) -> ImageData:
    """The data set that ``data`` names, or a pair of data sets, in the size of the space's input.

    Raises:
        SearchError: the space has no classifier, or fewer classes than the data.
        DataError: the data cannot be used.
    """
    if space.classifier is None:
        raise SearchError(f"`{space.name}` has no classifier, so that there is no accuracy to work towards")
    height, width = max(space.inputs.size.options)  # a resolution decision only makes them smaller
    shape = (space.inputs.channels.constant, height, width)
    if isinstance(data, str):
        images = open_data(data, image_shape=shape, seed=seed, holdout=holdout)
    else:
        images = open_pair(data, shape, seed=seed)
    has, needs = space.classifier.classes, len(images.class_names)
    if needs > has:
        raise SearchError(
            f"`{images.name}` has {needs} classes, but the classifier of `{space.name}` only {has}"
        )
    if needs < has:
        more = (
            f"the classifier of `{space.name}` has {has} classes, the data only {needs}: the others are "
            f"never right, and are learnt to be so; `classifier (classes: {needs})` would fit"
        )
        images = attrs.evolve(images, notes=(*images.notes, more))
    return images
