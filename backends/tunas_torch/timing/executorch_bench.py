"""ExecuTorch with XNNPACK as a bench: the kernels of phones, run on this machine."""

import importlib
import warnings
from importlib.metadata import version
from typing import Any

import attrs
import torch
from torch import Tensor, nn

from tunas_dsl.errors import SearchError
from tunas_dsl.profiling.bench import Task
from tunas_torch.timing.clock import Clock, clock_for
from tunas_torch.timing.hardware import processor
from tunas_torch.timing.module_bench import ModuleBench
from tunas_torch.timing.torch_bench import fold


class ExecutorchBench(ModuleBench):
    """Programs of ExecuTorch, lowered to XNNPACK, on a pool of ``threads`` that is the process's only one.

    Raises:
        SearchError: it is not installed, or too old to be told how many threads.
    """

    def __init__(self, threads: int) -> None:
        try:
            importlib.import_module("executorch.runtime")
            library = importlib.import_module("executorch.extension.pybindings.portable_lib")
        except ImportError:
            raise SearchError(
                "this runtime needs `executorch`, which is not installed: pip install 'tunas-dsl[executorch]'"
            ) from None
        if not hasattr(library, "_unsafe_reset_threadpool"):
            raise SearchError("this ExecuTorch cannot be told its number of threads: install 1.5 or later")
        library._unsafe_reset_threadpool(threads)
        self.threads = threads
        self.runtime = f"executorch {version('executorch')}"
        self.device = processor()
        self._clock, self.clock = clock_for(threads)

    def _task(self, module: nn.Module, shape: tuple[int, ...]) -> Task:
        partitioner = importlib.import_module("executorch.backends.xnnpack.partition.xnnpack_partitioner")
        exir = importlib.import_module("executorch.exir")
        runtime = importlib.import_module("executorch.runtime").Runtime.get()
        images = torch.randn((1, *shape), generator=torch.Generator().manual_seed(0))
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            exported = torch.export.export(fold(module), (images,))
            lowered = exir.to_edge_transform_and_lower(
                exported, partitioner=[partitioner.XnnpackPartitioner()]
            )
            program = runtime.load_program(lowered.to_executorch().buffer)
        return _ExecutorchTask(program, program.load_method("forward"), images, self._clock)


@attrs.define(eq=False)
class _ExecutorchTask:
    program: Any  # it owns what the method runs
    method: Any
    written: Tensor
    clock: Clock

    def __call__(self) -> float:
        """Write the input, as the layer before would, and run."""
        images = self.written.clone()
        begun = self.clock()
        self.method.execute([images])
        return (self.clock() - begun) / 1e6
