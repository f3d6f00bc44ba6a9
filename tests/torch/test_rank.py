"""``tunas rank`` from the command line, with real weights and real trainings."""

import json
import signal

import pytest

from tests.command_line import document, interrupted, tunas
from tunas_dsl.training.ranking import FOLDER

SHORT = ("--train-steps", 2, "--train-batch-size", 8)


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "search"
    source = ("--data", "digits", "--latency", "macs", "--target", 0.25, "--steps", 6)
    tunas("search", "digits", *source, "-o", folder)
    return folder


def test_a_new_ranking_needs_a_length(searched):
    assert "--train-steps or --train-epochs" in tunas("rank", searched, status=2).stderr
    assert not (searched / FOLDER).exists()


def test_trainings_are_kept_and_more_of_them_go_on(searched, tmp_path):
    interrupted(1, "rank", searched, "--architectures", 3, *SHORT, by=signal.SIGTERM)
    assert len(list(searched.glob(f"{FOLDER}/*/result.json"))) == 1
    three = document("rank", searched, "--architectures", 3)
    trained = {path: path.stat().st_mtime_ns for path in searched.glob(f"{FOLDER}/*/result.json")}
    assert len(trained) == 3
    six = document("rank", searched, "--architectures", 6)
    assert six["judged"][:3] == three["judged"]
    assert all(path.stat().st_mtime_ns == then for path, then in trained.items())
    for one in six["judged"]:
        assert abs(one["cost"] / 0.25 - 1) <= 0.1
        vector = ":".join(map(str, one["indices"]))
        result = json.loads((searched / FOLDER / vector / "result.json").read_text())
        assert (result["validation"]["accuracy"], result["step"]) == (one["accuracy"], 2)
    rated = document("rank", searched, "--architectures", 2)
    assert rated["judged"] == six["judged"]
    ended = tunas("rank", searched, "--train-steps", 3, status=1)
    assert "`steps` is 3, but" in ended.stderr
    text = tunas("rank", searched, "--architectures", 6).stdout
    assert "Spearman" in text or "say nothing" in text
    tunas("report", searched, "-o", tmp_path / "report.html")
    assert "accuracies when trained alone" in (tmp_path / "report.html").read_text()
    assert tunas("runs", searched).stdout.count("search") >= 1
