"""A kind of layers of an installed distribution: the example's, on the path with its entry points."""

import json
import shutil
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.command_line import tunas
from tunas_dsl import kinds
from tunas_dsl.cost.layers import macs_model
from tunas_dsl.cost.signature import operations
from tunas_dsl.cost.table import LatencyTable, Measurement
from tunas_dsl.cost.table_json import read_table, write_table
from tunas_dsl.exchange.bundle import read_bundle
from tunas_dsl.ir.exchange import read_space, space_document
from tunas_dsl.ir.matching import find_indices
from tunas_dsl.ir.selection import prune
from tunas_dsl.kinds import outside
from tunas_dsl.language.compiler import compile_text
from tunas_dsl.language.unparse import unparse
from tunas_torch.exporting.python_source import python_source
from tunas_torch.layers.registry import torch_kind
from tunas_torch.network import Network
from tunas_torch.supernet import Supernet
from tunas_torch.timing.operations import operation as operation_module

EXAMPLE = Path(__file__).parents[2] / "examples" / "fused_layer"
SPACE = """space fusing {
    input image 8 x 8 x 1
    filters divisible by 4
    block a (filters: 8 | 12) {
        fused(kernel: 3 | 5, width: 16, stride: 2)
        relu
        residual(fused(kernel: 3, width: 8, act: swish) | skip)
    }
    classifier (classes: 10)
}
"""


def installed(folder, monkeypatch, entries):
    """A distribution in ``folder`` that announces ``entries``, by group and name; it is on the path."""
    information = folder / "tunas_fused-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: tunas-fused\nVersion: 1.0\n")
    lines = [f"[{group}]\n" + "".join(f"{n} = {v}\n" for n, v in of.items()) for group, of in entries.items()]
    (information / "entry_points.txt").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(folder)
    forget()


def forget():
    for cached in (outside.announced, outside.outside_kind, torch_kind):
        cached.cache_clear()
    for name in [name for name in sys.modules if name.startswith("tunas_fused")]:
        del sys.modules[name]


@pytest.fixture
def fused(tmp_path, monkeypatch):
    """The example, installed; the file of a space that uses it."""
    folder = tmp_path / "installed"
    shutil.copytree(EXAMPLE, folder)
    entries = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]["entry-points"]
    installed(folder, monkeypatch, entries)
    file = tmp_path / "fusing.space"
    file.write_text(SPACE)
    yield file
    monkeypatch.undo()
    forget()


def test_the_example_is_short():
    assert sum(len(file.read_text().splitlines()) for file in EXAMPLE.rglob("*.py")) < 80


def test_it_is_checked_costed_shown_and_compiled_like_a_built_in_one(fused, tmp_path):
    tunas("check", fused)
    assert "fused 3|5 width 16 s2 relu" in " ".join(tunas("show", fused, columns=160).output.split())
    space = compile_text(SPACE)
    assert [decision.id for decision in space.decisions] == ["a.0.kernel", "a.2.op", "a.filters"]
    tunas("compile", fused, "-o", tmp_path / "bundle")
    assert read_bundle(tmp_path / "bundle").space == space


def test_a_mistake_in_its_arguments_is_shown_where_it_is(fused):
    fused.write_text(SPACE.replace("width: 16", "width: 16, groups: 2").replace("kernel: 3 | 5", "kernel: 4"))
    said = tunas("check", fused, status=1).output
    assert "groups" in said
    assert "odd number" in said
    fused.write_text(SPACE.replace("fused(kernel: 3 | 5, width: 16", "fused(kernel: 3 | 5"))
    assert "width" in tunas("check", fused, status=1).output


