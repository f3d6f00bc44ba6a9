"""What a GPU does is what the processor does; skipped where there is none."""

import copy
import json
import signal

import attrs
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from click.testing import CliRunner

from tests.torch.test_distributed import MODEL, SETTINGS, SPACE
from tunas_dsl.cli import cli
from tunas_dsl.cost.sampling import sample
from tunas_dsl.exchange.bundle import read_bundle
from tunas_dsl.language.compiler import load_space
from tunas_dsl.search.run import RunFolder
from tunas_torch.data import open_data
from tunas_torch.layers.operations import Masking
from tunas_torch.search.memory_budget import recomputed
from tunas_torch.search.shared_weights import SharedWeights
from tunas_torch.search.steps import Search
from tunas_torch.supernet import Supernet

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")

DATA = open_data("digits", image_shape=(1, 8, 8), seed=3)


def tunas(*arguments, status=0):
    ended = CliRunner().invoke(cli, list(map(str, arguments)))
    assert ended.exit_code == status, (ended.output, ended.exception)
    return ended


@pytest.mark.parametrize("name", ["digits", "quickstart", "proxylessnas", "mobilenet_v3_like"])
def test_slicing_masking_and_the_extracted_network_agree(name):
    space = load_space(name)
    sliced = Supernet(space).double().to("cuda")
    masked = copy.copy(sliced)
    masked.execution = Masking()
    images = torch.randn(4, space.inputs.channels.constant, 64, 64, dtype=torch.float64, device="cuda")
    labels = torch.arange(4, device="cuda")
    for row in sample(space, 2, 5).tolist():
        network = sliced.extract(row).to("cuda").train()
        logits = sliced(images, row)
        torch.testing.assert_close(masked(images, row), logits, rtol=1e-9, atol=1e-9)
        torch.testing.assert_close(network(images), logits, rtol=1e-9, atol=1e-9)
        gradients = [
            torch.autograd.grad(
                F.cross_entropy(supernet(images, row), labels), list(sliced.parameters()), allow_unused=True
            )
            for supernet in (sliced, masked)
        ]
        for parts in zip(*gradients, strict=True):
            one, other = (torch.zeros(()) if part is None else part.cpu() for part in parts)
            torch.testing.assert_close(one.expand_as(other), other.expand_as(one), rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("remat", ["none", "switch"])
def test_the_steps_of_a_search_are_those_of_the_processor(remat):
    searches = [
        Search(Supernet(SPACE, seed=1).to(place), MODEL, DATA, attrs.evolve(SETTINGS, remat=remat))
        for place in ("cpu", "cuda")
    ]
    for search in searches:
        search.supernet.recomputed = recomputed(search)
    for _ in range(4):
        one, other = (search.step() for search in searches)
        assert [sample[0] for sample in one.samples] == [sample[0] for sample in other.samples]
        assert other.loss == pytest.approx(one.loss, rel=2e-3)


def test_bfloat16_is_near_float32():
    searches = [
        Search(Supernet(SPACE, seed=1).to("cuda"), MODEL, DATA, attrs.evolve(SETTINGS, precision=precision))
        for precision in ("float32", "bfloat16")
    ]
    for _ in range(3):
        one, other = (search.step() for search in searches)
        assert other.loss == pytest.approx(one.loss, rel=0.05)
        assert other.loss != one.loss


def test_a_search_is_interrupted_goes_on_and_rates(tmp_path):
    asked = ("--data", "digits", "--latency", "macs", "--target", 0.25, "--steps", 40, "--device", "cuda")
    raised = []

    def interrupt(*_):
        if not raised:
            raised.append(signal.raise_signal(signal.SIGINT))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Search, "argmax_cost", lambda self, f=Search.argmax_cost: (interrupt(), f(self))[1])
        tunas("search", "digits", *asked, "-o", tmp_path / "run", status=130)
    tunas("search", "--resume", "-o", tmp_path / "run", "--device", "cuda")
    assert json.loads((tmp_path / "run" / "result.json").read_text())["status"] == "finished"
    run = RunFolder.open(tmp_path / "run")
    space = read_bundle(run.bundle).space
    rows = np.array(sample(space, 5, 0))
    rated = [SharedWeights(space, run, pytest.fail, device)(rows) for device in ("cpu", "cuda")]
    np.testing.assert_allclose(*rated, atol=0.02)


def test_a_training_and_its_evaluation(tmp_path):
    tunas(
        *("train", "digits", ":".join(["0"] * 14), "--data", "digits", "--steps", 30, "--test"),
        *("--device", "cuda", "-o", tmp_path / "run"),
    )
    said = [
        json.loads(tunas("evaluate", tmp_path / "run", "--format", "json", "--device", device).stdout)
        for device in ("cpu", "cuda")
    ]
    accuracies = [document["accuracy"] for document in said]
    assert accuracies[0] == pytest.approx(accuracies[1], abs=0.02)


def test_operations_and_steps_are_timed(tmp_path):
    table = tmp_path / "gpu.json"
    tunas("profile", "digits", "-o", table, "--runtime", "torch", "--device", "cuda", "--repeats", 8)
    vector = ":".join(["0"] * 14)
    said = tunas("cost", "digits", vector, "--latency", table, "--format", "json").stdout
    assert 0 < json.loads(said)["latency_ms"] < 100
    said = tunas("bench", "digits", "--seconds", 1, "--device", "cuda", "--format", "json").stdout
    assert min(json.loads(said)["seconds"]) > 0
