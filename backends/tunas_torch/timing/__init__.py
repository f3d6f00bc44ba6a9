"""Operations and networks timed on this machine: PyTorch, ONNX Runtime, ExecuTorch."""

from tunas_dsl.errors import SearchError
from tunas_dsl.profiling.bench import Bench, Runtime


def open_bench(runtime: Runtime, device: str, threads: int) -> Bench:
    """The bench of ``runtime``.

    Raises:
        SearchError: a package that it needs is missing, or it cannot use the device.
    """
    match runtime:
        case "onnxruntime":
            from tunas_torch.timing.onnx_bench import OnnxBench

            return OnnxBench(device, threads)
        case "torch":
            from tunas_torch.timing.torch_bench import TorchBench

            return TorchBench(device, threads)
        case "executorch":
            from tunas_torch.timing.executorch_bench import ExecutorchBench

            if device != "cpu":
                raise SearchError("ExecuTorch's kernels here are those of XNNPACK, for a CPU: --device cpu")
            return ExecutorchBench(threads)
