"""A network as an ONNX or ExecuTorch file, each checked against PyTorch before it is kept."""

import copy
import importlib
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tunas_dsl.errors import SearchError
from tunas_dsl.storage.files import named
from tunas_torch.network import Network

TOLERANCE = 1e-4
"""How far the exported network may be from PyTorch's, relative to the largest logit.

More only where rounding alone takes PyTorch nearly as far from the exact result, as it can without training.
"""


def export_onnx(network: Network, path: Path, metadata: Mapping[str, str]) -> float:
    """Write ``network`` in inference mode as ONNX, for any batch size; gives the largest difference seen.

    The file takes ``images`` ``(N, C, H, W)`` and gives ``logits`` ``(N, classes)``; it has the ``metadata``.

    Raises:
        SearchError: a package that this needs is missing, or ONNX Runtime computes something else.
    """
    onnxruntime = _needed("onnxruntime", "onnx")
    _needed("onnxscript", "onnx")
    images = _images(network)
    batch = torch.export.Dim("batch")
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = torch.onnx.export(
            network.eval(),
            (images,),
            dynamo=True,
            dynamic_shapes=({0: batch},),
            input_names=["images"],
            output_names=["logits"],
            verbose=False,
        )
    assert program is not None  # None only where a file is given
    program.model.metadata_props.update(metadata)
    with _beside(path) as fresh:
        program.save(str(fresh))
        session = onnxruntime.InferenceSession(str(fresh), providers=["CPUExecutionProvider"])

        def run(batch: NDArray[np.float32]) -> NDArray[np.float32]:
            logits: NDArray[np.float32] = session.run(None, {"images": batch})[0]
            return logits

        return _checked(network, run, path)


def export_executorch(network: Network, path: Path) -> float:
    """Write ``network`` as an ExecuTorch program for XNNPACK, batch 1; gives the largest difference seen.

    Raises:
        SearchError: ``executorch`` is missing, or it computes something else.
    """
    _needed("executorch", "executorch")
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import (  # type: ignore[import-not-found]
        XnnpackPartitioner,
    )
    from executorch.exir import to_edge_transform_and_lower  # type: ignore[import-not-found]
    from executorch.runtime import Runtime  # type: ignore[import-not-found]

    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        exported = torch.export.export(network.eval(), (_images(network)[:1],))
        program = to_edge_transform_and_lower(exported, partitioner=[XnnpackPartitioner()]).to_executorch()
    loaded = Runtime.get().load_program(program.buffer)  # a method without its program reads freed memory
    method = loaded.load_method("forward")

    def run(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        rows = [method.execute([torch.from_numpy(image[None])])[0].numpy() for image in batch]
        return np.concatenate(rows)

    with _beside(path) as fresh:
        fresh.write_bytes(program.buffer)
        return _checked(network, run, path)


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A file beside ``path`` that takes its place, or is gone where what is done with it fails."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        with named(path):
            yield fresh
            fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def _images(network: Network) -> Tensor:
    """Two images ``(2, C, H, W)`` of the network's input size, the same each time."""
    inputs = network.architecture.inputs
    shape = (2, inputs.channels.constant, *inputs.size.constant)
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def _checked(
    network: Network,
    run: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    path: Path,
) -> float:
    images = _images(network)
    with torch.no_grad():
        expected = network.eval()(images).numpy()
        exact = copy.deepcopy(network).double()(images.double()).numpy()
    largest = max(float(np.abs(exact).max()), 1e-6)
    rounding = float(np.abs(expected - exact).max()) / largest
    difference = float(np.abs(run(images.numpy()) - expected).max()) / largest
    if not difference <= max(TOLERANCE, 30 * rounding):
        raise SearchError(f"{path}: the exported network differs from PyTorch's by {difference:.1e}")
    return difference


def _needed(module: str, extra: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        raise SearchError(
            f"this export needs `{module}`, which is not installed: pip install 'tunas-dsl[{extra}]'"
        ) from None
