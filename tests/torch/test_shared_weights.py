import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.command_line import tunas
from tunas_dsl.exchange.bundle import read_bundle
from tunas_dsl.search.run import RunFolder
from tunas_torch.search import rating
from tunas_torch.search.run import start_search
from tunas_torch.search.shared_weights import SharedWeights


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "search"
    source = ("--data", "digits", "--latency", "macs", "--target", 0.25, "--steps", 6)
    tunas("search", "digits", *source, "-o", folder)
    return folder


def test_the_accuracies_are_those_of_the_trained_supernet(searched):
    run = RunFolder.open(searched)
    bundle = read_bundle(run.bundle)
    rows = np.array([[0] * 14, [1, *[0] * 13]])
    shared = SharedWeights(bundle.space, run, pytest.fail)
    rated = shared(rows)
    fresh = start_search(bundle.space, bundle.models[run.cost], run, "cpu", None)
    images, labels = fresh.data.validation.batch(
        np.arange(len(fresh.data.validation)), None, np.random.default_rng(0)
    )
    assert len(labels) <= 512  # one batch, so that the statistics are those of all
    for row, accuracy in zip(rows, rated, strict=True):
        with torch.no_grad():
            logits = shared.rating._supernet(torch.from_numpy(images), row.tolist())
        assert accuracy == (logits.argmax(dim=1).numpy() == labels).mean()
    untrained = [p.clone() for p in fresh.supernet.parameters()]
    assert any((a != b).any() for a, b in zip(untrained, shared.rating._supernet.parameters(), strict=True))


def test_random_search_with_shared_weights(searched, tmp_path):
    asked = ("--quality", f"supernet:{searched}", "--latency", "macs", "--target", 0.25, "-n", 4)
    tunas("baseline", "random", "digits", *asked, "--within", 0.02, "-o", tmp_path / "random")
    result = json.loads((tmp_path / "random" / "result.json").read_text())
    assert result["evaluations"] == 4
    assert abs(result["cost"] - 0.25) <= 0.02


def test_weights_of_another_space_are_refused(searched, tmp_path):
    asked = ("--quality", f"supernet:{searched}", "--latency", "macs", "--target", 5.7, "-n", 4)
    ended = tunas("baseline", "random", "quickstart", *asked, "-o", tmp_path / "random", status=1)
    assert "are for `digits`, another space" in ended.stderr
    assert not (tmp_path / "random").exists()


def test_weights_are_where_the_device_option_says(searched, tmp_path):
    asked = ("--quality", f"supernet:{searched}", "--latency", "macs", "--target", 0.25, "-n", 4)
    ended = tunas(
        "baseline", "random", "digits", *asked, "--device", "cuda:99", "-o", tmp_path / "random", status=1
    )
    assert "there is no device `cuda:99`" in ended.stderr


def test_no_batch_follows_the_order_of_the_data_set(searched, monkeypatch):
    """Validation images of a folder come class by class, which batch norm's statistics must not."""
    monkeypatch.setattr(rating, "BATCH", 50)
    run = RunFolder.open(searched)
    shared = SharedWeights(read_bundle(run.bundle).space, run, pytest.fail)
    images, asked = shared.rating._images, []
    monkeypatch.setattr(
        shared.rating,
        "_images",
        SimpleNamespace(batch=lambda rows, *rest: asked.append(rows) or images.batch(rows, *rest)),
    )
    shared(np.zeros((1, 14), dtype=np.int64))
    assert sorted(np.concatenate(asked)) == list(range(len(images)))
    assert all(np.ptp(rows) > len(images) / 2 for rows in asked)
