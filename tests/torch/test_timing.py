"""What is measured is what is deployed: graphs against PyTorch and its exporter, and one real profile."""

import io
import json
import logging
import warnings
from collections import Counter

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from tests.command_line import tunas
from tunas_dsl.cost.signature import Signature, operations
from tunas_dsl.cost.table_files import read_file
from tunas_dsl.errors import SearchError
from tunas_dsl.ir.selection import prune
from tunas_dsl.language.compiler import compile_text, load_space
from tunas_torch.network import Network
from tunas_torch.timing import open_bench
from tunas_torch.timing.onnx_graph import onnx_graph
from tunas_torch.timing.operations import operation
from tunas_torch.timing.torch_bench import fold

EVERYTHING = """space everything {
    input image 9 x 7 x 3
    filters divisible by 4
    block a (filters: 8) { conv(kernel: 3, stride: 2)  swish  endpoint  relu6 }
    block b (filters: 8) {
        residual({ sepconv(kernel: 5, act: relu6)  relu })
        residual(skip)
        bottleneck(kernel: 3, expand: 2x, se: on, se_act: swish6, act: sigmoid)
    }
    block c (filters: 12) { conv(kernel: 3, stride: 2, bn: off)  global_pool }
    classifier (classes: 5, dropout: 0.2)
}"""


EXPORTED = """space exported {
    input image 16 x 16 x 1
    block stem (filters: 8) { conv(kernel: 3, stride: 2)  relu  residual(sepconv(kernel: 3)) }
    block b1   (filters: 8) { bottleneck(kernel: 5, stride: 2, expand: 2x, se: on, act: swish6)  global_pool }
    classifier (classes: 4)
}"""


def session(graph):
    return onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])


def seen(module):
    """``module`` with batch norms that have seen images, so that folding them matters."""
    for part in module.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            random = torch.Generator().manual_seed(part.num_features)
            for tensor in (part.weight.data, part.bias.data, part.running_mean, part.running_var):
                tensor.add_(0.2 * torch.rand(tensor.shape, generator=random))
    return module.eval()


def close(one, other, share=1e-4):
    """Up to rounding, which a deep network amplifies."""
    np.testing.assert_allclose(one, other, rtol=0, atol=share * float(np.abs(other).max()))


def networks():
    for name in ("digits", "quickstart", "ofa_mbv3"):
        space = load_space(name)
        random = np.random.default_rng(0)
        indices = [int(random.integers(len(d.options))) for d in space.decisions]
        yield pytest.param(prune(space, indices), id=name)
    yield pytest.param(compile_text(EVERYTHING), id="everything")


@pytest.mark.parametrize("architecture", list(networks()))
def test_a_graph_computes_what_the_network_does(architecture):
    network = seen(Network(architecture))
    inputs = architecture.inputs
    shape = (1, inputs.channels.constant, *inputs.size.constant)
    images = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    (logits,) = session(onnx_graph(network, tuple(images.shape[1:]))).run(None, {"images": images.numpy()})
    with torch.no_grad():
        expected = network(images).numpy()
        close(logits, expected, 0.01)
        close(fold(network)(images).numpy(), expected, 0.01)


def test_a_graph_has_the_nodes_that_the_exporter_leaves():
    network = seen(Network(compile_text(EXPORTED)))
    images = torch.randn(1, 1, 16, 16)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(network, (images,), dynamo=True, verbose=False)
    text = io.BytesIO()
    program.save(text)
    graphs = [
        onnx.load_from_string(data).graph for data in (onnx_graph(network, (1, 16, 16)), text.getvalue())
    ]
    ours, theirs = (Counter(node.op_type for node in graph.node) for graph in graphs)
    assert ours == theirs
    assert "BatchNormalization" not in ours


