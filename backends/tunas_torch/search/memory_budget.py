"""From what the settings say about memory to the decisions that a search computes again."""

import os

import torch

from tunas_dsl.errors import SearchError
from tunas_dsl.runs.setting import byte_count
from tunas_torch.memory.rematerialisation import Batches, TooLittleMemoryError, fitting, switches
from tunas_torch.search.steps import Search

SHARE = 0.8
"""Of the machine's memory, what a search may take where nothing else is said."""


def recomputed(search: Search) -> frozenset[str]:
    """The decisions that backward computes again.

    Raises:
        SearchError: a step does not fit into the memory that there may be.
    """
    settings = search.settings
    if settings.remat == "none":
        return frozenset()
    if settings.remat == "switch":
        return frozenset().union(*switches(search.supernet.space))
    count = settings.samples_per_step * search.team.size
    batches = Batches(settings.batch_size // count, settings.validation_batch_size // count)
    budget = byte_count(settings.memory) if settings.memory else int(SHARE * _memory(search.device))
    try:
        return fitting(search.supernet, budget, batches, _held(search))
    except TooLittleMemoryError as error:
        raise SearchError(
            f"a step takes {error.needed / 1e9:.1f} GB at least, but may take {budget / 1e9:.1f} GB: "
            "make `batch_size` and `validation_batch_size` smaller, or `samples_per_step` larger"
        ) from None


def _held(search: Search) -> int:
    """The bytes of weights, optimizer, and the sum of gradients."""
    weights = sum(parameter.nbytes for parameter in search.supernet.parameters())
    return 2 * weights + sum(buffer.nbytes for buffer in search.optimizer.state().values())


def _memory(device: torch.device) -> int:
    """The bytes of memory of the device, whatever is free of it, so that a search goes on as it began."""
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
