"""ONNX Runtime as a bench."""

import importlib
from typing import Any

import attrs
import numpy as np
from torch import nn

from tunas_dsl.errors import SearchError
from tunas_dsl.profiling.bench import Task
from tunas_torch.timing.clock import Clock, clock_for
from tunas_torch.timing.hardware import processor
from tunas_torch.timing.module_bench import ModuleBench
from tunas_torch.timing.onnx_graph import Shape, onnx_graph

_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


class OnnxBench(ModuleBench):
    """Sessions of ONNX Runtime with all of its optimisations.

    Raises:
        SearchError: it is not installed, or not built for the device.
    """

    def __init__(self, device: str, threads: int) -> None:
        self._onnxruntime = _needed("onnxruntime")
        _needed("onnx")
        provider = _PROVIDERS.get(device)
        if provider not in self._onnxruntime.get_available_providers():
            raise SearchError(f"this ONNX Runtime cannot use the device `{device}`")
        self._provider = provider
        self.threads = threads
        self.runtime = f"onnxruntime {self._onnxruntime.__version__}"
        self.device = processor() if device == "cpu" else f"{device} beside {processor()}"
        self._clock, self.clock = clock_for(threads if device == "cpu" else 0)

    def _task(self, module: nn.Module, shape: Shape) -> Task:
        options = self._onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            graph = onnx_graph(module, shape)
        except ValueError as error:
            raise SearchError(str(error)) from None
        session = self._onnxruntime.InferenceSession(graph, options, providers=[self._provider])
        return _OnnxTask(session, shape, self._clock)


@attrs.define(eq=False)
class _OnnxTask:
    session: Any
    shape: Shape
    clock: Clock
    _written: Any = attrs.field(init=False)
    _images: Any = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        random = np.random.default_rng(0)
        self._written = random.standard_normal((1, *self.shape), dtype=np.float32)
        self._images = np.empty_like(self._written)

    def __call__(self) -> float:
        """Write the input, as the layer before would, and run."""
        np.copyto(self._images, self._written)
        begun = self.clock()
        self.session.run(None, {"images": self._images})
        return (self.clock() - begun) / 1e6


def _needed(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        raise SearchError(
            f"this runtime needs `{module}`, which is not installed: pip install 'tunas-dsl[onnx]'"
        ) from None