@pytest.mark.parametrize("indices", [(0, 0, 0), (1, 1, 1), (1, 0, 1)])
def test_every_form_of_an_architecture_is_the_same_network(fused, indices):
    space = compile_text(SPACE)
    architecture = prune(space, indices)
    assert find_indices(space, compile_text(unparse(architecture))) == indices
    assert read_space(json.loads(json.dumps(space_document(architecture)))) == architecture
    supernet = Supernet(space)
    network = supernet.extract(indices)
    names = {}
    exec(compile(python_source(architecture), "exported.py", "exec"), names)
    exported = names["Network"]()
    exported.load_state_dict(network.state_dict())
    images = torch.randn(3, 1, 8, 8)
    with torch.no_grad():
        torch.testing.assert_close(exported(images), network(images))
        torch.testing.assert_close(network(images), supernet(images, indices), rtol=1e-4, atol=1e-4)


def test_its_costs_are_those_of_its_network(fused, tmp_path):
    architecture = prune(compile_text(SPACE), (1, 0, 1))
    fused.write_text(unparse(architecture))
    tunas("export", fused, "--format", "json", "-o", tmp_path / "a.json")
    exported = json.loads((tmp_path / "a.json").read_text())
    parameters = sum(parameter.numel() for parameter in Network(architecture).parameters())
    assert exported["totals"]["parameters"] == parameters
    first = exported["layers"][0]
    assert (first["kind"], first["kernel"], first["expanded"]) == ("fused", 5, 16)
    assert first["macs"] == (25 * 1 * 16 + 16 * 12) * 16


def test_it_is_searched(fused, tmp_path):
    budget = ["--latency", "macs", "--target", 0.008, "--steps", 2, "--batch-size", 8]
    tunas("search", fused, "--data", "digits", *budget, "-o", tmp_path / "run")
    tunas("export", tmp_path / "run", "--format", "json", "-o", tmp_path / "best.json")
    found = json.loads((tmp_path / "best.json").read_text())
    assert found["layers"][0]["kind"] == "fused"


def test_a_latency_table_has_it_by_its_shapes_and_widths(fused):
    architecture = prune(compile_text(SPACE), (1, 0, 1))
    measured = [operation.signatures.item() for operation in operations(architecture)]
    first = next(signature for signature in measured if signature.op == "fused")
    assert str(first) == "fused 8x8x1 -> 4x4x12 kernel=5 stride=2 expanded=16 act=relu"
    assert first.macs == (25 * 1 * 16 + 16 * 12) * 16
    assert sum(signature.macs for signature in measured) == macs_model(architecture).total(np.array([[0]]))[0]
    module, shape = operation_module(first)
    assert module(torch.zeros(1, *shape)).shape == (1, 12, 4, 4)
    entries = {signature: Measurement(1.0) for signature in measured}
    table = LatencyTable(name="t", device="d", source="s", operations=entries)
    assert read_table(write_table(table)).operations == table.operations


def test_nothing_is_imported_before_a_space_uses_the_name(fused):
    compile_text("space s { input image 8 x 8 x 1 block a (filters: 8) { conv(kernel: 3) } }")
    assert "tunas_fused" not in sys.modules
    own = "layer fused(kernel) = conv(kernel: kernel)"
    compile_text(f"{own} space s {{ input image 8 x 8 x 1 block a (filters: 8) {{ fused(kernel: 3) }} }}")
    assert "tunas_fused" not in sys.modules


@pytest.mark.parametrize(
    ("module", "message"),
    [
        ("raise OSError('no library')", "cannot be loaded: OSError: no library"),
        ("Fused = 3", "it is no attrs class"),
        ("", "cannot be loaded: AttributeError"),
    ],
)
def test_a_distribution_with_a_mistake_is_a_finding_under_the_name(tmp_path, monkeypatch, module, message):
    (tmp_path / "tunas_fused.py").write_text(module)
    installed(tmp_path, monkeypatch, {outside.GROUP: {"fused": "tunas_fused:Fused"}})
    file = tmp_path / "fusing.space"
    file.write_text(SPACE)
    said = " ".join(tunas("check", file, status=1, columns=200).output.split())
    assert "E116" in said
    assert message in said
    monkeypatch.undo()
    forget()


def test_without_the_distribution_the_name_is_unknown(tmp_path):
    file = tmp_path / "fusing.space"
    file.write_text(SPACE)
    assert "there is no layer called `fused`" in tunas("check", file, status=1).output
    assert kinds.find_kind("fused") is None
