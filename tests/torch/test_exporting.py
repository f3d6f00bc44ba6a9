"""Networks as files of other programs: they compute what ours do."""

import resource
import subprocess
import sys

import numpy as np
import pytest
import torch

from tests.command_line import tunas
from tunas_dsl.errors import SearchError
from tunas_dsl.ir.selection import prune
from tunas_dsl.language.compiler import compile_text, load_space
from tunas_dsl.storage.resources import shipped
from tunas_torch.exporting import export
from tunas_torch.exporting.python_source import python_source
from tunas_torch.network import Network
from tunas_torch.runs.tensor_files import write_tensors
from tunas_torch.supernet import Supernet
from tunas_torch.training.trained import SCHEMA

ALL = """space everything {
    input image 9 x 7 x 3
    filters divisible by 4
    block a (filters: 8) { conv(kernel: 3, stride: 2)  swish  endpoint }
    block forward (filters: 8) {
        residual({ sepconv(kernel: 5, act: relu6)  relu })
        residual(skip)
        bottleneck(kernel: 3, expand: 2x, se: on, se_act: swish6, act: sigmoid)
    }
    block c (filters: 12) { conv(kernel: 2, stride: 2, bn: off)  endpoint  global_pool }
    classifier (classes: 5, dropout: 0.2)
}"""


def executed(source):
    names = {}
    exec(compile(source, "exported.py", "exec"), names)
    return names["Network"]()


@pytest.fixture(scope="module", params=["mobilenet_v3_like", "ofa_mbv3", "digits"])
def whole(request):
    """A space and its supernet, which takes long to be made."""
    space = load_space(request.param)
    return space, Supernet(space)


@pytest.mark.parametrize("seed", range(3))
def test_exported_source_is_the_supernets_part(whole, seed):
    space, supernet = whole
    random = np.random.default_rng(seed)
    indices = [int(random.integers(len(d.options))) for d in space.decisions]
    indices = [
        d.options.index(min(d.options)) if d.kind == "resolution" else i
        for d, i in zip(space.decisions, indices, strict=True)
    ]
    network = executed(python_source(prune(space, indices)))
    network.load_state_dict(supernet.extract(indices).state_dict())
    size = prune(space, indices).inputs
    images = torch.randn(2, size.channels.constant, *size.size.constant)
    with torch.no_grad():
        torch.testing.assert_close(network(images), supernet(images, indices), rtol=1e-4, atol=1e-3)


def test_exported_source_has_every_kind_of_layer_and_its_endpoints():
    architecture = prune(compile_text(ALL.replace("kernel: 2", "kernel: 3")), [0, 0, 0])
    ours, theirs = Network(architecture), executed(python_source(architecture))
    theirs.load_state_dict(ours.state_dict())
    images = torch.randn(3, 3, 9, 7)
    ours.eval(), theirs.eval()
    assert torch.equal(ours(images), theirs(images))
    for one, other in zip(ours.endpoints(images), theirs.endpoints(images), strict=True):
        assert torch.equal(one, other)


def test_an_exported_module_runs_alone(tmp_path):
    """Isolated from this project: with neither its packages nor the current folder on the path."""
    architecture = tmp_path / "small.space"
    architecture.write_text(
        "space small { input image 8 x 8 x 1 block a (filters: 8) { conv(kernel: 3) relu }"
        " classifier (classes: 3) }"
    )
    file = tmp_path / "small.py"
    tunas("export", architecture, "--format", "python", "-o", file)
    program = (
        "import sys; sys.modules['tunas_dsl'] = sys.modules['tunas_torch'] = None\n"
        f"exec(open({str(file)!r}).read()); print(tuple(Network()(torch.zeros(2, 1, 8, 8)).shape))"
    )
    ended = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "(2, 3)"


@pytest.fixture
def trained(tmp_path):
    """A small network whose batch norms have seen images, and its weights on disk."""
    architecture = prune(load_space("digits"), [0] * len(load_space("digits").decisions))
    network = Network(architecture)
    network.train()(torch.randn(64, 1, 8, 8))
    file = tmp_path / "weights.safetensors"
    write_tensors(file, SCHEMA, {}, network.state_dict()).replace(file)
    return architecture, network.eval(), file


@pytest.mark.parametrize("format", ["onnx", "executorch"])
def test_an_exported_graph_computes_what_pytorch_does(trained, format, tmp_path):
    if format == "executorch":
        pytest.importorskip("executorch")
    architecture, network, weights = trained
    file = tmp_path / "network.bin"
    said = export(architecture, format, file, weights)
    assert float(said.partition("up to ")[2].split()[0]) < 1e-4
    if format == "onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
        images = torch.randn(5, 1, 8, 8)
        logits = session.run(None, {"images": images.numpy()})[0]
        np.testing.assert_allclose(logits, network(images).detach().numpy(), atol=1e-4)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_python_source_comes_with_the_weights_of_a_training(trained, tmp_path):
    architecture, network, weights = trained
    file = tmp_path / "network.py"
    export(architecture, "python", file, weights)
    assert 'load_file("network.safetensors")' in file.read_text()
    again = executed(file.read_text())
    from safetensors.torch import load_file

    again.load_state_dict(load_file(tmp_path / "network.safetensors"))
    images = torch.randn(2, 1, 8, 8)
    assert torch.equal(again.eval()(images), network(images))


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["mobilenet_v3_like.space", "--format", "python", "-o", "x.py"], 1, "is a space with decisions"),
        (["mobilenet_v3_like.space", "--format", "onnx"], 2, "name it with -o"),
    ],
)
def test_what_cannot_be_exported_is_said(arguments, status, message):
    space, *options = arguments
    assert message in tunas("export", shipped("spaces") / space, *options, status=status).stderr


@pytest.mark.parametrize("format", ["python", "onnx"])
def test_a_disk_that_is_full_is_said_of_the_file_and_nothing_is_left(trained, format, tmp_path):
    architecture, _, weights = trained
    output = tmp_path / "network.out"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))  # what a disk says, of files of this length
    try:
        with pytest.raises((SearchError, OSError), match=r"network\.(out|safetensors).*") as caught:
            export(architecture, format, output, weights)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "File too large" in str(caught.value)
    assert list(tmp_path.iterdir()) == [weights]
