"""Baselines and searches that train each architecture from scratch, against `tunas train`."""

import json
import os
import shutil
import signal

import numpy as np
import pytest

from tests.command_line import document, refusal, tunas
from tunas_dsl.cli.display.progress import Reporter
from tunas_dsl.language.compiler import load_space
from tunas_dsl.runs.events import read_events, step_history
from tunas_dsl.search.activity import Activity

SPACE = load_space("digits")
LENGTH = ("--train-steps", 3, "--train-batch-size", 8)
ASKED = ("digits", "--quality", "training:digits", "--latency", "macs", "--target", 0.25, "--seed", 2)
SHORT = ("--steps", 3, "--batch-size", 8, "--seed", 2)
RANDOM = ("baseline", "random", *ASKED, "-n", 3, "--within", 0.02)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    run = tmp_path_factory.mktemp("baseline") / "run"
    return run, tunas(*RANDOM, *LENGTH, "-o", run)


def folder_of(vector):
    """The name of an architecture's training: 0 stands for what does not count."""
    (row,) = Activity(SPACE.decisions).canonical(np.array([vector])).tolist()
    return ":".join(map(str, row))


def test_the_best_is_that_of_separate_trainings(whole, tmp_path):
    run, ended = whole
    rated = {}
    for step in step_history(run / "events.jsonl"):
        ((vector, quality, _),) = step["samples"]
        rated[folder_of(list(map(int, vector.split(":"))))] = quality
    accuracies = {}
    for vector in rated:
        ours, alone = run / "trainings" / vector, tmp_path / vector
        tunas("train", "digits", vector, "--data", "digits", *SHORT, "-o", alone)
        result = json.loads((alone / "result.json").read_text())
        accuracies[vector] = result["validation"]["accuracy"]
        for name in ("weights.safetensors", "result.json", "architecture.json"):
            assert (ours / name).read_bytes() == (alone / name).read_bytes(), name
    assert rated == accuracies
    result = json.loads((run / "result.json").read_text())
    assert accuracies[folder_of(result["indices"])] == max(accuracies.values())
    assert result["quality"] == max(accuracies.values())
    assert f", quality {result['quality']:.4g} after 3 evaluations" in ended.stdout
    assert (result["evaluations"], result["trainings"]) == (3, 3)
    assert "after 3 evaluations, for which 3 were trained" in ended.stdout


def test_a_training_of_a_search_can_be_evaluated_but_has_no_checkpoint(whole):
    training = min((whole[0] / "trainings").iterdir())
    assert not list(training.glob("checkpoint*"))
    result = json.loads((training / "result.json").read_text())
    assert document("evaluate", training) == result["validation"]
    assert "has finished, and has no checkpoint" in refusal("train", "--resume", "-o", training)


def test_interrupted_in_trainings_it_goes_on_bit_for_bit(whole, tmp_path, monkeypatch):
    run, cut = whole[0], tmp_path / "cut"
    lines = []
    stops = {2: 0, 5: 1, 6: 2}  # in two trainings, and at the end of the second: after so many steps
    within = Reporter.within

    def interrupting(self, line):
        within(self, line)
        lines.append(line)
        if len(lines) in stops:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(Reporter, "within", interrupting)
    for step in stops.values():
        command = ("baseline", "random", "--resume") if lines else (*RANDOM, *LENGTH)
        stderr = tunas(*command, "-o", cut, status=130).stderr
        how = f"tunas baseline random --resume -o {cut}"
        assert f"interrupted after {step} steps; go on with: {how}" in stderr
    tunas("baseline", "random", "--resume", "-o", cut)
    assert len(lines) == 9  # no step of a training was done twice
    trainings = {folder.name for folder in (run / "trainings").iterdir()}
    assert trainings == {folder.name for folder in (cut / "trainings").iterdir()}
    for name in (
        "state.json",
        "result.json",
        *(f"trainings/{vector}/weights.safetensors" for vector in trainings),
    ):
        assert (cut / name).read_bytes() == (run / name).read_bytes(), name
    resumed = [
        log
        for log in cut.glob("trainings/*/events.jsonl")
        if "resumed" in {e["event"] for e in read_events(log)}
    ]
    assert len(resumed) == 2


