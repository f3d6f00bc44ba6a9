"""The processes that search together, each with a rank: what they exchange in a step.

``torchrun`` starts them and says in the environment who each is; alone, a search is a team of one.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor

from tunas_dsl.errors import SearchError
from tunas_dsl.runs.ranks import ranks
from tunas_torch.layers.operations import prefix
from tunas_torch.optimizers.leaves import Gradients

_PATIENCE = timedelta(minutes=10)
"""After so long a rank that does not answer counts as gone."""


class PeerError(SearchError):
    """Another rank is gone, so that a step could not be completed; nothing was changed by it."""


class Team:
    """A team of one, which exchanges nothing; ``rank`` counts from 0 to below ``size``."""

    rank = 0
    size = 1

    def average(self, gradients: Gradients, extents: Mapping[Tensor, tuple[int, ...]]) -> Gradients:
        """The mean of all ranks' ``gradients``: of the first ``extents`` entries of each parameter.

        ``extents`` is the same on all ranks and holds whatever one of them used.
        """
        return gradients

    def gather(self, values: Tensor) -> Tensor:
        """The float64 ``values`` of every rank, which have one shape, in order: ``(size, ...)``."""
        return values[None]

    def any(self, flag: bool) -> bool:
        """Whether ``flag`` holds on one rank."""
        return flag

    def share(self, state: Mapping[str, Tensor]) -> None:
        """Give all ranks the tensors of rank 0, in place."""

    def leave(self) -> None:
        """Part from the others."""


class Processes(Team):
    """A team of processes on this machine or several, which compute on ``device``.

    Gradients go between the devices, all else between the hosts, so that no device is waited for.
    """

    def __init__(self, device: torch.device) -> None:
        with _together("did not come"):
            dist.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=_PATIENCE)
            self._hosts = None if device.type != "cuda" else dist.new_group(backend="gloo", timeout=_PATIENCE)
        self.rank, self.size = dist.get_rank(), dist.get_world_size()
        self._device = device

    def average(self, gradients: Gradients, extents: Mapping[Tensor, tuple[int, ...]]) -> Gradients:
        """One exchange of one flat buffer for each type of number."""
        buffer, parts = laid_out(extents, self._device)
        for parameter, part in gradients.items():
            prefix(parts[parameter], tuple(part.shape)).copy_(part)
        with _together("is gone"):
            dist.all_reduce(buffer)
        buffer /= self.size
        mean = Gradients()
        mean.parts.update(parts)
        return mean

    def gather(self, values: Tensor) -> Tensor:
        """One exchange between the hosts."""
        gathered = values.new_empty((self.size, *values.shape))
        with _together("is gone"):
            dist.all_gather(list(gathered.unbind()), values.contiguous(), group=self._hosts)
        return gathered

    def any(self, flag: bool) -> bool:
        """One exchange between the hosts."""
        return bool(self.gather(torch.tensor(float(flag))).any())

    def share(self, state: Mapping[str, Tensor]) -> None:
        """One exchange for each tensor."""
        with _together("is gone"):
            for _, tensor in sorted(state.items()):
                dist.broadcast(tensor, 0, group=self._hosts if tensor.device.type == "cpu" else None)

    def leave(self) -> None:
        """End what torch keeps running for the exchanges."""
        dist.destroy_process_group()


def assemble(device: torch.device) -> Team:
    """The team that the environment names.

    Raises:
        PeerError: the others did not come.
    """
    return Processes(device) if ranks() > 1 else Team()


def laid_out(
    extents: Mapping[Tensor, tuple[int, ...]], device: torch.device
) -> tuple[Tensor, dict[Tensor, Tensor]]:
    """A buffer of zeros, and for each parameter its part of it, of the shape that ``extents`` says."""
    sizes = [torch.Size(extent).numel() for extent in extents.values()]
    dtype = next((parameter.dtype for parameter in extents), torch.float32)
    buffer = torch.zeros(sum(sizes), dtype=dtype, device=device)
    pieces = zip(extents.items(), torch.split(buffer, sizes), strict=True)
    return buffer, {parameter: piece.view(extent) for (parameter, extent), piece in pieces}


@contextmanager
def _together(fate: str) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise PeerError(f"another rank {fate}: this one cannot go on without it") from error