@pytest.mark.parametrize("name", ["digits", "quickstart"])
def test_every_operation_of_a_space_can_be_built_and_has_its_output(name):
    distinct = sorted({s for op in operations(load_space(name)) for s in op.signatures.flat}, key=str)
    for signature in distinct[:: max(1, len(distinct) // 25)]:
        module, shape = operation(signature)
        images = torch.randn(1, *shape)
        with torch.no_grad():
            expected = seen(module)(images).numpy()
        (found,) = session(onnx_graph(module, shape)).run(None, {"images": images.numpy()})
        close(found, expected)
        height, width, channels = signature.output
        wanted = (1, channels) if signature.op == "classifier" else (1, channels, height, width)
        assert found.shape == wanted


def test_the_end_of_a_residual_of_several_layers_can_be_built():
    """Its input is not that of the residual."""
    module, shape = operation(Signature("conv", (8, 8, 16), (8, 8, 8), act="relu", residual=True))
    images = torch.randn(1, *shape)
    with torch.no_grad():
        expected = seen(module)(images).numpy()
    (found,) = session(onnx_graph(module, shape)).run(None, {"images": images.numpy()})
    close(found, expected)
    assert found.shape == (1, 8, 8, 8)


def test_a_residual_adds_its_input():
    plain = Signature("bottleneck", (8, 8, 8), (8, 8, 8), 3, expanded=24, act="relu")
    module, shape = operation(plain)
    residual, _ = operation(Signature("bottleneck", (8, 8, 8), (8, 8, 8), 3, 1, 24, None, "relu", True))
    residual.body.load_state_dict(module.state_dict())
    images = torch.randn(1, *shape)
    with torch.no_grad():
        torch.testing.assert_close(residual(images), module(images) + images)


@pytest.mark.parametrize("runtime", ["onnxruntime", "torch"])
def test_a_bench_takes_longer_for_more_work(runtime):
    """A ratio of fifty in multiply-adds: by far more than any noise."""
    bench = open_bench(runtime, "cpu", 1)
    small, large = (
        bench.operation(Signature("conv", (size, size, 16), (size, size, 64), 5, act="relu"))
        for size in (8, 64)
    )
    assert min(large() for _ in range(5)) > min(small() for _ in range(5)) > 0
    assert (bench.threads, bench.clock) == (1, "processor time")
    assert bench.runtime.startswith(runtime)


@pytest.mark.parametrize(
    ("runtime", "device", "threads", "message"),
    [
        ("onnxruntime", "tpu", 1, "this ONNX Runtime cannot use the device `tpu`"),
        ("torch", "nonsense", 1, "PyTorch cannot use the device `nonsense`"),
        ("executorch", "cuda", 1, "for a CPU: --device cpu"),
    ],
)
def test_a_device_that_is_not_there_is_said(runtime, device, threads, message):
    with pytest.raises(SearchError, match=message):
        open_bench(runtime, device, threads)


def test_executorch_is_measured_or_asked_for():
    try:
        bench = open_bench("executorch", "cpu", 1)
    except SearchError as error:
        assert "pip install 'tunas-dsl[executorch]'" in str(error)  # noqa: PT017
        return
    assert bench.operation(Signature("conv", (8, 8, 3), (8, 8, 8), 3, act="relu"))() > 0


TINY = """space tiny {
    input image 16 x 16 x 1
    block stem (filters: 8)      { conv(kernel: 3, stride: 2)  relu }
    block b1   (filters: 8 | 16) { bottleneck(kernel: 3 | 5, expand: 2x) }
    classifier (classes: 4)
}"""


def test_a_real_profile_and_its_validation(tmp_path):
    """Times are not asserted, only that there are some; what they say is for quiet machines."""
    space, table = tmp_path / "tiny.space", tmp_path / "tiny.json"
    space.write_text(TINY)
    for arguments in (
        ["profile", space, "-o", table, "--repeats", 5],
        ["table", "check", table, space],
        ["validate-latency", space, table, "-n", 4, "--repeats", 5, "-o", tmp_path / "v"],
        ["cost", space, "0:1:0", "--latency", table],
    ):
        tunas(*arguments)
    assert len(read_file(table).operations) == 9
    document = json.loads((tmp_path / "v" / "validation.json").read_text())
    assert all(row["measured_ms"] > 0 for row in document["architectures"])
    assert document["runtime"].startswith("onnxruntime")