def test_a_search_trains_what_its_policy_proposes(tmp_path):
    run = tmp_path / "run"
    more = ("--steps", 2, "--samples-per-step", 1, "--cost-samples", 4)
    tunas("search", *ASKED, *more, *LENGTH, "-o", run)
    trained = len(list((run / "trainings").iterdir()))
    assert json.loads((run / "result.json").read_text())["trainings"] == trained <= 2
    assert [row["path"] for row in json.loads(tunas("runs", tmp_path, "--format", "json").stdout)] == [
        str(run)
    ]


def test_a_training_that_diverges_ends_it_with_a_line_that_says_which(tmp_path):
    ended = tunas(*RANDOM, *LENGTH, "--train-weight-lr", 1e30, "-o", tmp_path / "run", status=1)
    line = ended.stderr.splitlines()[-1]
    assert line.startswith("error: the training of ")
    assert ", with the --train settings, failed: " in line
    assert "start again with a `weight_lr` below 1e+30" in line
    assert (tmp_path / "run" / "settings.json").exists()  # what was begun stays, to be looked at


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (RANDOM, 2, "--quality training:digits needs --train-steps or --train-epochs"),
        ((*RANDOM, "--quality", "training:", *LENGTH), 2, "needs images: training:digits"),
        ((*RANDOM, "--quality", "synthetic", *LENGTH), 2, "a use for --train-steps, --train-batch-size"),
        ((*RANDOM, *LENGTH, "--train-epochs", 2), 1, "both are given (an option that begins with --train)"),
        ((*RANDOM, *LENGTH, "--train-batch-size", 1), 1, "`batch_size` is 1, but must be"),
        ((*RANDOM, *LENGTH, "--quality", "training:digit"), 1, "there is no data set `digit`"),
        (("search", *ASKED, *LENGTH, "--steps", 9, "--l2", 1), 2, "no supernet is trained"),
    ],
)
def test_user_errors_are_a_line_and_leave_nothing(arguments, status, message, tmp_path):
    ended = tunas(*arguments, "-o", tmp_path / "never", status=status)
    assert message in " ".join(ended.stderr.split())
    assert not (tmp_path / "never").exists()


def test_a_resumed_run_keeps_the_settings_of_its_trainings(whole):
    run, _ = whole
    ended = tunas("baseline", "random", "--train-steps", 9, "--resume", "-o", run, status=1)
    assert f"`train_steps` is 9, but {run} was started with 3" in ended.stderr
    ended = tunas("baseline", "random", *LENGTH, "--train-seed", 2, "--resume", "-o", run)
    assert "for which 3 were trained" in ended.stdout


@pytest.mark.parametrize("recipe", [None, {}, [], {"steps": 3, "x": 1}, {"steps": "three"}])
def test_a_recipe_that_is_none_is_refused(whole, tmp_path, recipe):
    run = tmp_path / "run"
    shutil.copytree(whole[0], run)
    settings = json.loads((run / "settings.json").read_text())
    del settings["sha256"]
    (run / "settings.json").write_text(json.dumps({**settings, "recipe": recipe}))
    ended = tunas("baseline", "random", "--resume", "-o", run, status=1)
    assert ended.stderr.splitlines()[-1].startswith(f"error: {run / 'settings.json'}: `recipe`")


def test_the_options_of_trainings_are_a_section_of_the_help():
    text = tunas("baseline", "random", "--help").stdout
    own, of_trainings = text.split("Options of trainings")
    assert "  --train-" not in own
    assert all(f"  --train-{name} " in of_trainings for name in ("steps", "epochs", "weight-lr", "seed"))
