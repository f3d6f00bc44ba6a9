"""PyTorch as a bench: eager mode, batch norm folded into the convolutions, images in channels-last layout."""

import itertools
import time

import attrs
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from tunas_dsl.errors import SearchError
from tunas_dsl.profiling.bench import Task
from tunas_torch.timing.clock import Clock, clock_for
from tunas_torch.timing.hardware import hardware
from tunas_torch.timing.module_bench import ModuleBench


class TorchBench(ModuleBench):
    """PyTorch on a CPU or a GPU.

    Raises:
        SearchError: PyTorch has not this device.
    """

    def __init__(self, device: str, threads: int) -> None:
        try:
            self._device = torch.device(device)
            torch.empty(1, device=self._device)
        except (RuntimeError, AssertionError, ImportError) as error:
            reason = str(error).splitlines()[0]
            raise SearchError(f"PyTorch cannot use the device `{device}`: {reason}") from None
        torch.set_num_threads(threads)
        self.threads = threads
        self.runtime = f"torch {torch.__version__.partition('+')[0]}"
        on_cpu = self._device.type == "cpu"
        self.device = hardware(self._device)
        self._clock, self.clock = clock_for(threads if on_cpu else 0)
        if not on_cpu:
            self._clock = _synchronised(self._device)

    def _task(self, module: nn.Module, shape: tuple[int, ...]) -> Task:
        random = torch.Generator().manual_seed(0)
        images = torch.randn((1, *shape), generator=random).to(self._device)
        deployed = fold(module).to(self._device)
        if len(shape) == 3:
            images = images.contiguous(memory_format=torch.channels_last)
            deployed = deployed.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return _TorchTask(deployed, images, self._clock)


def fold(module: nn.Module) -> nn.Module:
    """``module`` with every batch norm in the convolution before it; ``module`` itself is changed."""
    for chain in [part for part in module.modules() if isinstance(part, nn.Sequential)]:
        names = list(chain._modules)
        for name, after in itertools.pairwise(names):
            conv, norm = chain._modules[name], chain._modules[after]
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(chain, name, fuse_conv_bn_eval(conv.eval(), norm.eval()))
                setattr(chain, after, nn.Identity())
    return module.eval()


@attrs.define(eq=False)
class _TorchTask:
    module: nn.Module
    written: Tensor
    clock: Clock

    def __call__(self) -> float:
        """Write the input, as the layer before would, and run."""
        with torch.inference_mode():
            images = self.written.clone()
            begun = self.clock()
            self.module(images)
            return (self.clock() - begun) / 1e6


def _synchronised(device: torch.device) -> Clock:
    """The wall clock once everything that was sent to ``device`` is done."""

    def clock() -> int:
        torch.accelerator.synchronize(device)
        return time.perf_counter_ns()

    return clock
